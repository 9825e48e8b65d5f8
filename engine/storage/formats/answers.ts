import { join } from "node:path";
import * as z from "zod";
import { artifactFormat, checkedBy, numberOrNaN, readRecords } from "./records.ts";

/** File of a model's answers to a benchmark, in the folder of the stage that made them. */
export const ANSWERS_FILE = "answers.jsonl";

/** A line of answers.jsonl: a model's answer to a benchmark's prompt, with its scores. */
export const benchmarkAnswerSchema = z.object({
  /** Position in the benchmark, from 0. */
  prompt: z.int().min(0),
  /** The prompt itself. */
  question: z.string().default(""),
  /** Of the prompt and an answer that is known to be right, where the benchmark has them. */
  category: z.exactOptional(z.string()),
  reference: z.exactOptional(z.string()),
  text: z.string(),
  ended: z.boolean(),
  nTokens: z.int().min(0),
  /** By the reward model; NaN for values that were not finite. */
  reward: numberOrNaN,
  /** By the task; absent where there is none. */
  gold: z.exactOptional(numberOrNaN),
});

/** A model's answer to a benchmark's prompt. */
export type BenchmarkAnswer = Readonly<z.output<typeof benchmarkAnswerSchema>>;

/**
 * Reads the output of a stage of answers, in the order of the prompts.
 * @throws {DataError} naming the line that does not fit, or when the file has been removed.
 */
export async function readAnswers(folder: string): Promise<readonly BenchmarkAnswer[]> {
  return readRecords(join(folder, ANSWERS_FILE), artifactFormat(folder, checkedBy(benchmarkAnswerSchema)));
}
