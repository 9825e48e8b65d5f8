import type { RewardConfig, RlhfConfig, RuntimeConfig, SftConfig } from "../../config/resolved.ts";
import type { TrainerConfig } from "../../config/trainer.ts";
import type { OpenRlhfSettings } from "./flags.ts";
import type { CardPlace } from "./placement.ts";

/** Places that a job reads and writes, as the cluster sees them. */
export interface JobPaths {
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
  readonly pace: Pick<RuntimeConfig, "checkpointEvery" | "metricsEvery" | "gradientCheckpointing">;
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

/** Folder of the event files below {@link JobPaths.metrics}. */
export const METRICS_NAME = "stage";

/** NumPy takes no larger seed. */
const SEEDS = 2 ** 32;

type Optimizer = Pick<
  SftConfig,
  "learningRate" | "schedule" | "warmupRatio" | "weightDecay" | "maxGradNorm" | "beta1" | "beta2" | "epsilon"
>;

/** Settings that every program has alike. */
function shared(
  { paths, place, trainer, pace, ...facts }: JobFacts,
  optimizer: Optimizer,
  stepSize: number,
): OpenRlhfSettings {
  const { learningRate, schedule, warmupRatio, weightDecay, maxGradNorm, beta1, beta2, epsilon } = optimizer;
  return {
    ...paths,
    ...{ learningRate, schedule, warmupRatio, weightDecay, maxGradNorm, epsilon, stepSize },
    betas: [beta1, beta2],
    appliesChatTemplate: facts.areConversations,
    maxLength: facts.maxLength,
    seed: facts.seed % SEEDS,
    metricsName: METRICS_NAME,
    // The older one goes before the newer is whole.
    keptCheckpoints: 2,
    resume: facts.resumes,
    savePolicies: trainer.savePolicies,
    microBatchSize: microBatch(stepSize / cardsOf(place), trainer.microBatchSize),
    gradientCheckpointing: pace.gradientCheckpointing,
    zeroStage: 3,
    precision: "bf16",
    offload: place.offload,
    attention: trainer.attention,
    packs: trainer.attention.includes("flash_attention"),
  };
}

/** SFT, as `train_sft` takes it. */
export function sftSettingsOf(
  sft: Optimizer & Pick<SftConfig, "batchSize" | "gradientAccumulation" | "duration">,
  facts: JobFacts & { readonly learnsAllTurns: boolean },
): OpenRlhfSettings {
  const { areConversations, chatTemplate, pace } = facts;
  return {
    ...shared(facts, sft, sft.batchSize * sft.gradientAccumulation),
    // A number of steps is one pass over as many examples: the data has them.
    epochs: "epochs" in sft.duration ? sft.duration.epochs : 1,
    ...(areConversations
      ? {
          inputKey: "messages",
          learnsAllTurns: facts.learnsAllTurns,
          ...(chatTemplate !== undefined && { chatTemplate }),
        }
      : { inputKey: "prompt", outputKey: "response", inputTemplate: "" }),
    checkpointEvery: pace.checkpointEvery,
    metricsEvery: pace.metricsEvery,
  };
}

/** A reward model, as `train_rm` takes it. */
export function rewardSettingsOf(
  reward: Optimizer & Pick<RewardConfig, "batchSize" | "gradientAccumulation" | "epochs" | "margin">,
  facts: JobFacts & { readonly heldOutData?: string | undefined },
): OpenRlhfSettings {
  const { areConversations, chatTemplate, heldOutData, pace } = facts;
  return {
    ...shared(facts, reward, reward.batchSize * reward.gradientAccumulation),
    epochs: reward.epochs,
    margin: reward.margin,
    lossInF32: true,
    ...(heldOutData !== undefined && { heldOutData }),
    ...(areConversations && chatTemplate !== undefined && { chatTemplate }),
    checkpointEvery: pace.checkpointEvery,
    metricsEvery: pace.metricsEvery,
  };
}

/** An arm's settings that PPO reads. */
type Arm = Optimizer &
  Pick<RlhfConfig, "minibatchSize" | "gradientAccumulation" | "ppoEpochs" | "batchSize" | "beta" | "klKind" | "gamma"> &
  Pick<
    RlhfConfig,
    "lambda" | "clipRange" | "clipRangeValue" | "entropyCoefficient" | "scoreClip" | "temperature" | "topP"
  >;

/** PPO, as `train_ppo_ray` takes it; the reference has no flag, and goes in by the wrapper. */
export function ppoSettingsOf(
  arm: Arm,
  facts: JobFacts & { readonly reward: string; readonly maxNewTokens: number },
): OpenRlhfSettings {
  const { place, trainer, pace } = facts;
  const { batchSize, beta, klKind, gamma, lambda, clipRange, clipRangeValue, entropyCoefficient } = arm;
  if (klKind !== "kl" && klKind !== "mse" && klKind !== "k3")
    throw new RangeError(`openrlhf: klKind ${klKind} was not refused`);
  return {
    ...shared(facts, arm, arm.minibatchSize * arm.gradientAccumulation),
    reward: facts.reward,
    inputKey: "prompt",
    ...{ batchSize, beta, klKind, gamma, lambda, clipRange, clipRangeValue, entropyCoefficient },
    ...{ scoreClip: arm.scoreClip, temperature: arm.temperature, topP: arm.topP },
    epochs: arm.ppoEpochs,
    estimator: "gae",
    samplesPerPrompt: 1,
    maxNewTokens: facts.maxNewTokens,
    checkpointEvery: Math.max(1, Math.round(pace.checkpointEvery / ITERATION_IN_STEPS)),
    metricsEvery: 1,
    saveCritic: trainer.saveCritic,
    ...{ nodes: place.nodes, cardsPerNode: place.cardsPerNode, tensorParallel: place.tensorParallel },
    sharesCards: true,
    sleeps: true,
    samplers: cardsOf(place) / place.tensorParallel,
    samplingMemory: trainer.samplingMemory,
    syncBackend: "nccl",
  };
}

/** An iteration of RLHF counts as so many steps where checkpoints are counted. */
const ITERATION_IN_STEPS = 10;

/** Cards of a place. */
export function cardsOf({ nodes, cardsPerNode }: Pick<CardPlace, "nodes" | "cardsPerNode">): number {
  return nodes * cardsPerNode;
}

/** The most sequences at a time, up to a number, that divide those of a card: DeepSpeed takes no others. */
function microBatch(perCard: number, most: number): number {
  let size = Math.min(most, perCard);
  while (perCard % size !== 0) size -= 1;
  return size;
}
