import type { Advantages } from "./advantages.ts";
import { meanSequenceKl, sequenceKl } from "./kl.ts";
import { type Floats, maskedMean, maskedVariance, type RolloutShape } from "./rollout.ts";

/** Metrics of one batch of rollouts, known before it is learned from. KL and entropy are per sequence, in nats. */
export const ROLLOUT_METRICS = [
  "objective/kl",
  "objective/beta",
  "objective/entropy",
  "objective/score",
  "objective/scoreStd",
  "objective/nonScoreReward",
  "rollout/length",
  "rollout/eosRate",
  "policy/advantagesMean",
  "returns/mean",
  "returns/variance",
  "value/mean",
  "value/variance",
  "value/explainedVariance",
] as const;
export type RolloutMetric = (typeof ROLLOUT_METRICS)[number];

/** A sampled and scored batch. */
export interface ScoredRollout {
  /** log π of the sampled tokens, `[B, R]`. */
  readonly logprobs: Floats;
  /** Per-token KL, `[B, R]`. */
  readonly kl: Floats;
  /** Scores before processing, `[B]`. */
  readonly scores: Floats;
  /** 1 on response tokens, `[B, R]`. */
  readonly mask: Floats;
  /** 1 for responses that end with eos, `[B]`. */
  readonly ended: readonly boolean[];
  readonly beta: number;
  readonly learned: Advantages;
}

/** Sums up a batch of rollouts in the manner of TRL 0.11's `record_step_stats`. */
export function rolloutStatistics(
  { logprobs, kl, scores, mask, ended, beta, learned }: ScoredRollout,
  shape: RolloutShape,
): Readonly<Record<RolloutMetric, number>> {
  const ones = new Float64Array(scores.length).fill(1);
  const nTokens = total(mask);
  return {
    "objective/kl": meanSequenceKl(kl, mask, shape),
    "objective/beta": beta,
    "objective/entropy": -mean(sequenceKl(logprobs, mask, shape)),
    "objective/score": mean(scores),
    "objective/scoreStd": scores.length < 2 ? 0 : Math.sqrt(maskedVariance(scores, ones)),
    "objective/nonScoreReward": -beta * maskedMean(kl, mask),
    "rollout/length": nTokens / shape.B,
    "rollout/eosRate": ended.filter(Boolean).length / ended.length,
    "policy/advantagesMean": maskedMean(learned.advantages, mask),
    "returns/mean": maskedMean(learned.returns, learned.valueMask),
    "returns/variance": maskedVariance(learned.returns, learned.valueMask),
    "value/mean": maskedMean(learned.values, learned.valueMask),
    "value/variance": maskedVariance(learned.values, learned.valueMask),
    "value/explainedVariance": explainedVariance(learned.values, learned.returns, learned.valueMask),
  };
}

/**
 * 1 − mean (v − ret)² / var(ret) over the mask, as TRL's `var_explained`; 0 where returns do not vary.
 */
export function explainedVariance(values: Floats, returns: Floats, mask: Floats): number {
  const variance = maskedVariance(returns, mask);
  if (variance === 0) return 0;
  const errors = Float64Array.from(values, (value, at) => (value - returns[at]!) ** 2);
  return 1 - maskedMean(errors, mask) / variance;
}

function mean(x: Floats): number {
  return total(x) / x.length;
}

function total(x: Floats): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum;
}
