import { type WeightType, DTYPES } from "../compute/graph/dtype.ts";
import { gradients } from "../compute/graph/gradients.ts";
import type { Recomputation } from "../compute/graph/recompute.ts";
import { plan } from "../compute/graph/program.ts";
import { type Shape, Graph } from "../compute/graph/tensor.ts";
import type { TaskConfig } from "../config/index.ts";
import { type Head, type ModelConfig, parameterCount, parameters } from "../models/index.ts";
import type { LossNodes } from "../training/index.ts";
import { taskOf } from "./corpus.ts";
import type { Cost } from "./stage.ts";

const BYTES = 4;
/** Weights and two moments on the device, where gradients are part of a step's arena, and the weights on the host. */
const TRAINED_COPIES = 4;
/** Weights on the device and on the host. */
const READ_COPIES = 2;
/** Forward is one product per weight and token, two operations each; backward is twice that. */
const FORWARD = 2;
const TRAIN = 6;

/** Of a stage that only reads and writes files. */
export const NO_COST: Cost = { parameters: 0, memoryBytes: 0, flops: 0 };

/** Facts that a training's cost is estimated from. */
export interface TrainingCost {
  readonly model: ModelConfig;
  readonly heads: readonly Head[];
  /** Of a micro-batch. */
  readonly shape: { readonly batchSize: number; readonly length: number };
  readonly loss: (graph: Graph) => LossNodes;
  /** What a step computes twice. */
  readonly recomputation: Recomputation;
  /** Tokens that are learned from, padding included, all steps together. */
  readonly tokens: number;
}

/** Cost of a training. Its memory is planned by the same planner that lays out the real step. */
export function trainingCost({ model, heads, tokens, ...step }: TrainingCost): Cost {
  const count = parameterCount(model, heads);
  return {
    parameters: count,
    memoryBytes: arenaOf({ model, heads, ...step }) + TRAINED_COPIES * count * BYTES,
    flops: TRAIN * count * tokens,
  };
}

/** Arenas of steps that have been planned: planning takes a moment, and the trainings of a run have few shapes. */
const arenas = new WeakMap<ModelConfig, Map<string, number>>();

function arenaOf(step: Omit<TrainingCost, "tokens">): number {
  const { model, heads, shape, recomputation } = step;
  const known = arenas.get(model) ?? new Map<string, number>();
  arenas.set(model, known);
  const key = [...heads, shape.batchSize, shape.length, recomputation].join();
  const bytes = known.get(key) ?? plannedArena(step);
  known.set(key, bytes);
  return bytes;
}

function plannedArena({ model, heads, loss, recomputation }: Omit<TrainingCost, "tokens">): number {
  const graph = new Graph();
  const nodes = loss(graph);
  const shapes: readonly (readonly [string, Shape])[] = [...parameters(model, heads)].filter(
    ([name]) => !name.startsWith("v_head"),
  );
  const grads = gradients(
    nodes.loss,
    shapes.map(([name, shape]) => graph.variable(name, shape)),
    recomputation,
  );
  const { arenaBytes } = plan({
    loss: nodes.loss,
    ...Object.fromEntries(grads.map((grad, at) => [`gradient ${at}`, grad])),
  });
  return arenaBytes;
}

/** Amounts of reading from which its cost is estimated. */
export interface ReadingCost {
  readonly models: number;
  readonly tokens: number;
  /** Whose keys and values are held. */
  readonly cachedTokens: number;
  /** How the weights are held; f32, as those of a checkpoint that is not looked into, unless given. */
  readonly frozenWeights?: WeightType;
}

/** Cost of reading models: of generating with the first, and of scoring with the others. */
export function readingCost(
  model: ModelConfig,
  { models, tokens, cachedTokens, frozenWeights = "f32" }: ReadingCost,
): Cost {
  const count = parameterCount(model);
  return {
    parameters: count,
    memoryBytes: models * READ_COPIES * count * DTYPES[frozenWeights].bytes + cacheBytes(model, cachedTokens),
    flops: FORWARD * count * tokens,
  };
}

/** Keys and values of that many tokens in all rows together. */
function cacheBytes({ nLayers, nKvHeads, headSize }: ModelConfig, tokens: number): number {
  return 2 * nLayers * tokens * nKvHeads * headSize * BYTES;
}

/**
 * Bytes of text that a token stands for at the least: English takes some 4, denser scripts 3. An estimate that is too
 * low only makes a plan too long.
 */
const BYTES_PER_TOKEN = 3;

/**
 * Longest sequence of a task, or of a data file as far as the bytes of its longest line tell, in tokens; at most
 * `maxLength`, where sequences are cut.
 */
export function sequenceLength(
  task: TaskConfig | undefined,
  { maxLength, longestRow = Infinity }: { readonly maxLength: number; readonly longestRow?: number | undefined },
): number {
  const known = taskOf(task);
  const length =
    known === undefined ? Math.ceil(longestRow / BYTES_PER_TOKEN) : known.maxPromptLength + known.maxResponseLength;
  return Math.max(2, Math.min(length, maxLength));
}
