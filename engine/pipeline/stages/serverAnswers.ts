import { join } from "node:path";
import type { SamplingConfig, TaskConfig } from "../../config/index.ts";
import { contestantOf } from "../../config/index.ts";
import { nextTurn } from "../../data/index.ts";
import { JudgeError } from "../../evaluation/judges/judge.ts";
import type { JudgeModel } from "../../evaluation/judges/judgeModel.ts";
import { benchmarkKind } from "../../evaluation/benchmarks/index.ts";
import type { Task } from "../../evaluation/tasks/task.ts";
import { type Message, type Question, asTurns, questionText, recordedTurns } from "../../protocol/conversation.ts";
import { estimatedPromptTokens } from "../../serving/client/estimates.ts";
import { BudgetSpent } from "../../serving/modelCalls.ts";
import type { Prompt } from "../../storage/datasets.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { ANSWERS_FILE, type BenchmarkAnswer } from "../../storage/formats/answers.ts";
import { NO_COST } from "../cost.ts";
import { type BenchmarkChoice, benchmarkPrompts, taskOf, taskSlice } from "../corpus.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type DataFile, OutOfBudget, type Stage, type StageContext, Stopped } from "../stage.ts";
import { formOf } from "./answers.ts";

/**
 * Answers of a server's model to the prompts of a benchmark. Its replies are kept by their content, so that a run that
 * was killed goes on and pays for nothing twice.
 */
export const serverAnswers: Stage<
  { readonly contestant: string; readonly benchmark: string; readonly seed: number },
  ServerAnswersSlice,
  { readonly data: DataFile | undefined }
> = {
  kind: "answers",
  title: "Answers",
  makes: "records",
  usesDevice: false,
  revision: 1,
  select: (config, { contestant, benchmark, seed }) => {
    const { model, baseUrl, system } = contestantOf(config, contestant);
    const { temperature, topP, maxNewTokens } = config.evaluation.sampling;
    if (model === undefined) throw new RangeError(`${contestant} is a file of answers`);
    return {
      server: { model, ...(baseUrl !== undefined && { baseUrl }), ...(system !== undefined && { system }) },
      task: taskSlice(config.task),
      sampling: { temperature, topP, maxNewTokens },
      seed,
      from: { benchmark, prompts: config.evaluation.prompts, ...formOf(config, benchmark) },
    };
  },
  async run(context, slice, { data }) {
    const { models, signal, name } = context;
    if (models === undefined) throw new RangeError(`${name}: no server is named`);
    const questions = await benchmarkPrompts({ task: slice.task, file: data?.path }, slice.from);
    await assertUnchanged(data);
    const asked = { ...slice, model: models.model(slice.server, signal), task: taskOf(slice.task) };
    let answered: readonly (readonly BenchmarkAnswer[])[];
    try {
      answered = await answerAll(context, questions, asked);
    } catch (error) {
      if (signal.aborted) throw new Stopped(`${name}: stopped; answers that came are kept`);
      if (!(error instanceof BudgetSpent)) throw error;
      throw new OutOfBudget(`${name}: ${error.message}; answers that came are kept`, { comparisons: [], nPairs: 0 });
    }
    const all = answered.flat().map((answer, prompt): BenchmarkAnswer => ({ ...answer, prompt }));
    await atomicWrite(join(context.folder, ANSWERS_FILE), `${all.map((one) => JSON.stringify(one)).join("\n")}\n`);
  },
  cost: () => NO_COST,
};

interface ServerAnswersSlice {
  /** Everything that its answers depend on. */
  readonly server: { readonly model: string; readonly baseUrl?: string; readonly system?: string };
  readonly task: TaskConfig | undefined;
  readonly sampling: Omit<SamplingConfig, "topK">;
  readonly seed: number;
  readonly from: BenchmarkChoice & { readonly temperature?: number };
}

interface AskedServer extends Omit<ServerAnswersSlice, "task"> {
  readonly model: JudgeModel;
  readonly task: Task | undefined;
}

/** Asks all questions, as many at a time as the server is to have. */
async function answerAll(
  { report }: Pick<StageContext, "report">,
  questions: readonly Prompt[],
  asked: AskedServer,
): Promise<readonly (readonly BenchmarkAnswer[])[]> {
  const answered: BenchmarkAnswer[][] = questions.map(() => []);
  const waiting = questions.entries();
  const counts: ReplyCounts = { models: new Set(), nRefused: 0, nFailed: 0 };
  let done = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    for (const [at, question] of waiting) {
      if (isOver) return;
      answered[at] = await answersTo(question, asked, counts);
      done += 1;
      report({ kind: "progress", step: done, total: questions.length });
    }
  };
  const works = Array.from({ length: asked.model.concurrency }, async () => {
    try {
      await work();
    } finally {
      isOver = true; // the first that ends has found no question left, or has failed
    }
  });
  const failure = (await Promise.allSettled(works)).find((one) => one.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  for (const message of notesOn(counts)) report({ kind: "note", message });
  return answered;
}

/** Replies of a server that are other than they should be. */
interface ReplyCounts {
  /** By the server's word. */
  readonly models: Set<string>;
  nRefused: number;
  /** Not answered, or by what is no reply, to the last attempt. */
  nFailed: number;
}

function notesOn({ models, nRefused, nFailed }: ReplyCounts): readonly string[] {
  const judged = "those answers are empty, and are judged as they are";
  const changed = [...models].sort().join(", ");
  return [
    ...(nRefused > 0 ? [`the server refused ${nRefused} requests: ${judged}`] : []),
    ...(nFailed > 0 ? [`the server did not reply to ${nFailed} requests, asked again and again: ${judged}`] : []),
    ...(models.size > 1 ? [`the server changed the model in the middle: its answers are by ${changed}`] : []),
  ];
}

/** One's answers to all turns of a question. */
async function answersTo(question: Prompt, asked: AskedServer, counts: ReplyCounts): Promise<BenchmarkAnswer[]> {
  const { prompt, category, reference, references, questionId, followUps } = question;
  const { server, model, sampling, seed, from, task } = asked;
  const kind = from.form === undefined ? undefined : benchmarkKind(from.form);
  const temperature = from.temperature ?? kind?.temperature?.(category) ?? sampling.temperature;
  const answers: BenchmarkAnswer[] = [];
  let conversation: Question = prompt;
  for (const [at, said] of [undefined, ...(followUps ?? [])].entries()) {
    if (said !== undefined) conversation = nextTurn(conversation, answers[at - 1]?.text ?? "", said);
    const request = {
      prompt: messagesOf(conversation, server.system),
      ...{ temperature, maxTokens: sampling.maxNewTokens, seed },
      ...(sampling.topP < 1 && { topP: sampling.topP }),
    };
    const text = await replyTo(() => model.ask(request, seed), counts);
    const right = references?.[at] ?? (at === 0 ? reference : undefined);
    answers.push({
      prompt: 0, // its number, once all are there
      question: questionText(conversation),
      ...(questionId !== undefined && { questionId }),
      ...(followUps !== undefined && { turn: at + 1 }),
      ...(said === undefined ? recordedTurns(conversation) : { said }),
      ...(category !== undefined && { category }),
      ...(right !== undefined && { reference: right }),
      ...text,
      reward: NaN, // reads the run's own tokens
      ...(task !== undefined && { gold: task.gold(questionText(prompt), text) }),
    });
  }
  return answers;
}

/** A reply; an empty one where the server refuses this one request, such as one that is too long. */
async function replyTo(
  ask: () => ReturnType<JudgeModel["ask"]>,
  counts: ReplyCounts,
): Promise<Pick<BenchmarkAnswer, "text" | "ended" | "nTokens">> {
  try {
    const { text, end, completionTokens, model } = await ask();
    if (model !== undefined) counts.models.add(model);
    return { text: text.trim(), ended: end === "stop", nTokens: completionTokens ?? estimatedPromptTokens(text) };
  } catch (error) {
    if (!(error instanceof JudgeError)) throw error;
    if (error.isPassing) counts.nFailed += 1;
    else counts.nRefused += 1;
    return { text: "", ended: false, nTokens: 0 };
  }
}

function messagesOf(question: Question, system: string | undefined): readonly Message[] {
  const turns = asTurns(question);
  return system === undefined ? turns : [{ role: "system", content: system }, ...turns];
}
