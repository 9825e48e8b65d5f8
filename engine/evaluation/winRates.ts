import type { GameWinner, Outcome } from "./judges/judge.ts";
import { type Biases, biases } from "./statistics/bias.ts";
import { type Clusters, type Dependence, dependenceOf } from "./statistics/clusters.ts";
import { lengthControlledRate } from "./statistics/lengthControl.ts";
import { clusteredMean } from "./statistics/clusteredMean.ts";
import type { Interval } from "./statistics/mean.ts";
import type { VarianceParts } from "./statistics/power.ts";
import { equivalenceTest, type Rate, rateInterval, rateTest } from "./statistics/rate.ts";
import { clusteredSignTest } from "./statistics/signTest.ts";
import { type Style, styleControlledRate } from "./statistics/style.ts";

/** One prompt (or turn), answered by a and by b, judged. */
export interface Comparison {
  /** Comparisons with the same value are dependent: the prompt, or the question that several turns belong to. */
  readonly prompt: string;
  /** Base seed of the recipe that trained both sides; 0 when there is one. */
  readonly seed?: number;
  readonly outcome: Outcome;
  /** The two games with sides swapped. */
  readonly games?: readonly [GameWinner, GameWinner];
  /** Length of a's and b's answer, tokens or characters. */
  readonly lengths?: readonly [number, number];
  /** Of a question of several turns, from 1. */
  readonly turn?: number;
  /** Of the question, where its benchmark has them. */
  readonly category?: string;
  /** Markdown in a's and b's answer. */
  readonly marks?: readonly [Omit<Style, "length">, Omit<Style, "length">];
}

/** Comparisons by outcome. */
export interface Counts {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly dropped: number;
}

/** How an interval was made: by question, by question and seed, or from comparisons that all ended alike. */
export const INTERVAL_METHODS = ["question", "seed", "alike"] as const;
export type IntervalMethod = (typeof INTERVAL_METHODS)[number];

/** Differences of the adjusted rate from ½ below this are none that matter. */
export const EQUIVALENCE_MARGIN = 0.02;

/** Summary of comparisons of a with b. Rates are fractions. */
export interface WinRate extends Counts, Biases {
  /** Comparisons that count: wins, losses and ties. */
  readonly n: number;
  /** W / N. */
  readonly winRate: number;
  /** (W + T/2) / N. */
  readonly adjusted: number;
  /** 95 % interval of the adjusted rate. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p of equal sides: the exact sign test by question, or over several seeds the test that goes with the interval. */
  readonly p: number;
  readonly nSeeds: number;
  readonly method?: IntervalMethod;
  /** Independent questions. */
  readonly nQuestions?: number;
  /** p of a difference of two points or more (two one-sided tests): below 0.05, there is none that large. */
  readonly equivalence?: number;
  /** Adjusted rate at equal lengths, with its 95 % interval; absent without lengths, and where it cannot be estimated. */
  readonly lengthControlled?: number;
  readonly lengthLow?: number;
  readonly lengthHigh?: number;
  /** The same at equal length, headers, lists and bold; absent where there are none. */
  readonly styleControlled?: number;
  readonly styleLow?: number;
  readonly styleHigh?: number;
}

/**
 * Win rates from comparisons, with the dependence among them.
 *
 * One seed: the interval is clustered by prompt, and a prompt enters the sign test once, with its wins less its losses.
 *
 * Several seeds: the seed is a second way to be alike, across prompts. The variance is the two-way
 * clustered one, V_seed + V_prompt − V_both (Cameron, Gelbach & Miller 2011), never below the larger of the first
 * two; Student's t with seeds − 1 degrees of freedom gives interval and p. So the interval speaks about
 * new seeds, and with few of them is wide.
 *
 * Comparisons that all ended alike show no spread, between seeds or otherwise: the interval is then the exact bound on
 * the questions that would end otherwise, and p the sign test's.
 */
export function winRate(comparisons: readonly Comparison[]): WinRate {
  return analysed(comparisons).rate;
}

/** A win rate, and what its uncertainty consists of. */
export interface AnalysedRate {
  readonly rate: WinRate;
  readonly parts: VarianceParts;
}

/** Like `winRate`, with the parts of the variance, which say what more questions or seeds would help. */
export function analysed(comparisons: readonly Comparison[]): AnalysedRate {
  const counts = countOutcomes(comparisons);
  const counted = comparisons.filter(({ outcome }) => outcome !== "dropped");
  const points = counted.map(({ outcome }) => POINTS[outcome]);
  const dependence = dependenceOf(
    counted.map(({ prompt }) => prompt),
    counted.map(seedOf),
  );
  const { rate, parts } = clusteredRate(points, dependence);
  const [nQuestions, nSeeds] = [dependence.questions.count, dependence.seeds.count];
  const isSpread = nSeeds > 1 && rate.variance > 0;
  return {
    rate: {
      ...counts,
      ...described(rate, counts),
      p: isSpread ? rateTest(rate) : questionSignTest(points, dependence.questions),
      nSeeds,
      ...biases(counted),
      ...(counted.length > 0 && {
        method: rate.variance > 0 ? (nSeeds > 1 ? "seed" : "question") : "alike",
        nQuestions,
        equivalence: equivalenceTest(rate, EQUIVALENCE_MARGIN),
      }),
      ...controlled(counted, points, { dependence, isAlike: rate.variance <= 0 }),
    },
    parts,
  };
}

/** Win rates of every seed by itself, in ascending order. */
export function winRatesBySeed(comparisons: readonly Comparison[]): ReadonlyMap<number, WinRate> {
  const seeds = [...new Set(comparisons.map(seedOf))].sort((a, b) => a - b);
  return new Map(seeds.map((seed) => [seed, winRate(comparisons.filter((row) => seedOf(row) === seed))]));
}

/** Comparisons by outcome. */
export function countOutcomes(comparisons: readonly Comparison[]): Counts {
  const count = (wanted: Outcome): number => comparisons.filter(({ outcome }) => outcome === wanted).length;
  return { wins: count("win"), losses: count("loss"), ties: count("tie"), dropped: count("dropped") };
}

const POINTS = { win: 1, tie: 0.5, loss: 0, dropped: NaN } as const;

const seedOf = ({ seed = 0 }: Comparison): number => seed;

function described(
  rate: Rate,
  { wins, losses, ties }: Counts,
): Pick<WinRate, "n" | "winRate" | "adjusted" | "low" | "high"> {
  const n = wins + losses + ties;
  const { low, high } = rateInterval(rate);
  return { n, winRate: wins / n, adjusted: rate.estimate, low, high };
}

function clusteredRate(points: readonly number[], dependence: Dependence): AnalysedVariance {
  const { questions, seeds } = dependence;
  const { estimate, variance, parts } = clusteredMean(points, dependence);
  const df = seeds.count < 2 ? Infinity : seeds.count - 1;
  // Of one question, whose variance is unknown, the bound of `rateInterval` holds.
  const known = Number.isNaN(variance) ? 0 : variance;
  return { rate: { estimate, nClusters: questions.count, variance: known, df }, parts };
}

interface AnalysedVariance {
  readonly rate: Rate;
  readonly parts: VarianceParts;
}

/** In whole numbers: a tie is 0, a win 1, a loss −1. */
function questionSignTest(points: readonly number[], { of, count }: Clusters): number {
  const net = Array.from({ length: count }, () => 0);
  for (const [at, one] of points.entries()) {
    const question = of[at] ?? 0;
    net[question] = (net[question] ?? 0) + 2 * one - 1;
  }
  return clusteredSignTest(net);
}

type ControlledRates = Pick<
  WinRate,
  "lengthControlled" | "lengthLow" | "lengthHigh" | "styleControlled" | "styleLow" | "styleHigh"
>;

/**
 * Rates at equal length and style, each where all answers say how long and how marked up they are. Where all comparisons
 * ended alike, they have no intervals: the sandwich sees no spread, and would make eight ties 50 % for certain.
 */
function controlled(
  counted: readonly Comparison[],
  points: readonly number[],
  { dependence, isAlike }: { readonly dependence: Dependence; readonly isAlike: boolean },
): ControlledRates {
  const lengths: (readonly [number, number])[] = [];
  const styles: (readonly [Style, Style])[] = [];
  for (const { lengths: pair, marks } of counted) {
    if (pair === undefined) return {};
    lengths.push(pair);
    const [length, other] = pair;
    if (marks !== undefined) styles.push([styleOf(length, marks[0]), styleOf(other, marks[1])]);
  }
  const length = lengthControlledRate({ points, dependence, lengths });
  const style = styles.length < lengths.length ? undefined : styleControlledRate({ points, dependence, styles });
  const ends = ({ low, high }: Interval): readonly number[] =>
    isAlike || !Number.isFinite(low + high) ? [] : [low, high];
  const [lengthLow, lengthHigh] = length === undefined ? [] : ends(length);
  const [styleLow, styleHigh] = style === undefined ? [] : ends(style);
  return {
    ...(length !== undefined && { lengthControlled: length.estimate }),
    ...(lengthLow !== undefined && lengthHigh !== undefined && { lengthLow, lengthHigh }),
    ...(style !== undefined && { styleControlled: style.estimate }),
    ...(styleLow !== undefined && styleHigh !== undefined && { styleLow, styleHigh }),
  };
}

function styleOf(length: number, { headers, lists, bold }: Omit<Style, "length">): Style {
  return { length, headers, lists, bold };
}
