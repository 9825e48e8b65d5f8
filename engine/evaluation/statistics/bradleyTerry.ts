import { studentQuantile } from "../../figures/distributions.ts";
import { type Battle, type Standing, standings, type Tally, tally } from "./battles.ts";
import { clusterCorrection } from "./clusters.ts";
import { inverseOf, newtonStep, sandwichOf, sigmoid } from "./logistic.ts";
import { type Interval, quantileOfSorted } from "./mean.ts";
import { randomStream } from "./random.ts";
import { clusterWeights } from "./resampling.ts";

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
  { readonly method: "sandwich" } | { readonly method: "bootstrap"; readonly nDraws: number; readonly seed: number };

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
  const whole = sums(counted, Int32Array.from(counted.multiplicities));
  const strengths = new Float64Array(others.length);
  fit(counted, whole, strengths);
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

/** What the first model of each pair won, and out of what. */
interface Sums {
  readonly points: Float64Array;
  readonly totals: Float64Array;
}

function sums(counted: Tally, weights: Int32Array): Sums {
  const { offsets, pair, points, totals } = counted;
  const all = { points: new Float64Array(counted.pairs.length), totals: new Float64Array(counted.pairs.length) };
  for (let kind = 0; kind < weights.length; kind++) {
    for (let at = offsets[kind]!; at < offsets[kind + 1]!; at++) {
      all.points[pair[at]!]! += weights[kind]! * points[at]!;
      all.totals[pair[at]!]! += weights[kind]! * totals[at]!;
    }
  }
  return all;
}

/** Moves strengths to the optimum, from where they are; the last model's is 0. Returns the curvature there. */
function fit({ pairs }: Tally, { points, totals }: Sums, strengths: Float64Array): Float64Array {
  const width = strengths.length;
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  const curve = (): void => {
    hessian.fill(0);
    for (let k = 0; k < width; k++) {
      gradient[k] = RIDGE * strengths[k]!;
      hessian[k * width + k] = RIDGE;
    }
    for (let at = 0; at < pairs.length; at++) {
      const [one, other] = pairs[at]!;
      const isAnchored = other === width;
      const p = sigmoid(strengths[one]! - (isAnchored ? 0 : strengths[other]!));
      const excess = totals[at]! * p - points[at]!;
      const slope = totals[at]! * p * (1 - p);
      gradient[one]! += excess;
      hessian[one * width + one]! += slope;
      if (isAnchored) continue;
      gradient[other]! -= excess;
      hessian[other * width + other]! += slope;
      hessian[one * width + other]! -= slope;
      hessian[other * width + one]! -= slope;
    }
  };
  for (let step = 0; step < 50; step++) {
    curve();
    if (newtonStep(strengths, hessian, gradient) < 1e-9) break;
  }
  curve();
  return hessian;
}

/** Ends of an interval, in log-odds, by the model's place. */
type Ends = (model: number) => readonly [low: number, high: number];

function bySandwich(counted: Tally, whole: Sums, strengths: Float64Array): Ends {
  const width = strengths.length;
  const { multiplicities, offsets, pair, pairs, points, totals } = counted;
  const inverse = inverseOf(fit(counted, whole, strengths.slice()), width);
  const scores = new Float64Array(multiplicities.length * width);
  for (let kind = 0; kind < multiplicities.length; kind++) {
    // Alike questions have alike scores: their squares add up as one score times the root of how many they are.
    const factor = Math.sqrt(multiplicities[kind]!);
    for (let at = offsets[kind]!; at < offsets[kind + 1]!; at++) {
      const [one, other] = pairs[pair[at]!]!;
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
  const summed = summing(counted);
  const drawn = new Float64Array(strengths.length);
  for (let at = 0; at < nDraws; at++) {
    draw(weights);
    drawn.set(strengths);
    fit(counted, summed(weights), drawn);
    for (let model = 0; model < drawn.length; model++) draws[model]![at] = drawn[model]!;
  }
  for (const one of draws) one.sort();
  return (model) => [quantileOfSorted(draws[model]!, 0.025), quantileOfSorted(draws[model]!, 0.975)];
}

/**
 * Like `sums`, for thousands of weights: arrays are used again, kinds that were not drawn are passed over, and totals are
 * added up once for all kinds of the same pairs with the same totals, which most often are all kinds there are.
 */
function summing(counted: Tally): (weights: Int32Array) => Sums {
  const { offsets, pair, points, totals, pairs, multiplicities } = counted;
  const shapes = new Map<string, { readonly kind: number; readonly number: number }>();
  const shapeOf = Int32Array.from(multiplicities, (_, kind) => {
    const [from, to] = [offsets[kind]!, offsets[kind + 1]!];
    const key = `${pair.subarray(from, to).join()};${totals.subarray(from, to).join()}`;
    const shape = shapes.get(key) ?? { kind, number: shapes.size };
    shapes.set(key, shape);
    return shape.number;
  });
  const shapeWeights = new Float64Array(shapes.size);
  const all = { points: new Float64Array(pairs.length), totals: new Float64Array(pairs.length) };
  return (weights) => {
    all.points.fill(0);
    all.totals.fill(0);
    shapeWeights.fill(0);
    for (let kind = 0; kind < weights.length; kind++) {
      const weight = weights[kind]!;
      if (weight === 0) continue;
      shapeWeights[shapeOf[kind]!]! += weight;
      const to = offsets[kind + 1]!;
      for (let at = offsets[kind]!; at < to; at++) all.points[pair[at]!]! += weight * points[at]!;
    }
    for (const { kind, number } of shapes.values()) {
      const to = offsets[kind + 1]!;
      for (let at = offsets[kind]!; at < to; at++) all.totals[pair[at]!]! += shapeWeights[number]! * totals[at]!;
    }
    return all;
  };
}
