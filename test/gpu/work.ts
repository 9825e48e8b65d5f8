import type { Backend } from "../../engine/compute/backend.ts";
import type { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import {
  type MeasuringTime,
  copyRates,
  fastest,
  productRate,
  timesPerSecond,
} from "../../engine/compute/backends/cuda/rates.ts";
import { type WeightType, DTYPES, WEIGHT_TYPES } from "../../engine/compute/graph/dtype.ts";
import type { Graph, Tensor } from "../../engine/compute/graph/tensor.ts";
import { gatedActivation, rmsNorm } from "../../engine/compute/ops/index.ts";
import {
  type ModelConfig,
  DeviceWeights,
  Generator,
  initializeAdapter,
  parameterCount,
  parameters,
  sequenceArrays,
  trainableParameters,
} from "../../engine/models/index.ts";
import { PpoTrainer } from "../../engine/rl/ppoTrainer.ts";
import { type StepChoices, Random, TrainState, sftStep } from "../../engine/training/index.ts";
import { TRL_SETTINGS } from "../bench/trlSettings.ts";
import { type ModelShape, type Sizes, configOf, noise, tokensOf } from "./shapes.ts";
import { inMemory } from "../inMemory.ts";

/** Numbers by their names, of one piece of work. */
export type Measured = Readonly<Record<string, number>>;

/**
 * A training step: forward, backward and AdamW over all tokens of a batch; of a shape with adapters, only those are trained,
 * over weights in bf16.
 */
export async function train(
  backend: Backend,
  shape: ModelShape,
  { recomputation, ...patience }: MeasuringTime & Pick<StepChoices, "recomputation">,
): Promise<Measured> {
  const { batch: batchSize, length } = shape;
  const config = configOf(shape);
  const step = sftStep(backend, config, { batchSize, length, optimizer: { weightDecay: 0.01 }, recomputation });
  const hasAdapter = config.adapter !== undefined;
  const frozen = hasAdapter ? DeviceWeights.upload(backend, noise(parameters(config), "bf16")) : undefined;
  const state = hasAdapter
    ? TrainState.create(backend, initializeAdapter(config, Random.of(1, "adapter")))
    : TrainState.create(backend, noise(trainableParameters(config)));
  const rows = tokensOf(batchSize, length, config.vocabularySize);
  const tokens = Int32Array.from(rows.flat());
  const inputs = {
    ...sequenceArrays({ tokens, starts: new Int32Array(batchSize) }, [...rows.keys()], batchSize),
    targets: Int32Array.from(rows.flatMap((row) => [...row.slice(1), -1])),
    tokenWeight: Float32Array.of(1 / (batchSize * (length - 1))),
  };
  const losses: number[] = [];
  try {
    const seconds = await fastest(async () => {
      losses.push((await step.run(state, [inputs], 1e-5, frozen?.buffers)).loss);
    }, patience);
    return {
      tokensPerSecond: (batchSize * length) / seconds,
      peakMiB: backend.memory.peakBytes / 2 ** 20,
      firstLoss: losses[0] ?? NaN,
      lastLoss: losses.at(-1) ?? NaN,
    };
  } finally {
    step.release();
    state.release();
    frozen?.release();
  }
}

/** Decoding of so many sequences at once, reading the prompts included; weights and caches as the engine holds them. */
export async function decode(
  backend: Backend,
  shape: ModelShape,
  { batch, query, response, ...patience }: MeasuringTime & Readonly<Record<"batch" | "query" | "response", number>>,
): Promise<Measured> {
  const { adapter: _, ...config } = configOf(shape);
  const weights = DeviceWeights.upload(backend, noise(parameters(config), "bf16"));
  const lengths = { batchSize: batch, queryLength: query, responseLength: response };
  const generator = new Generator(backend, config, { ...lengths, sampling: {}, eos: [], pad: 0 });
  const queries = tokensOf(batch, query, config.vocabularySize);
  try {
    const generate = (): Promise<unknown> => generator.generate(weights, queries, Random.of(1, "decode"));
    const seconds = await fastest(generate, patience);
    return {
      tokensPerSecond: (batch * response) / seconds,
      bytesPerSecond: (bytesPerStep(config, { batch, query, response, backend }) * response) / seconds,
    };
  } finally {
    generator.release();
    weights.release();
  }
}

/** Everything that a step of decoding cannot help reading: all weights, and the keys and values so far. */
function bytesPerStep(
  config: ModelConfig,
  {
    batch,
    query,
    response,
    backend,
  }: Readonly<Record<"batch" | "query" | "response", number>> & { readonly backend: Backend },
): number {
  const { nLayers, nKvHeads, headSize } = config;
  const { bytes } = DTYPES[backend.precision];
  const cached = 2 * nLayers * nKvHeads * headSize * batch * (query + response / 2);
  // Weights are given in bf16, which f32 reads as they are.
  return 2 * parameterCount(config) + bytes * cached;
}

/** An iteration of PPO: rollouts, scoring by three models, one epoch in minibatches. */
export async function ppo(
  backend: Backend,
  shape: ModelShape,
  { rollouts, minibatch, query, response, ...patience }: Sizes["ppo"] & MeasuringTime,
): Promise<Measured> {
  const { adapter: _, ...config } = configOf(shape);
  const trainer = new PpoTrainer(
    backend,
    {
      policy: { config, weights: noise(parameters(config, ["language", "value"])) },
      references: [{ config, weights: noise(parameters(config), "bf16") }],
      reward: { config, weights: noise(parameters(config, ["score"]), "bf16") },
    },
    inMemory(tokensOf(rollouts, query, config.vocabularySize)),
    {
      ...TRL_SETTINGS,
      iterations: patience.repeats + 1,
      batchSize: rollouts,
      minibatchSize: minibatch,
      ppoEpochs: 1,
      queryLength: query,
      responseLength: response,
      eos: [],
      learningRate: 1e-6,
    },
  );
  try {
    const seconds = await fastest(() => trainer.iterate(), patience);
    return { seconds, peakMiB: backend.memory.peakBytes / 2 ** 20 };
  } finally {
    trainer.release();
  }
}

/** Rates of square products of some types, in operations a second. */
export async function productRates(
  backend: CudaBackend,
  types: readonly WeightType[],
  { products, seconds, repeats }: Pick<Sizes, "products"> & MeasuringTime,
): Promise<Measured> {
  const measured: Record<string, number> = {};
  for (const type of types) {
    for (const size of products) {
      measured[`product.${type}.${size}`] = await productRate(backend, { size, type, seconds, repeats });
    }
  }
  return measured;
}

/** Rates of products, in operations a second, and of kernels that are bound by memory, in bytes a second. */
export async function rates(
  backend: CudaBackend,
  {
    products,
    rows: [rows, channels],
    copyBytes,
    ...patience
  }: Pick<Sizes, "products" | "rows" | "copyBytes"> & MeasuringTime,
): Promise<Measured> {
  const measured: Record<string, number> = {};
  const copies = await copyRates(backend.device, { bytes: copyBytes, ...patience });
  const { within, toCard, fromCard } = copies;
  Object.assign(measured, { "copy.within": within, "copy.toCard": toCard, "copy.fromCard": fromCard });
  Object.assign(measured, await productRates(backend, WEIGHT_TYPES, { products, ...patience }));
  const matrix = (graph: Graph, name: string): Tensor => graph.variable(name, [rows, channels]);
  // Of each, the matrices of f32 that it reads and writes.
  const kernels: readonly (readonly [name: string, matrices: number, build: (graph: Graph) => Tensor])[] = [
    ["rmsNorm", 2, (graph) => rmsNorm(matrix(graph, "a"), graph.variable("g", [channels]))],
    ["gatedActivation", 3, (graph) => gatedActivation(matrix(graph, "a"), matrix(graph, "b"))],
    ["add", 3, (graph) => matrix(graph, "a").add(matrix(graph, "b"))],
  ];
  for (const [name, matrices, build] of kernels) {
    const times = await timesPerSecond(backend, (graph) => [build(graph)], patience);
    measured[`bytes.${name}`] = 4 * matrices * rows * channels * times;
  }
  return measured;
}
