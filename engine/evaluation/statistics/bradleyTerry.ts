import { studentQuantile } from "../../figures/distributions.ts";
import { type Battle, type Standing, standings, type Tally, tally } from "./battles.ts";
import { clusterCorrection } from "./clusters.ts";
import { inverseOf, newtonStep, sandwichOf, sigmoid } from "./logistic.ts";
import { type Interval, quantileOfSorted } from "./mean.ts";
import { randomStream } from "./random.ts";
import { clusterWeights } from "./resampling.ts";
import { type Sums, summing } from "./sufficient.ts";

/** Elo's units: 400 points are odds of ten to one. */
const SCALE = 400 / Math.LN10;

/**
 * Pull on the ratings (log-odds to the anchor), too weak to be seen in any battle-tested rating, which keeps a model
 * finite that a bootstrap sample shows unbeaten.
 */
const RIDGE = 1e-6;

/** A model's rating; infinite for one that lost or won nothing, not a number for one that cannot be compared. */
export interface Rating extends Interval {
  readonly standing: Standing;
}

/** How intervals are made. */
export type RatingIntervals =
  | { readonly method: "sandwich" }
  | { readonly method: "bootstrap"; readonly nDraws: number; readonly seed: number };

/**
 * Bradley–Terry ratings of all models at once by maximum likelihood, in Elo units (scale 400, base 10), the anchor at
 * 1000, with 95 % intervals of the difference from the anchor.
 *
 * Bradley & Terry 1952; Arena-Hard v0.1 (arXiv:2406.11939), where ties are half a win for each side. Intervals are by
 * question: the clustered sandwich with Student's t of questions − 1 degrees of freedom, or the percentile bootstrap over questions with all their battles. (Arena-Hard
 * resamples battles, so that the two games of a question count as independent, and its intervals are too narrow.)
 *
 * @param battles - Of any models, in any order.
 * @param anchor - The model at 1000.
 * @param intervals - How they are made.
 */
export function bradleyTerry(
  battles: readonly Battle[],
  anchor: string,
  intervals: RatingIntervals = { method: "sandwich" },
): ReadonlyMap<string, Rating> {
  const standing = standings(battles, anchor);
  const others = [...standing].filter(([model, of]) => of === "rated" && model !== anchor).map(([model]) => model);
  // The anchor comes last, so that the coefficients are those of the others.
  const counted = tally(battles, [...others, anchor]);
  const whole = summing(counted, others.length)(Int32Array.from(counted.multiplicities));
  const strengths = new Float64Array(others.length);
  fit(counted, whole, strengths, PRECISE);
  const errors =
    intervals.method === "sandwich"
      ? bySandwich(counted, whole, strengths)
      : byBootstrap(counted, strengths, intervals.nDraws, randomStream(intervals.seed));
  const ratingOf = (model: string, of: Standing): Rating => {
    if (model === anchor) return { estimate: 1000, low: 1000, high: 1000, standing: of };
    const at = others.indexOf(model);
    if (at < 0) return { estimate: UNRATED[of], low: NaN, high: NaN, standing: of };
    const [low, high] = errors(at);
    return { estimate: elo(strengths[at]!), low: elo(low), high: elo(high), standing: of };
  };
  return new Map([...standing].map(([model, of]) => [model, ratingOf(model, of)]));
}

/** Probability that a beats b, a tie being half, at these ratings. */
export function expectedWinRate(a: number, b: number): number {
  return 1 / (1 + Math.exp((b - a) / SCALE));
}

const UNRATED: Readonly<Record<Standing, number>> = { rated: NaN, above: Infinity, below: -Infinity, apart: NaN };

const elo = (strength: number): number => 1000 + SCALE * strength;

/** Newton's step, in log-odds, after which a fit is done: the error is about its square. */
const PRECISE = 1e-9;
const OF_A_DRAW = 1e-4;

/** Moves strengths to the optimum, from where they are; the last model's is 0. */
function fit(counted: Tally, given: Sums, strengths: Float64Array, precision: number): void {
  const gradient = new Float64Array(strengths.length);
  const hessian = new Float64Array(strengths.length ** 2);
  for (let step = 0; step < 50; step++) {
    curve(counted, given, strengths, gradient, hessian);
    if (newtonStep(strengths, hessian, gradient) < precision) return;
  }
}

/** Gradient and curvature of the negative log-likelihood; of the curvature, which is symmetric, the lower half. */
function curve(
  { firsts, seconds }: Tally,
  { net, totals }: Sums,
  strengths: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const width = strengths.length;
  hessian.fill(0);
  for (let k = 0; k < width; k++) {
    gradient[k] = RIDGE * strengths[k]! - net[k]!;
    hessian[k * width + k] = RIDGE;
  }
  for (let at = 0; at < firsts.length; at++) {
    const [one, other] = [firsts[at]!, seconds[at]!];
    const isAnchored = other === width;
    const p = sigmoid(strengths[one]! - (isAnchored ? 0 : strengths[other]!));
    const expected = totals[at]! * p;
    const slope = expected * (1 - p);
    gradient[one]! += expected;
    hessian[one * width + one]! += slope;
    if (isAnchored) continue;
    gradient[other]! -= expected;
    hessian[other * width + other]! += slope;
    hessian[other * width + one]! -= slope;
  }
}

/** Ends of an interval, in log-odds, by the model's place. */
type Ends = (model: number) => readonly [low: number, high: number];

function bySandwich(counted: Tally, whole: Sums, strengths: Float64Array): Ends {
  const width = strengths.length;
  const { multiplicities, offsets, pair, firsts, seconds, points, totals } = counted;
  const hessian = new Float64Array(width * width);
  curve(counted, whole, strengths, new Float64Array(width), hessian);
  const inverse = inverseOf(hessian, width);
  const scores = new Float64Array(multiplicities.length * width);
  for (let kind = 0; kind < multiplicities.length; kind++) {
    // Alike questions have alike scores: their squares add up as one score times the root of how many they are.
    const factor = Math.sqrt(multiplicities[kind]!);
    for (let at = offsets[kind]!; at < offsets[kind + 1]!; at++) {
      const [one, other] = [firsts[pair[at]!]!, seconds[pair[at]!]!];
      const p = sigmoid(strengths[one]! - (other === width ? 0 : strengths[other]!));
      const residual = factor * (points[at]! - totals[at]! * p);
      scores[kind * width + one]! += residual;
      if (other < width) scores[kind * width + other]! -= residual;
    }
  }
  const count = multiplicities.reduce((sum, one) => sum + one, 0);
  const covariance = sandwichOf(scores, inverse, width, clusterCorrection({ count }));
  const quantile = studentQuantile(0.95, count - 1);
  return (at) => {
    const half = quantile * Math.sqrt(covariance[at * width + at]!);
    return [strengths[at]! - half, strengths[at]! + half];
  };
}

function byBootstrap(counted: Tally, strengths: Float64Array, nDraws: number, random: () => number): Ends {
  const draw = clusterWeights(counted.multiplicities, random);
  const weights = new Int32Array(counted.multiplicities.length);
  const draws = Array.from({ length: strengths.length }, () => new Float64Array(nDraws));
  const summed = summing(counted, strengths.length);
  const drawn = new Float64Array(strengths.length);
  for (let at = 0; at < nDraws; at++) {
    draw(weights);
    drawn.set(strengths);
    fit(counted, summed(weights), drawn, OF_A_DRAW);
    for (let model = 0; model < drawn.length; model++) draws[model]![at] = drawn[model]!;
  }
  for (const one of draws) one.sort();
  return (model) => [quantileOfSorted(draws[model]!, 0.025), quantileOfSorted(draws[model]!, 0.975)];
}
