import type { GameWinner, Outcome } from "./judges/judge.ts";
import { type Rate, rateInterval, rateTest } from "./proportion.ts";
import { clusteredVariance, mean, signTest } from "./statistics.ts";

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
}

/** Comparisons by outcome. */
export interface Counts {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly dropped: number;
}

/** Summary of comparisons of a with b. Rates are fractions. */
export interface WinRate extends Counts {
  /** Comparisons that count: wins, losses and ties. */
  readonly n: number;
  /** W / N. */
  readonly winRate: number;
  /** (W + T/2) / N. */
  readonly adjusted: number;
  /** 95 % interval of the adjusted rate. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p of equal sides: the exact sign test, or over several seeds the test that goes with the interval. */
  readonly p: number;
  readonly nSeeds: number;
  /** Share of decided comparisons that the longer answer won; absent without lengths. */
  readonly longerWins?: number;
  /** Share of comparisons whose two games name different winners, as a judge that looks at the seat would. */
  readonly flipRate?: number;
}

/**
 * Win rates from comparisons, with the dependence among them.
 *
 * One seed: the interval is clustered by prompt, and a prompt enters the sign test once, for the side that won more
 * of its comparisons.
 *
 * Several seeds: the seed is a second way to be alike, across prompts. The variance is the two-way
 * clustered one, V_seed + V_prompt − V_both (Cameron, Gelbach & Miller 2011), never below the larger of the first
 * two; Student's t with seeds − 1 degrees of freedom gives interval and p. So the interval speaks about
 * new seeds, and with few of them is wide.
 */
export function winRate(comparisons: readonly Comparison[]): WinRate {
  const counts = countOutcomes(comparisons);
  const counted = comparisons.filter(({ outcome }) => outcome !== "dropped");
  const rate = clusteredRate(counted);
  const nSeeds = new Set(counted.map(seedOf)).size;
  return {
    ...counts,
    ...described(rate, counts),
    p: nSeeds > 1 ? rateTest(rate) : promptSignTest(counted),
    nSeeds,
    ...biases(counted),
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

function clusteredRate(counted: readonly Comparison[]): Rate {
  const points = counted.map(({ outcome }) => POINTS[outcome]);
  const prompts = counted.map(({ prompt }) => prompt);
  const seeds = counted.map((row) => String(seedOf(row)));
  const nPrompts = new Set(prompts).size;
  const nSeeds = new Set(seeds).size;
  const byPrompt = clusteredVariance(points, prompts);
  const estimate = mean(points);
  if (nSeeds < 2) return { estimate, variance: orZero(byPrompt), df: Infinity, nClusters: nPrompts };
  const bySeed = clusteredVariance(points, seeds);
  const byBoth = clusteredVariance(
    points,
    counted.map((row) => JSON.stringify([seedOf(row), row.prompt])),
  );
  const variance = Math.max(bySeed + orZero(byPrompt) - byBoth, bySeed, orZero(byPrompt));
  return { estimate, variance, df: nSeeds - 1, nClusters: nSeeds };
}

const orZero = (variance: number): number => (Number.isNaN(variance) ? 0 : variance);

function promptSignTest(counted: readonly Comparison[]): number {
  const net = new Map<string, number>();
  for (const { prompt, outcome } of counted) net.set(prompt, (net.get(prompt) ?? 0) + POINTS[outcome] - 0.5);
  const totals = [...net.values()];
  return signTest(totals.filter((total) => total > 0).length, totals.filter((total) => total < 0).length);
}

function biases(counted: readonly Comparison[]): Pick<WinRate, "longerWins" | "flipRate"> {
  const longer = counted.flatMap(({ outcome, lengths }) => {
    if (lengths === undefined || lengths[0] === lengths[1] || outcome === "tie") return [];
    return [(outcome === "win") === lengths[0] > lengths[1] ? 1 : 0];
  });
  const flips = counted.flatMap(({ games }) => {
    if (games === undefined) return [];
    return [games[0] !== games[1] && !games.includes("tie") ? 1 : 0];
  });
  return {
    ...(longer.length > 0 && { longerWins: mean(longer) }),
    ...(flips.length > 0 && { flipRate: mean(flips) }),
  };
}
