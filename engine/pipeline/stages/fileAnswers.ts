import { join } from "node:path";
import type { TaskConfig } from "../../config/index.ts";
import { estimatedPromptTokens } from "../../serving/client/estimates.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { ANSWERS_FILE, type BenchmarkAnswer } from "../../storage/formats/answers.ts";
import { NO_COST } from "../cost.ts";
import { type BenchmarkChoice, benchmarkPrompts, taskOf, taskSlice } from "../corpus.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { answerRows, answersIn, checkAnswered } from "../interchange/files.ts";
import type { ResolvedRecipe } from "../resolve.ts";
import type { Prompt } from "../../storage/datasets.ts";
import type { DataFile, Stage } from "../stage.ts";
import { formOf } from "./answers.ts";

/**
 * Answers to a benchmark that are there already, in a file of FastChat's, Arena-Hard's or another form. Its questions are
 * found by their ids; those without one are answered in their order. The file may answer other benchmarks, too.
 */
export const fileAnswers: Stage<{ readonly benchmark: string }, FileAnswersSlice, FileAnswersInputs> = {
  kind: "answers",
  title: "Answers",
  makes: "records",
  usesDevice: false,
  revision: 1,
  select: (config, { benchmark }) => {
    const { form } = formOf(config, benchmark);
    const from = { benchmark, prompts: config.evaluation.prompts, ...(form !== undefined && { form }) };
    return { task: taskSlice(config.task), from };
  },
  async run({ folder }, slice, inputs) {
    const task = taskOf(slice.task);
    // Answers to questions that are asked nowhere were refused before anything was trained.
    const rows = await rowsOf(slice, inputs, { isOthers: () => true });
    for (const file of [inputs.data, inputs.answers]) await assertUnchanged(file);
    const lines = rows.map((row) => {
      // Lengths are compared with those of models whose tokens are counted.
      const answer = { ...row, nTokens: estimatedPromptTokens(row.text) };
      return JSON.stringify({ ...answer, ...(task !== undefined && { gold: task.gold(row.question, answer) }) });
    });
    await atomicWrite(join(folder, ANSWERS_FILE), `${lines.join("\n")}\n`);
  },
  cost: () => NO_COST,
};

interface FileAnswersSlice {
  readonly task: TaskConfig | undefined;
  readonly from: BenchmarkChoice;
}

interface FileAnswersInputs {
  /** The questions. */
  readonly data: DataFile | undefined;
  readonly answers: DataFile;
  readonly [name: string]: DataFile | undefined;
}

/**
 * Reads every file of answers of a run before anything is trained.
 * @throws {DataError} naming file and line of what is no answer to one of the questions, or a question without one.
 */
export async function checkAnswerFiles({ stages }: Pick<ResolvedRecipe, "stages">): Promise<void> {
  // Over several base seeds they are the same.
  const own = new Map(stages.map((one) => [one.artifact.key, one]));
  const asked = [...own.values()]
    .filter(({ declared }) => declared.definition === fileAnswers)
    .map(({ declared, inputs }) => {
      return { slice: declared.slice as unknown as FileAnswersSlice, inputs: inputs as FileAnswersInputs };
    });
  for (const of of Map.groupBy(asked, ({ inputs }) => inputs.answers.path).values()) {
    const ids = new Set<string>();
    for (const { slice, inputs } of of) {
      for (const { questionId } of await questionsOf(slice, inputs)) {
        if (questionId !== undefined) ids.add(String(questionId));
      }
    }
    for (const { slice, inputs } of of) await rowsOf(slice, inputs, { isOthers: (id) => ids.has(id) });
  }
}

/** All questions of the benchmark: the file may well answer more than are asked here. */
function questionsOf({ task, from }: FileAnswersSlice, { data }: FileAnswersInputs): Promise<readonly Prompt[]> {
  const prompts = task === undefined ? Infinity : from.prompts;
  return benchmarkPrompts({ task, file: data?.path }, { ...from, prompts });
}

async function rowsOf(
  slice: FileAnswersSlice,
  inputs: FileAnswersInputs,
  { isOthers }: { readonly isOthers: (id: string) => boolean },
): Promise<readonly BenchmarkAnswer[]> {
  const { from } = slice;
  const questions = await questionsOf(slice, inputs);
  const found = await answersIn(inputs.answers.path, questions, isOthers);
  const asked = [...questions.keys()].slice(0, from.prompts);
  const remedy = `complete it, or leave ${from.benchmark} out of its contestant's benchmarks`;
  checkAnswered(found, questions, { count: asked.length, remedy });
  return answerRows(found, questions, asked);
}
