import type { Recomputation } from "../compute/graph/recompute.ts";
import type { OptimizerSettings, ScheduleKind } from "../training/index.ts";
import type { AdvantageSettings } from "./advantages.ts";
import type { KlKind } from "./kl.ts";
import type { KlController } from "./klController.ts";
import type { MovingReference } from "./movingReference.ts";
import type { PpoLossSettings } from "./ppoLoss.ts";
import type { ScoreSettings } from "./scores.ts";

/** Settings of a PPO training beyond its models and prompts. */
export interface PpoSettings {
  readonly iterations: number;
  /** Rollouts per iteration. */
  readonly batchSize: number;
  /** Rollouts per forward and backward pass. */
  readonly minibatchSize: number;
  /** Minibatches per optimizer step; their losses are averaged, each alike whatever its tokens (as in TRL 0.11). */
  readonly gradientAccumulation: number;
  readonly ppoEpochs: number;
  /** Longest prompt, Q tokens. */
  readonly queryLength: number;
  /** Longest response, R tokens. */
  readonly responseLength: number;
  /** Divides the logits in sampling and in log-probs alike. */
  readonly temperature: number;
  /** 0 is off. */
  readonly topK: number;
  /** 1 is off. */
  readonly topP: number;
  readonly eos: readonly number[];
  readonly pad: number;
  readonly klKind: KlKind;
  /** Several references: the mean of the KLs, or the KL to their geometric mean; the first unless given. */
  readonly referenceMix?: "meanKl" | "logSpace";
  /** How the one reference follows the policy; it stays unless given. */
  readonly moving?: MovingReference;
  readonly klController: KlController;
  /** Each response's penalty is scaled by the batch's mean length over its own; it is not unless given. */
  readonly betaByLength?: boolean;
  readonly score: ScoreSettings;
  readonly advantages: AdvantageSettings;
  readonly loss: PpoLossSettings;
  readonly critic: "valueHead" | "separate";
  readonly optimizer: OptimizerSettings;
  /** Results of the forward pass that the backward pass computes again: those of cheap ops unless given. */
  readonly recomputation?: Recomputation | undefined;
  readonly learningRate: number;
  readonly schedule: ScheduleKind;
  readonly warmupRatio: number;
  readonly seed: number;
}

/** Optimizer steps in one iteration. */
export function stepsPerIteration(settings: PpoSettings): number {
  const { batchSize, minibatchSize, gradientAccumulation, ppoEpochs } = settings;
  return (ppoEpochs * batchSize) / (minibatchSize * gradientAccumulation);
}
