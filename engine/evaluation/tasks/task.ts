import type * as z from "zod";
import type { Complaint } from "../../config/complaint.ts";

/** Source of randomness that tasks draw from; any seeded generator fits. */
export interface Rng {
  /** Next draw, uniform in [0, 1). */
  uniform(): number;
}

/** A prompt with the response to learn from it; end-of-text is not written out. */
export interface Demonstration {
  readonly prompt: string;
  readonly response: string;
}

/** A response as a model gave it; `ended` says if it closed with end-of-text before the length limit. */
export interface Response {
  readonly text: string;
  readonly ended: boolean;
}

/** Two responses of which a labeller preferred the first. */
export interface RankedResponses {
  readonly chosen: Response;
  readonly rejected: Response;
}

/** Where prompts come from: `train` feeds every kind of training, `validation` chooses settings, the others report. */
export const SPLITS = ["train", "validation", "inDistribution", "outOfDistribution"] as const;
export type Split = (typeof SPLITS)[number];

/** The text that a new base model of a task learns. */
export interface TaskLanguage {
  /** Words and punctuation marks, each one token, in token order; special tokens are the tokenizer's. */
  readonly vocabulary: readonly string[];
  /** Endless stream for the base model. */
  pretraining(rng: Rng): Generator<Demonstration, never, undefined>;
}

/** A task: it makes its own data and knows the true score of every response. */
export interface Task {
  readonly name: string;
  /** Absent where it is put to models that have learned to speak already. */
  readonly language?: TaskLanguage;
  /** Longest prompt, tokens; with a chat template around it, where models have one. */
  readonly maxPromptLength: number;
  /** Prompts that a model answers side by side for preference pairs, twice each; draws depend on it. */
  readonly answeredAtOnce: number;
  /** Prompts that policies sample from while they learn. */
  readonly trainPrompts: number;
  /** Longest response to sample, tokens, end-of-text included. */
  readonly maxResponseLength: number;
  /** Demonstrations for supervised fine-tuning. */
  sft(n: number, rng: Rng): Demonstration[];
  /** Prompts of one split; no prompt belongs to two. The benchmarks' are all different. */
  prompts(split: Split, n: number, rng: Rng): string[];
  /** True quality of a response: the higher, the better. */
  gold(prompt: string, response: Response): number;
  /** Which of two responses a noisy labeller prefers; undefined if they are equally good, which gives no pair. */
  prefer(prompt: string, pair: readonly [Response, Response], rng: Rng): RankedResponses | undefined;
}

type Shape = z.core.$ZodShape;

/** A part of a task, by its name there, that settings change. */
export type TaskPart = "language" | "sft" | "prefer";

/**
 * A built-in task, with all that is known of it: schema, forms, docs and engine take it from here.
 *
 * `N` is its name, `S` the shape of its settings.
 */
export interface TaskKind<N extends string = string, S extends Shape = Shape> {
  readonly name: N;
  /** For lists: "MiniInstruct". */
  readonly title: string;
  /** One sentence without a full stop, for forms, hovers and tables. */
  readonly description: string;
  /** True if it is put to models that have learned to speak already: a checkpoint. */
  readonly needsCheckpoint?: boolean;
  /** Settings beyond the name, each with its description and the source of its default. */
  readonly settings: S;
  /** The one part that each setting changes: what is made of the others alone is kept when it changes. */
  readonly parts: Readonly<Record<keyof S, TaskPart>>;
  /** Settings that editors offer to write beside the name. */
  readonly snippet: Readonly<Record<string, unknown>>;
  /** Sizes where the config gives none. */
  readonly defaults: TaskDefaults;
  /** Complaints about settings that are each right, and do not go together; paths start at the task. */
  check(written: z.output<z.ZodObject<S>>): readonly Complaint[];
  create(settings: z.output<z.ZodObject<S>>): Task;
}

/** Sizes that go with a task. */
export interface TaskDefaults {
  /** SFT examples. */
  readonly examples: number;
  /** Preference pairs for the reward model. */
  readonly pairs: number;
  /** Longest answer of a model made for the task, tokens. */
  readonly maxNewTokens: number;
}

/** Declares a task, with its types inferred. */
export function taskKind<const N extends string, S extends Shape>(kind: TaskKind<N, S>): TaskKind<N, S> {
  return kind;
}
