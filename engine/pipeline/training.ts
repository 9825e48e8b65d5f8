import * as z from "zod";
import { type Shape, sizeOf } from "../compute/graph/tensor.ts";
import {
  type FetchedTensor,
  type HostTensor,
  type SequenceInputs,
  type TensorStream,
  DeviceWeights,
  handOver,
} from "../models/index.ts";
import {
  type BatchShape,
  type DataPosition,
  type OptimizerSettings,
  type RestoredTrainState,
  type ScheduleKind,
  type StepChoices,
  type TokenizedExample,
  type TrainStep,
  DataOrder,
  TrainState,
  learningRateAt,
  supervisedBatches,
} from "../training/index.ts";
import { damagedSnapshot } from "../storage/snapshots.ts";
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

/** A place in the data, as snapshots hold it. */
export const positionSchema: z.ZodType<DataPosition> = z.object({
  epoch: z.int().min(0),
  position: z.int().min(0),
});

/** A training from fixed data. */
export interface TrainingSettings {
  /** Where it starts. */
  readonly weights: TensorStream<Float32Array>;
  /** Tensors of the model that only are read; none unless given. */
  readonly frozen?: TensorStream;
  readonly step: TrainStep;
  readonly optimizer: OptimizerConfig;
  readonly totalSteps: number;
  /** Examples in the data set, and the seed of their order. */
  readonly data: { readonly count: number; readonly seed: number };
  /** Micro-batches of the chosen examples. */
  readonly batch: (indices: readonly number[]) => Promise<TrainingBatch>;
  /** Prefix of the metrics: "sft". */
  readonly metrics: string;
  /** Takes the result, which stays on the device meanwhile: it is as large as a model. */
  readonly finish: (trained: Trained) => Promise<void>;
}

/** A step's share of the data. */
export interface TrainingBatch {
  readonly inputs: readonly SequenceInputs[];
  /** Tokens that are learned from, without padding. */
  readonly tokens: number;
}

/** The same of examples with a loss on their responses. */
export function supervisedBatch(examples: readonly TokenizedExample[], shape: BatchShape): TrainingBatch {
  const tokens = examples.reduce((sum, example) => sum + Math.min(example.tokens.length, shape.length), 0);
  return { inputs: supervisedBatches(examples, shape), tokens };
}

/** Result of a training. */
export interface Trained {
  /** All of the model, to compute with: what was trained, and what is frozen below it. */
  readonly device: DeviceWeights;
  /** The trained tensors, for saving. */
  readonly weights: ReadonlyMap<string, FetchedTensor>;
}

/** Trains to the end, from the last snapshot if there is one. */
export async function train(context: StageContext, settings: TrainingSettings): Promise<void> {
  const { backend, pace } = context;
  const { optimizer, totalSteps, data, step } = settings;
  const snapshot = await context.restore(positionSchema);
  const state = startState(context, settings, snapshot);
  const frozen = DeviceWeights.upload(backend, settings.frozen ?? new Map());
  const order = new DataOrder(data.count, data.seed, snapshot?.json);
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
          const { inputs, tokens } = await settings.batch(chosen);
          const { loss, gradNorm, metrics } = await step.run(state, inputs, learningRate, frozen.buffers);
          const own = { loss, gradNorm, learningRate };
          const named = Object.entries(own).map(([name, value]) => [`${settings.metrics}/${name}`, value] as const);
          return { values: { ...Object.fromEntries(named), ...metrics }, tokens };
        },
        save: () => Promise.resolve({ json: { ...order.state }, tensors: state.fetched() }),
      },
      snapshot?.step ?? 0,
    );
    step.release();
    state.finish();
    await settings.finish({ device: frozen.and(state.weights), weights: state.fetchedWeights() });
  } finally {
    state.release();
    frozen.release();
    step.release();
  }
}

/** The optimizer's state: a fresh one, or that of a snapshot. */
export function startState(
  { backend }: Pick<StageContext, "backend">,
  { weights, step }: Pick<TrainingSettings, "weights" | "step">,
  snapshot: Snapshot<unknown> | undefined,
): TrainState {
  if (snapshot === undefined) return TrainState.create(backend, weights);
  discard(weights);
  return TrainState.restore(backend, restoredState(snapshot, snapshot.step, step.parameters));
}

/** Frees weights that are not wanted after all. */
export function discard(weights: TensorStream): void {
  Array.from(weights, () => undefined);
}

/**
 * A trainer's state from a snapshot, which is empty once the device has it.
 * @throws {CheckpointError} when the snapshot lacks a tensor, or has it in another size.
 */
export function restoredState(
  snapshot: Pick<Snapshot<unknown>, "folder" | "tensors">,
  step: number,
  shapes: ReadonlyMap<string, Shape>,
): RestoredTrainState {
  const pick = (prefix: string): Map<string, HostTensor> =>
    new Map(
      [...shapes].map(([name, shape]) => {
        const data = restoredFloats(snapshot, prefix + name, shape);
        if (data === undefined) throw damagedSnapshot(`resume: there is no ${prefix}${name}`, snapshot.folder);
        return [prefix + name, { shape, data }] as const;
      }),
    );
  const moments = new Map([...pick("exp_avg."), ...pick("exp_avg_sq.")]);
  return { step, weights: handOver(pick("")), optimizer: handOver(moments) };
}

/**
 * A tensor of a snapshot; undefined where it has none of that name.
 * @throws {CheckpointError} when it is not of that shape, in f32.
 */
export function restoredFloats(
  { folder, tensors }: Pick<Snapshot<unknown>, "folder" | "tensors">,
  name: string,
  shape: Shape,
): Float32Array | undefined {
  const data = tensors[name];
  if (data === undefined) return undefined;
  if (data instanceof Float32Array && data.length === sizeOf(shape)) return data;
  throw damagedSnapshot(`resume: ${name} is not of shape ${shape.join(" × ")} in f32`, folder);
}
