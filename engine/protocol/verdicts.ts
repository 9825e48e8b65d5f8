import type { RunParams } from "./runParams.ts";
import type { SampledResponse } from "./samples.ts";

/** A row of the win-rate table with every digit. Rates are fractions; null is a number that does not exist. */
export interface WinRateRow {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  /** A base seed, or all of them pooled. */
  readonly seed: number | "all";
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly dropped: number;
  readonly n: number;
  readonly winRate: number | null;
  /** (W + T/2) / N, with its 95 % interval. */
  readonly adjusted: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number | null;
  readonly holm?: number | null;
  readonly nSeeds: number;
  readonly longerWins?: number;
  readonly flipRate?: number;
  /** Share of games with a winner that the answer shown first won. */
  readonly positionBias?: number;
  /** Variation that the interval accounts for; absent in tables of older versions, like all that follows. */
  readonly method?: "question" | "seed" | "alike";
  readonly nQuestions?: number;
  /** p of a difference of two points or more. */
  readonly equivalence?: number;
  /** Adjusted rate at equal lengths, with its 95 % interval. */
  readonly lengthControlled?: number;
  readonly lengthLow?: number;
  readonly lengthHigh?: number;
  /** The same at equal style. */
  readonly styleControlled?: number;
  readonly styleLow?: number;
  readonly styleHigh?: number;
  /** Further prompts or seeds that would decide an undecided pair. */
  readonly moreQuestions?: number;
  readonly moreSeeds?: number;
}

/** How long two answers are beside each other, in tokens: "similar" to a tenth of the longer, "double" at least twice as long. */
export const LENGTH_FILTERS = ["a", "b", "similar", "double"] as const;
export type LengthFilter = (typeof LENGTH_FILTERS)[number];

/** States of a person's vote on a comparison, to filter by: not voted on, voted on, voted unlike the judge, with a note. */
export const VOTE_FILTERS = ["open", "voted", "differs", "noted"] as const;
export type VoteFilter = (typeof VOTE_FILTERS)[number];

/** Which judged prompts of a pair are wanted. */
export interface ComparisonQuery extends PairParams {
  /** A base seed; all when left out. */
  readonly seed?: number;
  /** "flip": the two games name different winners. */
  readonly outcome?: "win" | "loss" | "tie" | "dropped" | "flip";
  /** True: without ties. */
  readonly isDecided?: boolean;
  readonly length?: LengthFilter;
  readonly category?: string;
  /** True: only where judges of a panel disagree. */
  readonly isDisputed?: boolean;
  readonly vote?: VoteFilter;
  /** Filters by the votes of then, a page's `revision`: a list stays as it is while it is voted on. */
  readonly asOf?: number;
  /** One prompt, by its position in the benchmark. */
  readonly index?: number;
  readonly text?: string;
  /** True: texts are cut, and those of games left out, as for a list. */
  readonly isBrief?: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** Names a pair of models on a benchmark. */
export interface PairParams extends RunParams {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
}

/** One of the judge's two games: the winner, by model and not by seat, and the judge's prompt and response. */
export interface GameView {
  readonly winner: "a" | "b" | "tie" | "error";
  readonly prompt: string;
  readonly judgment: string;
}

/** One prompt, both answers, both games. */
export interface ComparisonRow {
  readonly seed: number;
  /** Position of the prompt in the benchmark, which with the seed names the comparison. */
  readonly index: number;
  readonly prompt: string;
  readonly category?: string;
  /** Of a question of several turns, from 1. */
  readonly turn?: number;
  readonly a: SampledResponse;
  readonly b: SampledResponse;
  readonly outcome: "win" | "loss" | "tie" | "dropped";
  /** The first game seats a first, the second b. */
  readonly games: readonly [GameView, GameView];
  /** Of several judges: share of pairs of them that say the same, over both games. */
  readonly agreement?: number;
  /** True where the prompt or an answer looks as if it told the judge what to say. */
  readonly isSuspicious?: boolean;
  /** A person's opinion. */
  readonly annotation?: Annotation;
}

/** A person's preference, by model. */
export const VOTES = ["a", "tie", "b"] as const;
export type Vote = (typeof VOTES)[number];

/** Longest note about a comparison, in UTF-16 units. */
export const LONGEST_NOTE = 10_000;

/** A person's opinion of a comparison. */
export interface Annotation {
  readonly vote?: Vote;
  /** True if names, order and the judge's verdict were hidden until then. */
  readonly isBlind?: boolean;
  readonly note?: string;
}

/** How far a person's votes and the judge's verdicts agree; comparisons without a verdict do not count. */
export interface VoteAgreement {
  readonly n: number;
  /** Share of equal verdicts, with its 95 % interval. */
  readonly same: number;
  readonly low: number;
  readonly high: number;
  /** Cohen's κ; null where either side gave one verdict throughout. Its 95 % interval is null after full agreement, too. */
  readonly kappa: number | null;
  readonly kappaLow: number | null;
  readonly kappaHigh: number | null;
}

/** Agreement over all votes, and over those that were cast blind. */
export interface VoteAgreements {
  readonly all?: VoteAgreement;
  readonly blind?: VoteAgreement;
}

/** A window of the comparisons that fit a query. */
export interface ComparisonPage {
  readonly total: number;
  /** Comparisons of the pair, whether they fit or not. */
  readonly all: number;
  readonly judge: string;
  /** Categories of the prompts; none where they have none. */
  readonly categories: readonly string[];
  /** True if several judges have voted on a game. */
  readonly isPanel: boolean;
  /** With a person's votes on the pair, over all seeds. */
  readonly agreement: VoteAgreements;
  /** Counts votes and notes. */
  readonly revision: number;
  readonly rows: readonly ComparisonRow[];
}

/** A vote on a comparison, or a note about it; what is left out stays as it is. */
export interface AnnotateParams extends PairParams {
  readonly seed: number;
  readonly index: number;
  /** Null withdraws a vote. */
  readonly vote?: Vote | null;
  readonly isBlind?: boolean;
  /** Empty to remove it. */
  readonly note?: string;
}
