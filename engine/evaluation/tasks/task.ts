/** Source of randomness that tasks draw from; any seeded generator fits. */
export interface Rng {
  /** Next draw, uniform in [0, 1). */
  uniform(): number;
}

/** A prompt with the response to learn from it. Words are separated by one space; end-of-text is not written out. */
export interface Demonstration {
  readonly prompt: string;
  readonly response: string;
}

/** A response as a model gave it; `ended` says whether it closed with end-of-text before the length limit. */
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

/** A synthetic task: it makes its own data and knows the true score of every response. */
export interface Task {
  readonly name: string;
  /** Words and punctuation marks, each one token, in token order; special tokens are the tokenizer's. */
  readonly vocabulary: readonly string[];
  /** Longest prompt, tokens. */
  readonly maxPromptLength: number;
  /** Longest response to sample, tokens, end-of-text included. */
  readonly maxResponseLength: number;
  /** Endless stream for the base model. */
  pretraining(rng: Rng): Generator<Demonstration, never, undefined>;
  /** Demonstrations for supervised fine-tuning. */
  sft(n: number, rng: Rng): Demonstration[];
  /** Prompts of one split; no prompt belongs to two. The benchmarks' are all different. */
  prompts(split: Split, n: number, rng: Rng): string[];
  /** True quality of a response: the higher, the better. */
  gold(prompt: string, response: Response): number;
  /** Which of two responses a noisy labeller prefers; undefined if they are equally good, which gives no pair. */
  prefer(prompt: string, pair: readonly [Response, Response], rng: Rng): RankedResponses | undefined;
}
