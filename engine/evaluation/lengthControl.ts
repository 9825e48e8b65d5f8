// Kept for the evaluation issue: length-controlled win rates.
import { logisticRegression, type Observation, sigmoid } from "./logistic.ts";
import { mean, variance } from "./statistics.ts";
import type { Comparison } from "./winRates.ts";

/** One observation's worth of pull to 0, so that a clean sweep keeps a finite estimate. */
const RIDGE = 0.1;

/**
 * Adjusted win rate that would be seen if both answers were equally long: σ(θ) of
 * logit P(a wins) = θ + φ·tanh(Δlength / std Δlength).
 *
 * After length-controlled AlpacaEval (Dubois et al. 2024, arXiv:2404.04475), without its per-instruction term, which
 * needs a leaderboard of models to fit.
 *
 * @returns `undefined` when fewer than two comparisons carry lengths.
 */
export function lengthControlledRate(comparisons: readonly Comparison[]): number | undefined {
  const points = { win: 1, tie: 0.5, loss: 0 } as const;
  const seen = comparisons.flatMap(({ outcome, lengths }) =>
    outcome === "dropped" || lengths === undefined ? [] : [{ y: points[outcome], gap: lengths[0] - lengths[1] }],
  );
  if (seen.length < 2) return undefined;
  const gaps = seen.map(({ gap }) => gap);
  const spread = Math.sqrt(variance(gaps));
  if (spread === 0 && mean(gaps) === 0) return mean(seen.map(({ y }) => y));
  const observations = seen.map(({ y, gap }): Observation => ({
    x: [1, Math.tanh(gap / (spread || Math.abs(gap)))],
    y,
    weight: 1,
  }));
  return sigmoid(logisticRegression(observations, RIDGE)[0] ?? NaN);
}
