import type * as z from "zod";
import { createTask, taskKindOf } from "../evaluation/tasks/index.ts";
import { needOf } from "../soup/index.ts";
import type { Split, Task, TaskLanguage, TaskPart } from "../evaluation/tasks/task.ts";
import type { RunConfig, TaskConfig } from "../config/index.ts";
import { keptBackIn } from "../data/index.ts";
import type { Question, SftExample } from "../protocol/conversation.ts";
import { DataError } from "../protocol/errors.ts";
import { type Preference, type Prompt, readPreferences, readPrompts, readSft } from "../storage/datasets.ts";
import { readQuestions } from "../storage/formats/questions.ts";
import { readLines } from "../storage/lines.ts";
import { type Tokenizer, wordLevelTokenizer } from "../text/index.ts";
import { Random } from "../training/index.ts";
import type { DataFile } from "./stage.ts";

/** Examples that soups are measured on. */
const HELD_OUT_EXAMPLES = 256;
/** Largest share of a file of examples that is kept back for it. */
const LARGEST_HELD_OUT_SHARE = 0.05;
/** Largest share of a prompt file that the validation split takes. */
const LARGEST_VALIDATION_SHARE = 0.1;
/** Benchmarks are the same for every base seed, so that seeds are compared on the same prompts. */
const BENCHMARK_SEED = 0;

/** The source of SFT examples: a task, or a file. */
export interface SftSource {
  readonly task: TaskConfig | undefined;
  readonly file: string | undefined;
  /** How many; undefined for every line of the file. */
  readonly examples: number | undefined;
  /** True if the end of the file is kept back. A task makes more instead. */
  readonly keepsExamplesBack: boolean;
}

/** The source of prompts: a task, or a file whose end is the validation split. */
export interface PromptSource {
  readonly task: TaskConfig | undefined;
  readonly file: string | undefined;
  /** Prompts of the validation split; of a file, at most a tenth. */
  readonly validationPrompts: number;
}

/** The task of these settings; undefined without any, where data files are used. */
export function taskOf(settings: TaskConfig | undefined): Task | undefined {
  return settings === undefined ? undefined : createTask(settings);
}

/**
 * A task for the slice of a stage that takes one of its parts beside prompts and gold scores, or none: settings of other
 * parts are at their defaults.
 */
export function taskSlice(task: TaskConfig | undefined, part?: TaskPart): TaskConfig | undefined {
  if (task === undefined) return undefined;
  const { settings, parts } = taskKindOf(task.name);
  const others = Object.entries(settings).filter(([key]) => parts[key] !== part);
  return {
    ...task,
    ...Object.fromEntries(others.map(([key, schema]) => [key, (schema as z.ZodType).parse(undefined)])),
  };
}

/** One token per word of a task's language. */
export function taskTokenizer({ vocabulary }: TaskLanguage): Tokenizer {
  return wordLevelTokenizer(vocabulary);
}

/** SFT examples, one in memory at a time: the same for every SFT seed of a base seed. */
export async function* sftTexts(source: SftSource, seed: number): AsyncGenerator<SftExample, undefined> {
  const { examples, keepsExamplesBack: isKept } = source;
  const task = taskOf(source.task);
  if (task !== undefined) {
    yield* task.sft(examples ?? 0, Random.of(seed, "sft"));
    return;
  }
  const file = defined(source.file);
  const most = isKept ? await countBefore(file, (rows) => heldOutCount(source, rows)) : Infinity;
  yield* first(readSft(file), Math.min(examples ?? Infinity, most));
}

/** Records of a file before those at its end that are kept back: as its source says, or as many as `back` says. */
async function countBefore(file: string, back: (rows: number) => number): Promise<number> {
  const kept = await keptBackIn(file);
  let rows = 0;
  for await (const { line } of readLines(file)) rows += Number(line > 0);
  return rows - (kept ?? back(rows));
}

/** The first records; nothing is read behind them, but the first always is: an empty file is an error. */
export async function* first<T>(records: AsyncIterable<T>, most: number): AsyncGenerator<T, undefined> {
  let taken = 0;
  for await (const record of records) {
    if (most > 0) yield record;
    taken += 1;
    if (taken >= most) return;
  }
}

/** The last records of all, most of which are not held. */
async function lastOf<T>(
  records: AsyncIterable<T>,
  most: number,
): Promise<{ readonly last: readonly T[]; readonly count: number }> {
  let last: T[] = [];
  let count = 0;
  for await (const record of records) {
    if (last.push(record) === 2 * most) last = last.slice(most);
    count += 1;
  }
  return { last, count };
}

/** How many SFT examples {@link sftTexts} takes from a file. */
export function sftCount(source: Omit<SftSource, "file">, { rows, kept }: Pick<DataFile, "rows" | "kept">): number {
  if (source.task !== undefined) return source.examples ?? 0;
  const back = source.keepsExamplesBack ? (kept ?? heldOutCount(source, rows)) : 0;
  return Math.min(source.examples ?? Infinity, rows - back);
}

/**
 * Demonstrations whose prompts no SFT of this base seed sees, to measure soups with; of a data file the last ones.
 * @throws {DataError} when there are too few to keep some back.
 */
export async function heldOutTexts(source: SftSource, seed: number): Promise<readonly SftExample[]> {
  const task = taskOf(source.task);
  if (task !== undefined) {
    const learned = await Array.fromAsync(sftTexts(source, seed));
    const seen = new Set(learned.map((example) => "prompt" in example && example.prompt));
    const random = Random.of(seed, "heldOut");
    const texts: SftExample[] = [];
    while (texts.length < HELD_OUT_EXAMPLES) {
      const drawn = task.sft(HELD_OUT_EXAMPLES - texts.length, random);
      texts.push(...drawn.filter(({ prompt }) => !seen.has(prompt)));
    }
    return texts;
  }
  const file = defined(source.file);
  const { last, count: rows } = await lastOf(readSft(file), HELD_OUT_EXAMPLES);
  const kept = await keptBackIn(file);
  const count = kept === undefined ? heldOutCount(source, rows) : Math.min(kept, HELD_OUT_EXAMPLES);
  if (count === 0) {
    const remedy = `give at least ${1 / LARGEST_HELD_OUT_SHARE}, or make soups of a kind that is not measured`;
    throw new DataError(`its ${rows} examples are too few to keep some back for measuring soups`, {
      file,
      remedy,
    });
  }
  return last.slice(last.length - count);
}

/** Preference pairs of a data file, one in memory at a time; at most `count`. */
export function preferenceTexts(file: string, count = Infinity): AsyncGenerator<Preference, undefined> {
  return first(readPreferences(file), count);
}

/** Prompts that policies sample from while they learn, one in memory at a time. */
export async function* trainPrompts(source: PromptSource, seed: number): AsyncGenerator<Question, undefined> {
  const task = taskOf(source.task);
  if (task !== undefined) {
    yield* task.prompts("train", task.trainPrompts, Random.of(seed, "prompts"));
    return;
  }
  const file = defined(source.file);
  const most = await countBefore(file, (rows) => validationCount(source, { rows }));
  for await (const { prompt } of first(readPrompts(file), most)) yield prompt;
}

/**
 * True if prompts for the validation split are taken away from training by their number. A task draws them for itself, and
 * a source with a share of its own keeps those back, however many are asked for.
 */
export function shortensTraining({ data }: Pick<RunConfig, "data">): boolean {
  return data !== undefined && (typeof data.prompts === "string" || data.prompts.validation === 0);
}

/**
 * Prompts that settings are chosen on: of a task its validation split, of a data file the last ones, which training
 * never sees.
 *
 * @throws {DataError} when there are none.
 */
export async function validationPrompts(source: PromptSource): Promise<readonly Question[]> {
  const task = taskOf(source.task);
  const n = source.validationPrompts;
  if (n === 0) {
    const remedy = "set it above 0, or choose nothing by answers: give one β, and no greedy soup by gold or reward";
    throw new DataError("is 0, which leaves nothing to choose on", { file: "evaluation.validationPrompts", remedy });
  }
  if (task !== undefined) return task.prompts("validation", n, Random.of(BENCHMARK_SEED, "validation"));
  const file = defined(source.file);
  const { last, count: rows } = await lastOf(readPrompts(file), n);
  const kept = await keptBackIn(file);
  const count = validationCount(source, { rows, ...(kept !== undefined && { kept }) });
  if (count === 0) {
    const remedy = `give at least ${1 / LARGEST_VALIDATION_SHARE}, or one β and no greedy soup by reward`;
    throw new DataError(`its ${rows} prompts are too few to keep some back to choose on`, { file, remedy });
  }
  return last.slice(last.length - count).map(({ prompt }) => prompt);
}

/** Which prompts of a benchmark are answered. */
export interface BenchmarkChoice {
  readonly benchmark: string;
  /** How many. */
  readonly prompts: number;
  /** Its kind, if the config names one. */
  readonly form?: string;
}

/**
 * Prompts of a benchmark with their facts for judges, in the order in which they are numbered: a task's
 * split of that name, or a file's first.
 */
export async function benchmarkPrompts(
  { task: settings, file }: Pick<PromptSource, "task" | "file">,
  { benchmark, prompts: n, form }: BenchmarkChoice,
): Promise<readonly Prompt[]> {
  const task = taskOf(settings);
  if (task !== undefined) {
    const prompts = task.prompts(benchmark as Split, n, Random.of(BENCHMARK_SEED, "benchmark", benchmark));
    return prompts.map((prompt) => ({ prompt }));
  }
  const prompts: Prompt[] = [];
  const read = form === undefined ? readPrompts : readQuestions;
  for await (const prompt of read(defined(file))) {
    if (prompts.length >= n) break;
    prompts.push(prompt);
  }
  return prompts;
}

/**
 * True if the end of the SFT file is kept back: where its source has a share of its own for that, or a soup is scored by
 * its loss. A task makes more instead.
 */
export function keepsExamplesBack({ data, soups }: Pick<RunConfig, "data" | "soups">): boolean {
  if (data === undefined) return false;
  if (typeof data.sft === "object" && data.sft.validation > 0) return true;
  return Object.values(soups).some((soup) => needOf(soup, soup.of.length).on === "examples");
}

function heldOutCount({ keepsExamplesBack: isKept }: Pick<SftSource, "keepsExamplesBack">, nExamples: number): number {
  return isKept ? Math.min(HELD_OUT_EXAMPLES, Math.floor(nExamples * LARGEST_HELD_OUT_SHARE)) : 0;
}

/** Prompts of the validation split of a file. */
export function validationCount(
  { validationPrompts: n }: Pick<PromptSource, "validationPrompts">,
  { rows, kept }: Pick<DataFile, "rows" | "kept">,
): number {
  return Math.min(n, kept ?? Math.floor(rows * LARGEST_VALIDATION_SHARE));
}

/**
 * The first prompts of a data file, in its order, or all of them; nothing is read behind them.
 * @throws {DataError} naming file and line.
 */
export async function promptsIn(file: string, most = Infinity): Promise<Question[]> {
  const prompts: Question[] = [];
  for await (const { prompt } of first(readPrompts(file), most)) prompts.push(prompt);
  return prompts;
}

function defined(file: string | undefined): string {
  if (file === undefined) throw new TypeError("corpus: there is neither a task nor a data file");
  return file;
}
