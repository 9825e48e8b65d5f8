import { literal } from "../../common/markdown.ts";
import type { RunState } from "../../protocol/runState.ts";
import { TEST_PROMPTS, TEST_PROMPTS_FILE } from "../../protocol/testPrompts.ts";
import { ANSWERS_FILE, type BenchmarkAnswer, readAnswers } from "../../storage/formats/answers.ts";
import { folderOf, stagesWith } from "../export/answers.ts";
import { tableOf } from "./markdown.ts";

/** A model's answers to the test prompts. */
export interface TestAnswers {
  readonly model: string;
  readonly answers: readonly BenchmarkAnswer[];
}

/** Prompts that are shown, and letters of an answer: nobody reads a longer page. */
const MOST_PROMPTS = 30;
const MOST_LETTERS = 600;

/**
 * Answers to the test prompts, of the run's first base seed; none where it has no such prompts, or their artifacts are gone.
 * @throws {DataError} when an artifact is damaged.
 */
export async function readTestAnswers(root: string, state: RunState): Promise<readonly TestAnswers[]> {
  const all = stagesWith({ state }, "answers").filter(({ benchmark }) => benchmark === TEST_PROMPTS);
  const own = all.filter(({ seed }) => seed === all[0]?.seed);
  const found = own.map(async (stage): Promise<TestAnswers[]> => {
    const folder = await folderOf({ root }, stage, ANSWERS_FILE);
    return folder === undefined ? [] : [{ model: stage.product, answers: await readAnswers(folder) }];
  });
  return (await Promise.all(found)).flat();
}

/** Every model's answers to each test prompt; undefined where there are none. */
export function testPromptsSection(models: readonly TestAnswers[]): string | undefined {
  const prompts = [...new Set(models.flatMap(({ answers }) => answers.map(({ question }) => question)))];
  if (prompts.length === 0) return undefined;
  const blocks = prompts.slice(0, MOST_PROMPTS).map((prompt) => {
    const rows = models.flatMap(({ model, answers }) => {
      const answer = answers.find(({ question }) => question === prompt);
      return answer === undefined ? [] : [[literal(model), answerWords(answer), scoreWords(answer)]];
    });
    return `**Prompt:** ${literal(prompt)}\n\n${tableOf(["Model", "Answer", "Score"], rows, [2])}`;
  });
  const more = prompts.length - blocks.length;
  return [
    `Answers to the prompts of ${literal(TEST_PROMPTS_FILE)}, one each, with the reward model's score.`,
    ...blocks,
    ...(more > 0 ? [`And ${more} more prompts, which the samples view and the export have.`] : []),
  ].join("\n\n");
}

function answerWords({ text, ended }: BenchmarkAnswer): string {
  if (text === "") return "*nothing*";
  const letters = Array.from(text);
  const isShort = letters.length <= MOST_LETTERS;
  const shown = literal(isShort ? text : letters.slice(0, MOST_LETTERS).join(""));
  return `${shown}${isShort ? "" : " …"}${ended ? "" : " *(cut off)*"}`;
}

function scoreWords({ reward }: BenchmarkAnswer): string {
  return Number.isFinite(reward) ? reward.toFixed(2) : "–";
}
