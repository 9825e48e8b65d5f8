import { TASKS } from "../evaluation/tasks/index.ts";
import type { Split, Task } from "../evaluation/tasks/task.ts";
import type { RunConfig, TaskConfig } from "../config/index.ts";
import { DataError } from "../protocol/errors.ts";
import { type Preference, readPreferences, readPrompts, readSft } from "../storage/datasets.ts";
import { type Tokenizer, wordLevelTokenizer } from "../text/index.ts";
import { Random } from "../training/index.ts";

/** A prompt with the response to learn. */
export interface SupervisedText {
  readonly prompt: string;
  readonly response: string;
}

/** Prompts drawn for RLHF when a task makes them; more than a run of the demo asks for. */
const TASK_PROMPTS = 8192;
/** Examples that soups are measured on. */
const HELD_OUT_EXAMPLES = 256;
/** Largest share of a file of examples that is kept back for it. */
const LARGEST_HELD_OUT_SHARE = 0.05;
/** Largest share of a prompt file that the validation split takes. */
const LARGEST_VALIDATION_SHARE = 0.1;
/** Benchmarks are the same for every base seed, so that seeds are compared on the same prompts. */
const BENCHMARK_SEED = 0;

/**
 * Reads every data file that a config names, so that what is wrong in one comes out before anything is trained.
 * @throws {DataError} naming file and line.
 */
export async function checkData({ data }: RunConfig): Promise<void> {
  if (data === undefined) return;
  const { sft, preferences, prompts, benchmarks } = data;
  await textsIn(sft);
  const files = [readPreferences(preferences), ...[prompts, ...Object.values(benchmarks)].map(readPrompts)];
  for (const records of files) for await (const _ of records) continue;
}

/** The task a config names; undefined when it brings data of its own. */
export function taskOf({ task }: Pick<RunConfig, "task">): Task | undefined {
  if (task === undefined) return undefined;
  const tasks: readonly { readonly name: string; readonly create: (settings: TaskConfig) => Task }[] = TASKS;
  return tasks.find(({ name }) => name === task.name)?.create(task);
}

/** One token per word of a task. */
export function taskTokenizer(task: Task): Tokenizer {
  return wordLevelTokenizer(task.vocabulary);
}

/** SFT examples: the same for every SFT seed of a base seed. */
export async function sftTexts(config: RunConfig, seed: number): Promise<readonly SupervisedText[]> {
  const { examples } = config.sft;
  const task = taskOf(config);
  if (task !== undefined) return task.sft(examples ?? 0, Random.of(seed, "sft"));
  const texts = await textsIn(dataOf(config).sft);
  return texts.slice(0, texts.length - heldOutCount(config, texts.length)).slice(0, examples);
}

async function textsIn(file: string): Promise<readonly SupervisedText[]> {
  const texts: SupervisedText[] = [];
  for await (const example of readSft(file)) {
    if ("messages" in example) {
      const remedy = "give prompt and response as the model is to see them; chat templates are not applied here";
      throw new DataError("messages need a chat template", { file, line: texts.length + 1, remedy });
    }
    texts.push(example);
  }
  return texts;
}

/**
 * Demonstrations whose prompts no SFT of this base seed sees, to measure soups with; of a data file the last ones.
 * @throws {DataError} when there are too few to keep some back.
 */
export async function heldOutTexts(config: RunConfig, seed: number): Promise<readonly SupervisedText[]> {
  const task = taskOf(config);
  if (task !== undefined) {
    const seen = new Set((await sftTexts(config, seed)).map(({ prompt }) => prompt));
    const random = Random.of(seed, "heldOut");
    const texts: SupervisedText[] = [];
    while (texts.length < HELD_OUT_EXAMPLES) {
      const drawn = task.sft(HELD_OUT_EXAMPLES - texts.length, random);
      texts.push(...drawn.filter(({ prompt }) => !seen.has(prompt)));
    }
    return texts;
  }
  const { sft: file } = dataOf(config);
  const texts = await textsIn(file);
  const count = heldOutCount(config, texts.length);
  if (count === 0) {
    const remedy = `give at least ${1 / LARGEST_HELD_OUT_SHARE}, or make soups of a kind that is not measured`;
    throw new DataError(`its ${texts.length} examples are too few to keep some back for measuring soups`, {
      file,
      remedy,
    });
  }
  return texts.slice(texts.length - count);
}

/** Preference pairs of a data file. */
export async function preferenceTexts(config: RunConfig): Promise<readonly Preference[]> {
  const pairs: Preference[] = [];
  for await (const pair of readPreferences(dataOf(config).preferences)) {
    if (pairs.length === config.reward.pairs) break;
    pairs.push(pair);
  }
  return pairs;
}

/** Prompts that policies sample from while they learn. */
export async function trainPrompts(config: RunConfig, seed: number): Promise<readonly string[]> {
  const task = taskOf(config);
  if (task !== undefined) return task.prompts("train", TASK_PROMPTS, Random.of(seed, "prompts"));
  const prompts = await promptsIn(dataOf(config).prompts);
  return prompts.slice(0, prompts.length - validationCount(config, prompts.length));
}

/**
 * Prompts that settings are chosen on: of a task its validation split, of a data file the last ones, which training
 * never sees.
 *
 * @throws {DataError} when there are none.
 */
export async function validationPrompts(config: RunConfig): Promise<readonly string[]> {
  const task = taskOf(config);
  const n = config.evaluation.validationPrompts;
  if (n === 0) {
    const remedy = "set it above 0, or choose nothing by answers: give one β, and no greedy soup by gold or reward";
    throw new DataError("is 0, which leaves nothing to choose on", { file: "evaluation.validationPrompts", remedy });
  }
  if (task !== undefined) return task.prompts("validation", n, Random.of(BENCHMARK_SEED, "validation"));
  const { prompts: file } = dataOf(config);
  const prompts = await promptsIn(file);
  const count = validationCount(config, prompts.length);
  if (count === 0) {
    const remedy = `give at least ${1 / LARGEST_VALIDATION_SHARE}, or one β and no greedy soup by reward`;
    throw new DataError(`its ${prompts.length} prompts are too few to keep some back to choose on`, { file, remedy });
  }
  return prompts.slice(prompts.length - count);
}

/** Prompts of a benchmark, in the order in which they are numbered. */
export async function benchmarkPrompts(config: RunConfig, benchmark: string): Promise<readonly string[]> {
  const n = config.evaluation.prompts;
  const task = taskOf(config);
  if (task !== undefined) return task.prompts(benchmark as Split, n, Random.of(BENCHMARK_SEED, "benchmark", benchmark));
  return (await promptsIn(dataOf(config).benchmarks[benchmark] ?? "")).slice(0, n);
}

/** Whether the end of the SFT file is kept back: only where a soup goes by its loss. A task makes more instead. */
export function keepsExamplesBack({ data, soups }: Pick<RunConfig, "data" | "soups">): boolean {
  if (data === undefined) return false;
  return Object.values(soups).some(
    (soup) => soup.method === "learned" || (soup.method === "greedy" && soup.score === "loss"),
  );
}

function heldOutCount(config: RunConfig, nExamples: number): number {
  return keepsExamplesBack(config) ? Math.min(HELD_OUT_EXAMPLES, Math.floor(nExamples * LARGEST_HELD_OUT_SHARE)) : 0;
}

function validationCount(config: RunConfig, nPrompts: number): number {
  return Math.min(config.evaluation.validationPrompts, Math.floor(nPrompts * LARGEST_VALIDATION_SHARE));
}

/**
 * All prompts of a data file, in its order.
 * @throws {DataError} naming file and line.
 */
export async function promptsIn(file: string): Promise<string[]> {
  const prompts: string[] = [];
  for await (const { prompt } of readPrompts(file)) prompts.push(prompt);
  return prompts;
}

function dataOf({ data }: RunConfig): NonNullable<RunConfig["data"]> {
  if (data === undefined) throw new TypeError("corpus: the config has neither task nor data");
  return data;
}
