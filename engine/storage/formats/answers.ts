import { join } from "node:path";
import * as z from "zod";
import { ROLES } from "../../protocol/conversation.ts";
import { numberOrNaN } from "./numberOrNaN.ts";
import { type RecordFormat, artifactFormat, checkedBy, readRecords, recordBatches } from "./records.ts";

/** File of a model's answers to a benchmark, in the folder of the stage that made them. */
export const ANSWERS_FILE = "answers.jsonl";

/** A line of answers.jsonl: a model's answer to a benchmark's prompt, with its scores. */
const benchmarkAnswerSchema = z.object({
  /** Position among all that is answered, from 0: of questions of several turns, each turn has one. */
  prompt: z.int().min(0),
  /** The prompt itself; of a later turn the conversation up to it. */
  question: z.string().default(""),
  /** Of a question of a benchmark: its id there. */
  questionId: z.exactOptional(z.union([z.number(), z.string()])),
  /** Of a question of several turns, from 1. */
  turn: z.exactOptional(z.int().min(1)),
  /** The prompt as a conversation, where it is more than what a user says once. */
  messages: z.exactOptional(
    z
      .array(z.object({ role: z.enum(ROLES), content: z.string() }))
      .min(1)
      .readonly(),
  ),
  /** The user's words in this turn, if it is a later one. */
  said: z.exactOptional(z.string()),
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
  return readRecords(join(folder, ANSWERS_FILE), formatIn(folder));
}

/** The same, some at a time, for files that are too large to be held. */
export function answerBatches(folder: string): AsyncGenerator<readonly BenchmarkAnswer[], undefined> {
  return recordBatches(join(folder, ANSWERS_FILE), formatIn(folder));
}

function formatIn(folder: string): RecordFormat<BenchmarkAnswer> {
  return artifactFormat(folder, checkedBy(benchmarkAnswerSchema));
}
