import type { Generation, ModelConfig, TensorStream, Weights, WeightsSource } from "../models/index.ts";
import type { DataPosition, RestoredTrainState, SavedTrainState } from "../training/index.ts";
import type { KlController } from "./klController.ts";
import { CRITIC } from "./ppoStep.ts";
import type { RunningMoments } from "./runningMoments.ts";

/** A model's shape and its weights. */
export interface Model<W = TensorStream<Float32Array>> {
  readonly config: ModelConfig;
  readonly weights: W;
}

/** A model that is only read. One whose weights are a source is on the device only while it scores. */
export type ScoringModel = Model<TensorStream | WeightsSource>;

/** The models of a PPO training. All share the policy's tokenizer, but a reward model that is given `sequencesOf`. */
export interface PpoModels {
  /**
   * Weights below those of all the others, which then are what each changes or adds: A and B of an adapter, a head. Held
   * once, and not trained.
   */
  readonly base?: TensorStream;
  /** The policy's start; with a value head when the critic is one. */
  readonly policy: Model;
  /** References: one model is PPO or, when it is a soup, SALSA; several are MKL (SALSA eq. 5). One that moves is a stream. */
  readonly references: readonly ScoringModel[];
  readonly reward: ScoringModel & {
    /** Rollouts as the reward model reads them, given each one's prompt; their own ids unless given. */
    readonly sequencesOf?: (
      prompts: readonly number[],
      generation: Generation,
    ) => Promise<readonly (readonly number[])[]> | readonly (readonly number[])[];
  };
  /** A separate critic's start; with a value head. */
  readonly critic?: Model;
}

/** State from which an interrupted training resumes. */
export interface SavedPpo {
  readonly iteration: number;
  readonly controller: KlController;
  readonly moments: RunningMoments;
  readonly prompts: DataPosition;
  readonly train: SavedTrainState;
  /** The reference, where it moves. */
  readonly reference?: Weights;
}

/** The same on its way to a device. */
export interface RestoredPpo extends Omit<SavedPpo, "train" | "reference"> {
  readonly train: RestoredTrainState;
  readonly reference?: TensorStream<Float32Array>;
}

/** Everything of a saved state but its tensors. */
export interface PpoPosition extends Omit<SavedPpo, "train" | "reference"> {
  readonly optimizerStep: number;
}

/** Before the names of a moving reference's tensors in a saved state. */
export const REFERENCE = "reference.";

/** The models with the reference as it was when the training was interrupted. */
export function withReference(models: PpoModels, reference: TensorStream<Float32Array> | undefined): PpoModels {
  const [first] = models.references;
  return reference === undefined || first === undefined
    ? models
    : { ...models, references: [{ config: first.config, weights: reference }] };
}

/** Weights that training begins with: the policy's, and a separate critic's under its own names. */
export function* startWeights({ policy, critic }: PpoModels): TensorStream<Float32Array> {
  yield* policy.weights;
  for (const [name, tensor] of critic?.weights ?? []) yield [CRITIC + name, tensor];
}
