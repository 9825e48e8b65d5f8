/** β stays as it is. */
export interface FixedKl {
  readonly kind: "fixed";
  readonly beta: number;
}

/**
 * β follows a KL target.
 *
 * Ziegler et al. 2019 (arXiv:1909.08593), section 2.2; TRL 0.11 `AdaptiveKLController`.
 */
export interface AdaptiveKl {
  readonly kind: "adaptive";
  readonly beta: number;
  /** Wanted KL per sequence, nats. */
  readonly target: number;
  /** Samples over which a full correction plays out. */
  readonly horizon: number;
}

/** The KL coefficient with its update rule; plain data, to be stored with a checkpoint. */
export type KlController = FixedKl | AdaptiveKl;

/** Largest relative error that one update answers. */
const MAX_ERROR = 0.2;

/**
 * The controller after a batch: β ← β·(1 + clip(KL/target − 1, ±0.2)·n/horizon).
 *
 * A KL that is not finite leaves β alone: it would make every later reward NaN.
 *
 * @param controller - State before the batch.
 * @param kl - Batch mean of the KL summed over each sequence, nats.
 * @param nSamples - Sequences in the batch.
 */
export function updateKl<C extends KlController>(controller: C, kl: number, nSamples: number): C {
  if (controller.kind === "fixed" || !Number.isFinite(kl)) return controller;
  const error = Math.min(Math.max(kl / controller.target - 1, -MAX_ERROR), MAX_ERROR);
  return { ...controller, beta: controller.beta * (1 + (error * nSamples) / controller.horizon) };
}
