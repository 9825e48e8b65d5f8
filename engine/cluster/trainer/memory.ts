import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { Trainer } from "./trainer.ts";

/** Shape of a model, as far as memory goes by it. */
export interface ModelSize {
  readonly parameters: number;
  readonly nLayers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
}

/** A stage as its memory is estimated. */
export interface SizedStage extends ModelSize {
  readonly kind: TrainedKind;
  /** Tokens of the longest sequence. */
  readonly length: number;
  /** Sequences that a card works on at a time. */
  readonly microBatchSize: number;
  readonly gradientCheckpointing: boolean;
}

/** Weights in bf16. */
const WEIGHT = 2;
/** Master weights and two moments in f32, of this engine. */
const ADAM = 12;
/** Context, communication, and the layers that ZeRO gathers, bytes. */
const OVERHEAD = 4 * 2 ** 30;
/** Share of a card that may be planned for: the estimates are rough, and none was measured. */
const PLANNED_SHARE = 0.9;

/** How a stage's models are spread. */
export interface Spread {
  readonly cards: number;
  /** Adam's state is in the machines' memory. */
  readonly offload: boolean;
}

/**
 * Memory that a card needs for a trainer's models, bytes: weights, gradients and Adam's state spread over all cards, and
 * activations.
 */
export function trainingBytes(
  { memory }: Pick<Trainer, "memory">,
  stage: SizedStage,
  { cards, offload }: Spread,
): number {
  return (memory.perParameter(stage.kind, offload) * stage.parameters) / cards + activationBytes(stage) + OVERHEAD;
}

/** Memory that a card needs beside vLLM's own while it samples, bytes: both trained models sleep, but for their weights. */
export function besideSamplingBytes({ parameters }: Pick<ModelSize, "parameters">, { cards }: Spread): number {
  return (4 * WEIGHT * parameters) / cards + OVERHEAD;
}

/**
 * Activations of a step. Of a layer, 34 bytes a token and channel, or 2 where it is computed again.
 *
 * Korthikanti et al. 2022 (arXiv:2205.05198), equation 2, without the attention's matrix, which flash attention never has.
 */
function activationBytes(stage: SizedStage): number {
  const { nLayers, hiddenSize, vocabularySize, length, microBatchSize, gradientCheckpointing } = stage;
  const blocks = gradientCheckpointing ? 2 * nLayers + 34 : 34 * nLayers;
  // Logits in bf16, in f32, and their gradient.
  const logits = stage.kind === "reward" ? 0 : 10 * vocabularySize;
  return microBatchSize * length * (blocks * hiddenSize + logits);
}

/** Memory of a card that holds a model by itself, to score by, bytes. */
export function scoringBytes({ parameters }: Pick<ModelSize, "parameters">): number {
  return WEIGHT * parameters + OVERHEAD;
}

/** Memory of a card that a stage of this engine takes, bytes, where it was not planned itself: f32 masters, bf16 copies. */
export function ownBytes(stage: SizedStage): number {
  const held = 4 * WEIGHT + ADAM - 2 + (stage.kind === "rlhf" ? 2 * WEIGHT : 0);
  return held * stage.parameters + activationBytes(stage) + 2 ** 30;
}

/** Memory of a card of so many gigabytes that may be planned for. */
export function plannedBytes(gigabytes: number): number {
  return PLANNED_SHARE * gigabytes * 2 ** 30;
}

/** Cards that hold one copy of the policy in the share of their memory that sampling has, with room for the sequences. */
export function samplingCards({ parameters }: Pick<ModelSize, "parameters">, bytes: number): number {
  const least = Math.ceil((WEIGHT * parameters) / (SAMPLING_WEIGHTS * bytes));
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)));
}

/** Share of vLLM's memory that weights may take; the rest is for keys and values. */
const SAMPLING_WEIGHTS = 0.7;
