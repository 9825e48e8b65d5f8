import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { answersBenchmark, pairsOn } from "./contestants.ts";
import { sftNamesOf } from "./names.ts";
import type { ArmConfig, RunConfig } from "./resolved.ts";
import { configAt } from "./sweeps/variants.ts";

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

/** A source that was found to have fewer records than a setting asks for. */
export interface FewerRecords {
  readonly path: readonly (string | number)[];
  readonly there: number;
  readonly from: string;
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
  const { model, sft, reward } = config;
  const isNew = "architecture" in model;
  const rewardPairs = reward.checkpoint === undefined ? pairsOf(config) : undefined;
  return {
    headSize: isNew ? model.architecture.hiddenSize / model.architecture.nHeads : undefined,
    pretrainSteps: isNew ? model.pretrain.steps : 0,
    sftSteps: "steps" in sft.duration ? sft.duration.steps : stepsOf(sft.examples, { ...sft, ...sft.duration }),
    rewardPairs,
    rewardSteps: stepsOf(rewardPairs?.train, reward),
    arms: Object.fromEntries(
      Object.entries(config.arms).map(([name, arm]) => [name, armSizes(arm, pairsOf(configAt(config, name))?.train)]),
    ),
    comparisons: judgedPairs(config),
  };
}

function pairsOf({ reward: { pairs, heldOut } }: RunConfig): ReturnType<typeof splitPairs> | undefined {
  return pairs === undefined ? undefined : splitPairs(pairs, heldOut);
}

/** Most answers of a model over all benchmarks: a file that is not counted in `short` may hold fewer questions. */
export function answersAModel(
  { data, evaluation }: Pick<RunConfig, "data" | "evaluation">,
  short: readonly FewerRecords[] = [],
): number {
  const answers = evaluation.benchmarks.map((name) => {
    const own = data?.benchmarks[name];
    const from = typeof own === "object" ? own.from : own;
    const turns = typeof own === "object" && own.kind !== undefined ? benchmarkKind(own.kind).turns : 1;
    return turns * promptsThere(["evaluation", "prompts"], evaluation.prompts, { short, from });
  });
  return answers.reduce((sum, one) => sum + one, 0);
}

/** Most pairs of answers that are judged, over all base seeds, pairs and benchmarks. */
export function judgedPairs(
  config: Pick<RunConfig, "data" | "evaluation" | "seeds">,
  short: readonly FewerRecords[] = [],
): number {
  const { evaluation, seeds } = config;
  const onEach = evaluation.benchmarks.map((benchmark) => {
    const nPairs = pairsOn(benchmark, evaluation).length;
    return nPairs * answersAModel({ ...config, evaluation: { ...evaluation, benchmarks: [benchmark] } }, short);
  });
  return seeds.length * onEach.reduce((sum, one) => sum + one, 0);
}

/** Prompts that a setting comes to: as many as it asks for, or as its source was found to have. */
export function promptsThere(
  path: readonly string[],
  asked: number,
  { short, from }: { readonly short: readonly FewerRecords[]; readonly from?: string | undefined },
): number {
  const found = short.find((one) => one.path.join(".") === path.join(".") && (from === undefined || one.from === from));
  return found === undefined ? asked : Math.min(asked, found.there);
}

/**
 * Fewest stages that a run can have: one for each SFT, soup and β of an arm, and for each model's answers and each pair's
 * judgments. How many there are is for the recipe to say, which an editor does not build while somebody types.
 */
export function fewestStages(config: RunConfig): number {
  const { seeds, soups, arms, evaluation } = config;
  const { benchmarks, contestants = {} } = evaluation;
  const nMixed = sftNamesOf(config).length + Object.keys(soups).length;
  const trained = nMixed + Object.values(arms).reduce((sum, { betas }) => sum + betas.length, 0);
  const answering = 1 + nMixed + Object.keys(arms).length;
  const evaluated = benchmarks.map((benchmark) => {
    const others = Object.keys(contestants).filter((name) => answersBenchmark(evaluation, name, benchmark));
    return answering + others.length + pairsOn(benchmark, evaluation).length;
  });
  return seeds.length * (trained + evaluated.reduce((sum, one) => sum + one, 0));
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
