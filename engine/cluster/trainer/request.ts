import type { RewardConfig, RlhfConfig, RuntimeConfig, SftConfig } from "../../config/resolved.ts";
import type { TrainerConfig } from "../../config/trainer.ts";
import type { CardPlace } from "./cards.ts";

/** Places that a job reads and writes, as the cluster sees them. */
export interface JobPaths {
  /** The job's own folder. */
  readonly folder: string;
  /** Where the training starts: a Hugging Face folder. */
  readonly model: string;
  readonly data: string;
  /** The finished model. */
  readonly output: string;
  /** A stopped job resumes from it. */
  readonly checkpoints: string;
  /** Folder of TensorBoard's event files. */
  readonly metrics: string;
}

/** Everything about a stage but its own settings. */
export interface JobFacts {
  readonly paths: JobPaths;
  readonly place: CardPlace;
  readonly trainer: Pick<
    TrainerConfig,
    "microBatchSize" | "samplingMemory" | "attention" | "savePolicies" | "saveCritic"
  >;
  readonly pace: Pick<RuntimeConfig, "checkpointEvery" | "metricsEvery"> & { readonly gradientCheckpointing: boolean };
  /** Of all that is random. */
  readonly seed: number;
  /** Tokens of the longest sequence, prompt and response together. */
  readonly maxLength: number;
  /** True if data are conversations, which the model's chat template renders. */
  readonly areConversations: boolean;
  /** A chat template in place of the model's own. */
  readonly chatTemplate?: string | undefined;
  /** True if there is a checkpoint to go on from. */
  readonly resumes: boolean;
}

/** Settings of an optimizer, the same in every kind of stage. */
export type Optimizer = Pick<
  SftConfig,
  "learningRate" | "schedule" | "warmupRatio" | "weightDecay" | "maxGradNorm" | "beta1" | "beta2" | "epsilon"
>;

/** Settings of an SFT that a trainer reads. */
export type SftRequest = Optimizer & Pick<SftConfig, "batchSize" | "gradientAccumulation" | "duration">;

/** Settings of a reward model that a trainer reads. */
export type RewardRequest = Optimizer & Pick<RewardConfig, "batchSize" | "gradientAccumulation" | "epochs" | "margin">;

/** Settings of an arm that PPO reads. */
export type ArmRequest = Optimizer &
  Pick<RlhfConfig, "minibatchSize" | "gradientAccumulation" | "ppoEpochs" | "batchSize" | "beta" | "klKind" | "gamma"> &
  Pick<
    RlhfConfig,
    | "lambda"
    | "clipRange"
    | "clipRangeValue"
    | "entropyCoefficient"
    | "scoreClip"
    | "temperature"
    | "topP"
    | "critic"
    | "whitenAdvantages"
  >;

/** A training that a job is to be made of. */
export type TrainingRequest =
  | {
      readonly kind: "sft";
      readonly settings: SftRequest;
      readonly facts: JobFacts & { readonly learnsAllTurns: boolean };
    }
  | {
      readonly kind: "reward";
      readonly settings: RewardRequest;
      readonly facts: JobFacts & { readonly heldOutData?: string | undefined };
    }
  | { readonly kind: "rlhf"; readonly settings: ArmRequest; readonly facts: PpoFacts };

/** Everything about a training by PPO but its own settings. */
export interface PpoFacts extends JobFacts {
  /** Folders of the models that hold the policy, and that score it. */
  readonly reference: string;
  readonly reward: string;
  readonly maxNewTokens: number;
}

/** Folder of the event files below {@link JobPaths.metrics}. */
export const METRICS_NAME = "stage";

/** Checkpoints that are kept: the older one goes before the newer is whole. */
export const KEPT_CHECKPOINTS = 2;

/** NumPy takes no larger seed. */
const SEEDS = 2 ** 32;

/** An iteration of RLHF counts as so many steps where checkpoints are counted. */
const ITERATION_IN_STEPS = 10;

/** Settings that every program of a trainer has alike; those of an optimizer, too. */
export function sharedSettings(
  { paths, trainer, pace, ...facts }: JobFacts,
  optimizer: Optimizer,
  { stepSize, cards }: { readonly stepSize: number; readonly cards: number },
): SharedSettings {
  const { learningRate, schedule, warmupRatio, weightDecay, maxGradNorm, beta1, beta2, epsilon } = optimizer;
  const { folder: _own, ...places } = paths;
  return {
    ...places,
    ...{ learningRate, schedule, warmupRatio, weightDecay, maxGradNorm, epsilon, stepSize },
    betas: [beta1, beta2],
    maxLength: facts.maxLength,
    seed: facts.seed % SEEDS,
    metricsName: METRICS_NAME,
    keptCheckpoints: KEPT_CHECKPOINTS,
    resume: facts.resumes,
    savePolicies: trainer.savePolicies,
    microBatchSize: microBatch(stepSize / cards, trainer.microBatchSize),
    precision: "bf16",
    attention: trainer.attention,
    checkpointEvery: pace.checkpointEvery,
    metricsEvery: pace.metricsEvery,
  };
}

/** Settings of {@link sharedSettings}. */
export interface SharedSettings extends Omit<JobPaths, "folder">, Omit<Optimizer, "beta1" | "beta2"> {
  readonly betas: readonly [number, number];
  readonly stepSize: number;
  readonly maxLength: number;
  readonly seed: number;
  readonly metricsName: string;
  readonly keptCheckpoints: number;
  readonly resume: boolean;
  readonly savePolicies: boolean;
  readonly microBatchSize: number;
  readonly precision: string;
  readonly attention: string;
  readonly checkpointEvery: number;
  readonly metricsEvery: number;
}

/** Settings of an arm that every trainer takes as they are, and the pace of its iterations. */
export function sharedArmSettings(arm: ArmRequest, { pace, maxNewTokens }: PpoFacts): SharedArmSettings {
  const { batchSize, beta, klKind, gamma, lambda, clipRange, clipRangeValue, entropyCoefficient } = arm;
  if (klKind !== "kl" && klKind !== "mse" && klKind !== "k3")
    throw new RangeError(`trainer: klKind ${klKind} was not refused`);
  return {
    inputKey: "prompt",
    ...{ batchSize, beta, klKind, gamma, lambda, clipRange, clipRangeValue, entropyCoefficient },
    ...{ scoreClip: arm.scoreClip, temperature: arm.temperature, topP: arm.topP },
    epochs: arm.ppoEpochs,
    estimator: "gae",
    samplesPerPrompt: 1,
    maxNewTokens,
    checkpointEvery: Math.max(1, Math.round(pace.checkpointEvery / ITERATION_IN_STEPS)),
    metricsEvery: 1,
    sharesCards: true,
    syncBackend: "nccl",
  };
}

/** Settings of {@link sharedArmSettings}. */
export interface SharedArmSettings extends Pick<
  ArmRequest,
  "batchSize" | "beta" | "gamma" | "lambda" | "clipRange" | "clipRangeValue" | "entropyCoefficient"
> {
  readonly inputKey: string;
  readonly klKind: "kl" | "mse" | "k3";
  readonly scoreClip: number;
  readonly temperature: number;
  readonly topP: number;
  readonly epochs: number;
  readonly estimator: string;
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly checkpointEvery: number;
  readonly metricsEvery: number;
  readonly sharesCards: boolean;
  readonly syncBackend: string;
}

/** The most sequences at a time, up to a number, that divide those of a card: trainers take no others. */
function microBatch(perCard: number, most: number): number {
  let size = Math.min(most, perCard);
  while (perCard % size !== 0) size -= 1;
  return size;
}
