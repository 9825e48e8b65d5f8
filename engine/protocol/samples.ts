import type { StageOrigin } from "./runState.ts";

/**
 * Where responses come from: rollouts kept during RLHF, or the final answers to a benchmark, those of the run's first
 * base seed when none is named.
 */
export type SampleSource =
  | { readonly kind: "rollouts" }
  | { readonly kind: "answers"; readonly benchmark: string; readonly seed?: number };

/** Which rows of samples are wanted. */
export interface SampleQuery {
  readonly folder: string;
  readonly source: SampleSource;
  /** Columns: stages of rollouts or models of answers; all when left out. */
  readonly columns?: readonly string[];
  /** Part of a prompt or a response, in any letters. */
  readonly text?: string;
  /** Only rows of this very prompt: at every step that kept it, or in another run. */
  readonly prompt?: string;
  /** Rollouts of these steps, both ends included. */
  readonly steps?: { readonly from: number; readonly to: number };
  /** Only rows of prompts that were kept at several steps. */
  readonly isRepeated?: boolean;
  /** Only rows in which some response did not end. */
  readonly isUnended?: boolean;
  /**
   * "newest": the last step first. "spread": largest difference of scores within the row first. "disagreement": first where
   * score and gold score of a response are furthest apart, each in its standard deviations.
   */
  readonly order?: "recorded" | "newest" | "lowest" | "highest" | "spread" | "disagreement";
  readonly offset: number;
  readonly limit: number;
  /**
   * True for an answer within a bounded time: while there is more to read, it is a page with `progress` alone, and the rows
   * come to those who ask again.
   */
  readonly isPatient?: boolean;
}

/** A model's response. */
export interface SampledResponse {
  readonly text: string;
  readonly ended: boolean;
  readonly nTokens: number;
  /** Reward-model score. */
  readonly score: number | null;
  readonly gold?: number;
  /** Names the response to the request `tokens`; absent for answers. */
  readonly line?: number;
}

/** A prompt with the responses of each column, in the page's order; null where a column has none. */
export interface SampleRow {
  /** RLHF iteration; absent for answers. */
  readonly step?: number;
  readonly prompt: string;
  readonly responses: readonly (SampledResponse | null)[];
}

/** A window of the rows that fit a query. */
export interface SamplePage {
  /** Rows that fit, in all. */
  readonly total: number;
  /** Rows that there are without text, steps and the like. */
  readonly all: number;
  readonly columns: readonly string[];
  /** Columns there are to choose from. */
  readonly allColumns: readonly string[];
  /** True where responses have gold scores beside those of the reward model. */
  readonly hasGold?: boolean;
  /** First and last step of the source; absent for answers and when there is none. */
  readonly steps?: { readonly from: number; readonly to: number };
  /** Origins of the columns of rollouts that another run has recorded, which made the stage's artifact. */
  readonly origins?: Readonly<Record<string, StageOrigin>>;
  readonly rows: readonly SampleRow[];
  /** Share of what has to be read for the rows, where the query is a patient one and its rows are still to come. */
  readonly progress?: number;
}

/** One response, token by token; every array has one entry a token. */
export interface TokenView {
  readonly stage: string;
  /** Of a response that another run has recorded. */
  readonly from?: StageOrigin;
  readonly step: number;
  readonly prompt: string;
  readonly tokens: readonly string[];
  /** log π, nats. */
  readonly logprobs: readonly number[];
  /** Penalty before β, nats. */
  readonly kl: readonly number[];
  readonly rewards: readonly number[];
  readonly advantages: readonly number[];
  readonly values: readonly number[];
}
