import { join } from "node:path";
import * as z from "zod";
import { LineTail, forEachLine } from "../lineTail.ts";
import { recordOf } from "../logLine.ts";
import { numberOrNaN } from "./numberOrNaN.ts";

/** The log of rollouts that are kept for people to read. */
export const SAMPLES_FILE = "samples.jsonl";

/** Iterations of a training; a step and a prompt's number together make one exact number. */
const MOST_STEPS = 2 ** 26;

/** A rollout without its numbers by token. */
const headSchema = z.object({
  stage: z.string(),
  /** Iteration, from 1. */
  step: z.int().min(0).max(MOST_STEPS),
  prompt: z.string(),
  response: z.string(),
  ended: z.boolean(),
  /** By the reward model; null for values that were not finite. */
  score: z.number().nullable(),
  /** True quality, where the task knows it. */
  gold: z.exactOptional(z.number().nullable()),
});

const numbers = z.array(numberOrNaN);

/** A line of samples.jsonl: a rollout, token by token. */
const sampleSchema = headSchema
  .extend({
    tokens: z.array(z.string()),
    /** log π, nats. */
    logprobs: numbers,
    /** Penalty before β, nats. */
    kl: numbers,
    rewards: numbers,
    advantages: numbers,
    values: numbers,
  })
  .refine(
    ({ tokens, logprobs, kl, rewards, advantages, values }) =>
      [logprobs, kl, rewards, advantages, values].every(({ length }) => length === tokens.length),
    { message: "its columns have different lengths" },
  );

/** A rollout, token by token; all arrays are of one length. */
export type Sample = Readonly<z.output<typeof sampleSchema>>;

/** A rollout as lists show it. */
export interface SampleHead extends Readonly<z.output<typeof headSchema>> {
  readonly nTokens: number;
}

/** Reads a whole record. @returns The record, or a text that describes the defect. */
export function parseSample(bytes: Buffer): Sample | string {
  const value = recordOf(bytes);
  if (value === undefined) return "was damaged on disk";
  const { success, data, error } = sampleSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  return `is not a rollout: ${[...(issue?.path ?? []), issue?.message].join(": ")}`;
}

/** Within a line, the arrays begin here; within a text, its quotes would be escaped. */
const ARRAYS = Buffer.from(',"tokens":[');
const NUMBERS = Buffer.from('"logprobs":[');
const [COMMA, BRACKET, QUOTE] = [44, 93, 34];
/** Where a string ends that is a field's name; none of the list of tokens, in which quotes are escaped. */
const COLON = Buffer.from('":');
/** Fields that stand behind the first numbers, in this order. */
const AFTER = ["kl", "rewards", "advantages", "values"].map((name) => Buffer.from(`"${name}":[`));
const WHITE_SPACE = Buffer.from(" \t\r\n");
/** Fields that stand before the numbers by token, and the first of these. */
const BEFORE = [...Object.keys(headSchema.shape), "tokens"].map((name) => Buffer.from(`"${name}":`));

/**
 * Reads a record for lists; undefined for a line that is damaged or no rollout.
 *
 * Nearly all of a line are numbers by token: those are counted and not parsed.
 */
export function parseSampleHead(bytes: Buffer): SampleHead | undefined {
  const at = bytes.indexOf(ARRAYS);
  const from = at < 0 ? -1 : bytes.indexOf(NUMBERS, at);
  // Of a field that stands twice, the last one counts, as for those who parse the whole line.
  if (from >= 0 && !isRepeated(bytes, { at, from })) {
    const head = headSchema.safeParse(recordOf(Buffer.concat([bytes.subarray(0, at), CLOSE])));
    if (head.success) return { ...head.data, nTokens: countNumbers(bytes, from + NUMBERS.length) };
  }
  // Another version writes fields in another order.
  const value = recordOf(bytes);
  const head = headSchema.safeParse(value);
  if (!head.success) return undefined;
  const tokens = value?.["tokens"];
  return { ...head.data, nTokens: Array.isArray(tokens) ? tokens.length : 0 };
}

const CLOSE = Buffer.from("}");

/**
 * A test of a record that is quick to say that a text, in any letters, stands neither in its prompt nor in its response; where
 * it cannot say that, the record has to be parsed.
 */
export function sampleSieve(text: string, fits: (text: string) => boolean): (bytes: Buffer) => boolean {
  if (JSON.stringify(text) !== `"${text}"`) return () => true; // it stands there in another way
  return (bytes) => {
    const at = bytes.indexOf(ARRAYS);
    if (at < 0) return true;
    const head = bytes.toString("utf8", 0, at);
    return fits(head) || /\\[u/]/.test(head);
  };
}

function isRepeated(bytes: Buffer, { at, from }: { readonly at: number; readonly from: number }): boolean {
  if (isAsWritten(bytes, { at, from })) return false;
  return bytes.includes(NUMBERS, from + 1) || BEFORE.some((field) => bytes.includes(field, at + ARRAYS.length));
}

/** True if nothing but the numbers stands behind the tokens, as nearly always: sooner seen than that no field is there twice. */
function isAsWritten(bytes: Buffer, { at, from }: { readonly at: number; readonly from: number }): boolean {
  if (bytes.indexOf(COLON, at + ARRAYS.length) !== from + NUMBERS.length - COLON.length - 1) return false;
  let end = from + NUMBERS.length;
  for (const name of AFTER) {
    const next = bytes.indexOf(QUOTE, end);
    if (!name.every((byte, place) => bytes[next + place] === byte)) return false;
    end = next + name.length;
  }
  return !bytes.includes(QUOTE, end);
}

function countNumbers(bytes: Buffer, from: number): number {
  let first = from;
  while (WHITE_SPACE.includes(bytes[first] ?? 0)) first++;
  if (bytes[first] === BRACKET) return 0;
  let count = 1;
  for (let at = first; at < bytes.length && bytes[at] !== BRACKET; at++) if (bytes[at] === COMMA) count += 1;
  return count;
}

/**
 * The rollouts of the last step at which each stage kept several, in the order of the file, or of its last one; none where
 * there is no file. Between such steps, a stage keeps single rollouts of the prompts that it follows.
 */
export async function readLastSamples(folder: string): Promise<readonly SampleHead[]> {
  const last = new Map<string, { now: SampleHead[]; several: readonly SampleHead[] }>();
  for await (const block of new LineTail(join(folder, SAMPLES_FILE)).blocks()) {
    if (!block.isWhole && recordOf(block.bytes) === undefined) continue; // its writer is at it, or died over it
    forEachLine(block, (bytes) => {
      const head = parseSampleHead(bytes);
      if (head === undefined) return;
      const kept = last.get(head.stage) ?? { now: [], several: [] };
      last.set(head.stage, kept);
      // A resumed stage may have gone back: only later records in the file count.
      if (kept.now[0]?.step === head.step) kept.now.push(head);
      else kept.now = [head];
      const isBack = head.step < (kept.several[0]?.step ?? 0);
      if (kept.now.length > 1 || isBack) kept.several = kept.now.length > 1 ? kept.now : [];
    });
  }
  return [...last.values()].flatMap(({ now, several }) => (several.length > 0 ? several : now));
}
