import type { Tensor } from "../compute/graph/tensor.ts";
import { clipFraction, meanOver, policyLoss } from "./policyLoss.ts";
import { valueClipFraction, valueLoss } from "./valueLoss.ts";

/** Inputs of the loss, `[B, R]` each. Padding must hold finite numbers. */
export interface PpoTensors {
  /** log π of the response tokens under the policy being trained. */
  readonly logprobs: Tensor;
  /** The same under the policy that sampled. */
  readonly oldLogprobs: Tensor;
  readonly advantages: Tensor;
  /** Values being trained. */
  readonly values: Tensor;
  /** Values at sampling time. */
  readonly oldValues: Tensor;
  readonly returns: Tensor;
  /** 1 up to and including eos. */
  readonly mask: Tensor;
  /** Tokens in the value loss; `mask` when the score is paid on the last token. */
  readonly valueMask: Tensor;
  /** Entropy of the policy at each token, nats. */
  readonly entropy: Tensor;
}

/** Settings of the PPO loss, named and defaulted as TRL 0.11's where it has them. */
export interface PpoLossSettings {
  /** `cliprange`. */
  readonly clip: number;
  /** `cliprange_value`. */
  readonly valueClip: number;
  /** `vf_coef`. */
  readonly valueCoefficient: number;
  /** Weight of the entropy bonus; TRL has none. */
  readonly entropyCoefficient: number;
  /** Mean ratio above which a minibatch is not learned from (`ratio_threshold`). */
  readonly ratioThreshold: number;
}

/** Metrics of one minibatch that the step's program returns beside the loss. */
export const PPO_METRICS = [
  "loss/policy",
  "loss/value",
  "loss/total",
  "policy/approxKl",
  "policy/policyKl",
  "policy/clipFraction",
  "policy/ratio",
  "policy/skipped",
  "policy/entropy",
  "value/clipFraction",
  "value/error",
  "value/prediction",
] as const;
export type PpoMetric = (typeof PPO_METRICS)[number];

/**
 * Log-ratios are held below this. A ratio of e^20 on one token lifts the mean over the threshold long before, and
 * a finite ratio keeps the zeroed loss from being 0·∞, which TRL's is.
 */
const MAX_LOG_RATIO = 20;

/**
 * The PPO loss of a minibatch: policy + coefficient·value − coefficient·entropy, all multiplied by 0 when the mean
 * ratio exceeds the threshold (the optimizer steps all the same).
 *
 * Source: TRL 0.11 `PPOTrainer.loss`. Its `loss/value` before the coefficient, as there.
 *
 * @returns The loss and the metrics, each `[]`.
 */
export function ppoLoss(
  tensors: PpoTensors,
  settings: PpoLossSettings,
): { readonly loss: Tensor; readonly metrics: Readonly<Record<PpoMetric, Tensor>> } {
  const { advantages, values, oldValues, returns, mask, valueMask } = tensors;
  const logRatio = tensors.logprobs.sub(tensors.oldLogprobs).mul(mask); // [B, R]
  const ratio = logRatio.minimum(MAX_LOG_RATIO).exp();
  const meanRatio = meanOver(mask, ratio);
  const learned = meanRatio.lessEqual(settings.ratioThreshold); // 1 or 0

  const policy = policyLoss(ratio, advantages, mask, settings.clip).mul(learned);
  const value = valueLoss(values, oldValues, returns, valueMask, settings.valueClip).mul(learned);
  const entropy = meanOver(mask, tensors.entropy);
  const taught = policy.add(value.mul(settings.valueCoefficient));
  const { entropyCoefficient } = settings;
  const loss = entropyCoefficient === 0 ? taught : taught.sub(entropy.mul(learned).mul(entropyCoefficient));

  return {
    loss,
    metrics: {
      "loss/policy": policy,
      "loss/value": value,
      "loss/total": loss,
      "policy/approxKl": meanOver(mask, logRatio.square()).mul(0.5),
      "policy/policyKl": meanOver(mask, logRatio).neg(),
      "policy/clipFraction": clipFraction(ratio, advantages, mask, settings.clip),
      "policy/ratio": meanRatio,
      "policy/skipped": learned.neg().add(1),
      "policy/entropy": entropy,
      "value/clipFraction": valueClipFraction(values, oldValues, returns, valueMask, settings.valueClip),
      "value/error": meanOver(valueMask, values.sub(returns).square()),
      "value/prediction": meanOver(valueMask, values),
    },
  };
}
