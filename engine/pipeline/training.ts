import type { Backend } from "../compute/backend.ts";
import type { SequenceInputs, Weights } from "../models/index.ts";
import {
  type DataPosition,
  type OptimizerSettings,
  type SavedTrainState,
  type ScheduleKind,
  type StepChoices,
  type TrainStep,
  DataOrder,
  TrainState,
  learningRateAt,
} from "../training/index.ts";
import { loop } from "./loop.ts";
import { type Snapshot, type StageContext, recomputationOf } from "./stage.ts";

/** The settings that every stage with an optimizer has. */
export interface OptimizerConfig {
  readonly learningRate: number;
  readonly schedule: ScheduleKind;
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly gradientAccumulation: number;
  readonly batchSize: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** The part of them, and of how stages work, that programs are compiled for. */
export function stepChoices(
  { pace }: Pick<StageContext, "pace">,
  config: Omit<OptimizerConfig, "batchSize">,
): StepChoices {
  return { optimizer: optimizerOf(config), recomputation: recomputationOf(pace) };
}

function optimizerOf(config: Omit<OptimizerConfig, "batchSize">): OptimizerSettings {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = config;
  return { beta1, beta2, epsilon, weightDecay, maxGradNorm };
}

/** A training from fixed data. */
export interface TrainingSettings {
  readonly weights: Weights;
  readonly step: TrainStep;
  readonly optimizer: OptimizerConfig;
  readonly totalSteps: number;
  /** Examples in the data set, and the seed of their order. */
  readonly data: { readonly count: number; readonly seed: number };
  /** Micro-batches of the chosen examples. */
  readonly batch: (indices: readonly number[]) => readonly SequenceInputs[];
  /** Tokens of an example as it is learned from, without padding. */
  readonly tokens: (index: number) => number;
  /** Prefix of the metrics: "sft". */
  readonly metrics: string;
}

/** Trains to the end, from the last snapshot if there is one, and returns the weights. */
export async function train(context: StageContext, settings: TrainingSettings): Promise<Weights> {
  const { backend, pace } = context;
  const { optimizer, totalSteps, data, step } = settings;
  const snapshot = await context.restore();
  const state =
    snapshot === undefined
      ? TrainState.create(backend, settings.weights)
      : restoreState(backend, snapshot, settings.weights);
  const order = new DataOrder(data.count, data.seed, snapshot?.json as DataPosition | undefined);
  const { learningRate: peak, schedule: kind, warmupRatio, batchSize, gradientAccumulation } = optimizer;
  try {
    await loop(
      context,
      {
        total: totalSteps,
        saveEvery: pace.checkpointEvery,
        metricsEvery: pace.metricsEvery,
        step: async (index) => {
          const learningRate = learningRateAt({ kind, learningRate: peak, totalSteps, warmupRatio }, index);
          const chosen = order.next(batchSize * gradientAccumulation);
          const batch = settings.batch(chosen);
          const { loss, gradNorm, metrics } = await step.run(state, batch, learningRate);
          const own = { loss, gradNorm, learningRate };
          const named = Object.entries(own).map(([name, value]) => [`${settings.metrics}/${name}`, value] as const);
          const tokens = chosen.reduce((sum, example) => sum + settings.tokens(example), 0);
          return { values: { ...Object.fromEntries(named), ...metrics }, tokens };
        },
        save: async () => ({ json: { ...order.state }, tensors: flattenState(await state.save()) }),
      },
      snapshot?.step ?? 0,
    );
    return await state.read();
  } finally {
    state.release();
    step.release();
  }
}

/** A trainer's state as one list of arrays; moments have names of their own. */
export function flattenState({ weights, optimizer }: SavedTrainState): Record<string, Float32Array> {
  const all = [...weights, ...optimizer].map(([name, { data }]) => [name, data] as const);
  return Object.fromEntries(all);
}

/** The reverse of {@link flattenState}; `shapes` are any weights with the names and shapes of those saved. */
export function unflattenState(tensors: Snapshot["tensors"], step: number, shapes: Weights): SavedTrainState {
  const pick = (prefix: string): Weights =>
    new Map(
      [...shapes].map(([name, { shape }]) => {
        const data = tensors[prefix + name];
        if (data === undefined) throw new TypeError(`resume: the snapshot has no ${prefix}${name}`);
        return [prefix + name, { shape, data: data as Float32Array }] as const;
      }),
    );
  return { step, weights: pick(""), optimizer: new Map([...pick("exp_avg."), ...pick("exp_avg_sq.")]) };
}

function restoreState(backend: Backend, snapshot: Snapshot, shapes: Weights): TrainState {
  return TrainState.restore(backend, unflattenState(snapshot.tensors, snapshot.step, shapes));
}
