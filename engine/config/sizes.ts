import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import type { ArmConfig, RunConfig } from "./resolved.ts";

/** Sizes that follow from a config. Undefined where they depend on how many lines a data file has. */
export interface DerivedSizes {
  /** D, channels per attention head; undefined when the model is a checkpoint. */
  readonly headSize: number | undefined;
  /** Optimizer steps of the base model's training; 0 when it is a checkpoint. */
  readonly pretrainSteps: number;
  /** Optimizer steps of one SFT. */
  readonly sftSteps: number | undefined;
  /** Pairs the reward model learns from, and those kept back. */
  readonly rewardPairs: { readonly train: number; readonly heldOut: number } | undefined;
  readonly rewardSteps: number | undefined;
  readonly arms: Readonly<Record<string, ArmSizes>>;
  /** Judged pairs of answers over all base seeds, pairs and benchmarks. */
  readonly comparisons: number;
}

/** Sizes of one RLHF training, by its method. */
export type ArmSizes = PpoSizes | DpoSizes;

export interface DpoSizes {
  /** Pairs that are learned from in a pass. */
  readonly pairs: number | undefined;
  readonly optimizerSteps: number | undefined;
}

export interface PpoSizes {
  readonly minibatches: number;
  readonly optimizerStepsPerIteration: number;
  readonly optimizerSteps: number;
  readonly rollouts: number;
}

/** The one place where sizes are derived from settings. */
export function derivedSizes(config: RunConfig): DerivedSizes {
  const { model, sft, reward, evaluation } = config;
  const isNew = "architecture" in model;
  const isTrained = reward.checkpoint === undefined && reward.pairs !== undefined;
  const pairs = reward.pairs === undefined ? undefined : splitPairs(reward.pairs, reward.heldOut);
  const rewardPairs = isTrained ? pairs : undefined;
  return {
    headSize: isNew ? model.architecture.hiddenSize / model.architecture.nHeads : undefined,
    pretrainSteps: isNew ? model.pretrain.steps : 0,
    sftSteps: "steps" in sft.duration ? sft.duration.steps : stepsOf(sft.examples, { ...sft, ...sft.duration }),
    rewardPairs,
    rewardSteps: stepsOf(rewardPairs?.train, reward),
    arms: Object.fromEntries(Object.entries(config.arms).map(([name, arm]) => [name, armSizes(arm, pairs?.train)])),
    comparisons: config.seeds.length * evaluation.pairs.length * answersAModel(config),
  };
}

/** Most answers of a model over all benchmarks: their files may hold fewer questions. */
export function answersAModel({ data, evaluation }: Pick<RunConfig, "data" | "evaluation">): number {
  const turns = evaluation.benchmarks.map((name) => {
    const own = data?.benchmarks[name];
    return typeof own === "object" && own.kind !== undefined ? benchmarkKind(own.kind).turns : 1;
  });
  return evaluation.prompts * turns.reduce((sum, one) => sum + one, 0);
}

/** Stages of a run, those included whose artifacts are there already. */
export function stageCount({ seeds, task, model, sft, reward, soups, arms, evaluation }: RunConfig): number {
  const own = Object.values(arms).map(({ betas }) => (betas.length === 1 ? 1 : 2 * betas.length + 1));
  const nAnswering = Object.keys(evaluation.contestants ?? {}).length;
  const nModels = 1 + sft.seeds.length + Object.keys(soups).length + own.length;
  const trained = sft.seeds.length + Object.keys(soups).length + own.reduce((sum, one) => sum + one, 0);
  const base = "architecture" in model ? 1 : 0;
  const learnsPairs = reward.checkpoint === undefined || Object.values(arms).some(({ method }) => method === "dpo");
  const made = task !== undefined && learnsPairs ? 1 : 0; // of a task, its pairs are made, too
  const rewards = made + (reward.checkpoint === undefined ? 1 + (reward.seeds?.length ?? 0) : 0);
  return (
    seeds.length *
    (base + rewards + trained + evaluation.benchmarks.length * (nModels + nAnswering + evaluation.pairs.length))
  );
}

/** How many of n pairs train the reward model and how many are kept back to measure it. */
export function splitPairs(n: number, heldOut: number): { train: number; heldOut: number } {
  const kept = Math.round(n * heldOut);
  return { train: n - kept, heldOut: kept };
}

/** Width of the gated MLP when none is given: 8/3 of the hidden size, a multiple of 8. */
export function mlpWidth(hiddenSize: number): number {
  return Math.max(8, Math.floor((hiddenSize * 8) / 3 / 8) * 8);
}

interface Batches {
  readonly epochs: number;
  readonly batchSize: number;
  readonly gradientAccumulation: number;
}

/** Optimizer steps for n examples; the last, smaller batch of a pass is used too. */
function stepsOf(n: number | undefined, { epochs, batchSize, gradientAccumulation }: Batches): number | undefined {
  return n === undefined ? undefined : epochs * Math.ceil(Math.ceil(n / batchSize) / gradientAccumulation);
}

function armSizes(arm: ArmConfig, pairs: number | undefined): ArmSizes {
  if (arm.method === "dpo") {
    const { dpoEpochs: epochs, minibatchSize: batchSize, gradientAccumulation } = arm;
    return { pairs, optimizerSteps: stepsOf(pairs, { epochs, batchSize, gradientAccumulation }) };
  }
  const minibatches = arm.batchSize / arm.minibatchSize;
  const optimizerStepsPerIteration = (arm.ppoEpochs * minibatches) / arm.gradientAccumulation;
  return {
    minibatches,
    optimizerStepsPerIteration,
    optimizerSteps: arm.iterations * optimizerStepsPerIteration,
    rollouts: arm.iterations * arm.batchSize,
  };
}
