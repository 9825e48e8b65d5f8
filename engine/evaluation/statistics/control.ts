import { studentQuantile } from "../../figures/distributions.ts";
import type { Clusters, Dependence } from "./clusters.ts";
import { type Design, type LogisticFit, logisticRegression, sandwich, sigmoid } from "./logistic.ts";
import type { Interval } from "./mean.ts";

/** One observation's worth of pull to 0, so that a clean sweep keeps a finite estimate. */
const RIDGE = 0.1;

/** Judged pairs as a controlled rate sees them. */
export interface Controlled {
  /** Points of a: 1, ½ or 0, or how sure the judge is that a is better. */
  readonly points: readonly number[];
  /** By what a's answers differ from b's: one list a property, 0 where both are alike. */
  readonly gaps: readonly (readonly number[])[];
  /** Which of them depend on each other. */
  readonly dependence: Dependence;
}

/**
 * Win rate that would be seen if both answers were alike in some properties: σ(θ) of logit P(a wins) = θ + Σ φ_k·gap_k,
 * with the 95 % interval of the clustered sandwich around θ: by question, over several seeds by question and seed, with
 * Student's t (as in `winRate`).
 *
 * @returns `undefined` where that cannot be decided: of fewer than two pairs, or where a property differs by the same in all
 *   pairs, so that its effect cannot be separated from theirs.
 */
export function controlledRate(pairs: Controlled): Interval | undefined {
  const { points, gaps } = pairs;
  if (points.length < 2 || gaps.some(isConstant)) return undefined;
  const varying = gaps.filter((gap) => gap.some((value) => value !== 0));
  const design = designOf(points, varying);
  const fit = logisticRegression(design, RIDGE);
  const theta = fit.coefficients[0]!;
  const half = halfWidth(design, fit, pairs);
  return { estimate: sigmoid(theta), low: sigmoid(theta - half), high: sigmoid(theta + half) };
}

/** Half the width of θ's interval. */
function halfWidth(design: Design, fit: LogisticFit, { dependence }: Controlled): number {
  const by = (clusters: Clusters): number => sandwich(design, fit, clusters)[0]!;
  const { questions, seeds, both } = dependence;
  const byQuestion = by(questions);
  if (seeds.count < 2) return studentQuantile(0.95, Infinity) * Math.sqrt(byQuestion);
  const bySeed = by(seeds);
  const variance = Math.max(bySeed + byQuestion - by(both), bySeed, byQuestion);
  return studentQuantile(0.95, seeds.count - 1) * Math.sqrt(variance);
}

/** The same in every pair, and not 0. */
function isConstant(gap: readonly number[]): boolean {
  const [first = 0] = gap;
  return first !== 0 && gap.every((value) => value === first);
}

function designOf(points: readonly number[], gaps: readonly (readonly number[])[]): Design {
  const width = 1 + gaps.length;
  const x = new Float64Array(points.length * width);
  for (let row = 0; row < points.length; row++) {
    x[row * width] = 1;
    for (const [k, gap] of gaps.entries()) x[row * width + 1 + k] = gap[row]!;
  }
  return { x, y: Float64Array.from(points), width };
}
