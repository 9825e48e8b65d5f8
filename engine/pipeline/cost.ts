import { cardMemory } from "../compute/backends/card.ts";
import { type WeightType, DTYPES } from "../compute/graph/dtype.ts";
import type { Recomputation } from "../compute/graph/recompute.ts";
import { type Program, plan } from "../compute/graph/program.ts";
import { type Shape, Graph, sizeOf } from "../compute/graph/tensor.ts";
import type { TaskConfig } from "../config/index.ts";
import { memoryByRole } from "../common/memory.ts";
import {
  type Head,
  type ModelConfig,
  adapterParameters,
  generationProgram,
  hidden,
  isRounded,
  lastSpan,
  parameterCount,
  parameters,
  sequenceInputs,
  trainableParameters,
} from "../models/index.ts";
import { type LossNodes, trainingProgram } from "../training/index.ts";
import { taskOf } from "./corpus.ts";
import type { Cost, DataFile } from "./stage.ts";

const BYTES = 4;
/** Weights and two moments. Gradients are part of a step's arena, unless they are summed over micro-batches. */
const TRAINED_COPIES = 3;
/** On the host, for each token of a vocabulary: tokenizer.json as read, and the tables made of it. Measured at 49,152. */
const TOKEN_BYTES = 3200;
/** Buffers outside its heap that V8 lets pile up before it collects those that are done with: its soft limit. */
const UNCOLLECTED_BYTES = 64 * 2 ** 20;
/** On the host, for each record that is learned from: where it stands in its file, its number, its place in the order. */
const ROW_BYTES = 32;
/** Forward is one product per weight and token, two operations each; backward is twice that. */
const FORWARD = 2;
const TRAIN = 6;
/** Below an adapter, only the activations' gradients are computed, not the weights'. */
const TRAIN_FROZEN = 4;

/** Of a stage that only reads and writes files. */
export const NO_COST: Cost = { parameters: 0, memoryBytes: 0, cardBytes: 0, flops: 0 };

/** How a stage holds weights that it only reads: as its slice says, or as the run's checkpoints have them. */
export function heldAs(
  frozenWeights: WeightType | undefined,
  stored: WeightType = "f32",
): { readonly frozenWeights: WeightType } {
  return { frozenWeights: frozenWeights ?? stored };
}

/** Facts that a training's cost is estimated from. */
export interface TrainingCost {
  readonly model: ModelConfig;
  /** Distinguishes the loss from others over the same heads and shape; none unless given. */
  readonly name?: string;
  readonly heads: readonly Head[];
  /** Of a micro-batch. */
  readonly shape: { readonly batchSize: number; readonly length: number };
  readonly loss: (graph: Graph) => LossNodes;
  /** Micro-batches of a step. */
  readonly gradientAccumulation: number;
  /** Work that a step does twice. */
  readonly recomputation: Recomputation;
  /** Tokens that are learned from, padding included, all steps together. */
  readonly tokens: number;
  /** How weights below an adapter are held; f32 unless given. */
  readonly frozenWeights?: WeightType;
  /** Precision that models compute with; f32 unless given. */
  readonly precision?: WeightType | undefined;
  /** The data file that is learned from, if it is one. */
  readonly data?: Pick<DataFile, "rows" | "longestRow"> | undefined;
}

/** A cost with its memory in parts: programs of one device take turns in one arena, all else adds up. */
export interface PlannedCost extends Cost {
  /** Of the memory: weights, those that models compute with and those below adapters included. */
  readonly weightBytes: number;
  /** Moments, and gradients that are summed over micro-batches. */
  readonly optimizerBytes: number;
  /** Keys and values of sequences that are generated. */
  readonly cacheBytes: number;
  /** Of the memory: the largest program's intermediate values. */
  readonly arenaBytes: number;
  /** The same of a card. */
  readonly cardArenaBytes: number;
  readonly savepointBytes: number;
}

/**
 * Cost of a training. Its memory is planned by the same planner that lays out the real step. The host holds one tensor at
 * a time, on its way to the device or to a file, and those before it until they are collected.
 */
export function trainingCost(training: TrainingCost): PlannedCost {
  const { model, heads, tokens, gradientAccumulation, frozenWeights, precision = "f32", data } = training;
  const trainable = trainableParameters(model, heads);
  const count = countOf(trainable);
  const { arenaBytes, cardArenaBytes, cardOwnBytes } = arenaOf(training);
  const copies = TRAINED_COPIES + (gradientAccumulation > 1 ? 1 : 0);
  const optimizerBytes = (copies - 1) * count * BYTES;
  const weightBytes =
    count * BYTES + roundedBytes(trainable, precision) + belowAdapterBytes(model, frozenWeights, precision);
  const held = weightBytes + optimizerBytes;
  const passing = count * BYTES + (data === undefined ? 0 : data.rows * data.longestRow);
  const memoryBytes =
    arenaBytes +
    held +
    inTransit(passing, largestTensor(model, heads) * BYTES) +
    (data?.rows ?? 0) * ROW_BYTES +
    tokenizerBytes(model);
  // A model that has a head for scores alone is a reward model.
  const trained = heads.includes("language") ? "policy" : "reward";
  return {
    parameters: count,
    memoryBytes,
    memoryByRole: memoryByRole(memoryBytes, {
      [trained]: weightBytes,
      ...{ optimizer: optimizerBytes, activations: arenaBytes },
    }),
    ...{ weightBytes, optimizerBytes, cacheBytes: 0 },
    cardBytes: cardArenaBytes + cardOwnBytes + held,
    savepointBytes: TRAINED_COPIES * count * BYTES,
    ...{ arenaBytes, cardArenaBytes },
    flops: (TRAIN * count + TRAIN_FROZEN * belowAdapter(model)) * tokens,
  };
}

/** Memory of the weights below a model's adapter, bytes; 0 where it has none. */
export function belowAdapterBytes(
  model: ModelConfig,
  frozenWeights: WeightType = "f32",
  precision: WeightType = "f32",
): number {
  return belowAdapter(model) * bytesOfFrozen(frozenWeights, precision);
}

/** Of a weight that is only read. A model that computes in bf16 reads its matrices so; its few vectors count as they do. */
function bytesOfFrozen(frozenWeights: WeightType, precision: WeightType): number {
  return DTYPES[precision === "bf16" ? precision : frozenWeights].bytes;
}

/** Of the copies that a model computes with, beside the weights that are trained. */
function roundedBytes(shapes: ReadonlyMap<string, Shape>, precision: WeightType): number {
  if (precision === "f32") return 0;
  return countOf(new Map([...shapes].filter(([, shape]) => isRounded(shape)))) * DTYPES.bf16.bytes;
}

/** An empty graph for a model of a precision. */
function graphFor(model: ModelConfig, precision: WeightType, heads: readonly Head[] = ["language"]): Graph {
  if (precision === "f32") return new Graph();
  const shapes = [...parameters(model, heads), ...parameters(model), ...adapterParameters(model)];
  const rounded = shapes.filter(([, shape]) => isRounded(shape)).map(([name]) => [name, precision] as const);
  return new Graph(Object.fromEntries(rounded), precision);
}

/** Weights that stay as they are below a model's adapter. */
function belowAdapter(model: ModelConfig): number {
  return model.adapter === undefined ? 0 : parameterCount(model);
}

function countOf(shapes: ReadonlyMap<string, Shape>): number {
  return [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/** Of a program: its intermediate values, and what a card holds of it beside the weights. */
export interface Arenas {
  readonly arenaBytes: number;
  readonly cardArenaBytes: number;
  readonly cardOwnBytes: number;
}

const NO_ARENAS: Arenas = { arenaBytes: 0, cardArenaBytes: 0, cardOwnBytes: 0 };

/** Arenas of programs that have been planned: planning takes a moment, and the stages of a run have few shapes. */
const arenas = new WeakMap<ModelConfig, Map<string, Arenas>>();

function planned(model: ModelConfig, key: readonly (string | number)[], build: () => Program): Arenas {
  const known = arenas.get(model) ?? new Map<string, Arenas>();
  arenas.set(model, known);
  const found = known.get(key.join()) ?? arenasOf(build());
  known.set(key.join(), found);
  return found;
}

function arenasOf(program: Program): Arenas {
  const { arenaBytes: cardArenaBytes, ownBytes: cardOwnBytes } = cardMemory(program);
  return { arenaBytes: program.arenaBytes, cardArenaBytes, cardOwnBytes };
}

function arenaOf(training: TrainingCost): Arenas {
  const { model, name = "", heads, shape, loss, gradientAccumulation, recomputation, precision = "f32" } = training;
  const accumulates = gradientAccumulation > 1;
  const key = [
    name,
    ...heads,
    shape.batchSize,
    shape.length,
    recomputation,
    accumulates ? "parts" : "whole",
    precision,
  ];
  return planned(model, key, () => {
    const graph = graphFor(model, precision, heads);
    // The loss that stands for PPO's has no value head.
    const trained = [...trainableParameters(model, heads)].filter(([name]) => !name.startsWith("v_head"));
    const settings = { name: "plan", parameters: new Map(trained), loss, optimizer: {}, recomputation };
    return trainingProgram(graph, settings, accumulates);
  });
}

/**
 * On the host, of what passes through it bit by bit, tensors and records, bytes: the largest of the tensors, and such as
 * wait for the collector.
 */
export function inTransit(bytes: number, largest = 0): number {
  return Math.max(largest, Math.min(bytes, UNCOLLECTED_BYTES));
}

function largestTensor(model: ModelConfig, heads: readonly Head[]): number {
  return Math.max(...[...parameters(model, heads).values()].map((shape: Shape) => sizeOf(shape)));
}

/** Sequences that are worked on side by side, in tokens each. */
export interface SideBySide {
  readonly batchSize: number;
  readonly queryLength: number;
  readonly responseLength: number;
}

/** Amounts of reading from which its cost is estimated. */
export interface ReadingCost {
  readonly models: number;
  readonly tokens: number;
  /** Sequences that are generated; none where a model only scores. */
  readonly generated?: SideBySide;
  /** Sequences that are scored. */
  readonly scored?: SideBySide;
  /** How the weights are held; f32 unless given. */
  readonly frozenWeights?: WeightType;
  /** Precision that models compute with; f32 unless given. */
  readonly precision?: WeightType | undefined;
  /** The models have an adapter each, over a base that is counted elsewhere. */
  readonly areAdapters?: boolean;
}

/** The cost of reading models as if all were at work at once, with what each part takes that may have its turn alone. */
export interface ReadCost extends PlannedCost {
  readonly model: {
    /** Of one model on the device. */
    readonly weightBytes: number;
    /** The same as it is read from its checkpoint. */
    readonly storedBytes: number;
  };
  readonly generated: Arenas & Pick<PlannedCost, "cacheBytes">;
  readonly scored: Arenas;
}

/** Cost of reading models: of generating with the first, and of scoring with the others. */
export function readingCost(
  model: ModelConfig,
  { models, tokens, generated, scored, frozenWeights = "f32", precision = "f32", areAdapters = false }: ReadingCost,
): ReadCost {
  const count = parameterCount(model);
  const changes = countOf(adapterParameters(model));
  const generating = generated === undefined ? NO_ARENAS : generationArena(model, generated, precision);
  const scoring = scored === undefined ? NO_ARENAS : scoringArena(model, scored, precision);
  const programs = [generating, scoring];
  const arenaBytes = Math.max(...programs.map((one) => one.arenaBytes));
  const cardArenaBytes = Math.max(...programs.map((one) => one.cardArenaBytes));
  const cardOwnBytes = programs.reduce((sum, one) => sum + one.cardOwnBytes, 0);
  const whole = areAdapters ? 0 : count * bytesOfFrozen(frozenWeights, precision);
  const cache = generated === undefined ? 0 : cacheBytes(model, generated, precision);
  const modelBytes = whole + changes * BYTES;
  const weightBytes = models * modelBytes;
  const storedBytes = (areAdapters ? 0 : count * DTYPES[frozenWeights].bytes) + changes * BYTES;
  const held = weightBytes + cache;
  return {
    parameters: count,
    memoryBytes: held + arenaBytes + tokenizerBytes(model),
    ...{ weightBytes, optimizerBytes: 0, cacheBytes: cache },
    cardBytes: held + cardArenaBytes + cardOwnBytes,
    savepointBytes: 0,
    ...{ arenaBytes, cardArenaBytes },
    flops: FORWARD * (count + changes) * tokens,
    ...{
      model: { weightBytes: modelBytes, storedBytes },
      generated: { ...generating, cacheBytes: cache },
      scored: scoring,
    },
  };
}

/** Of reading the queries and drawing a token, which ranks the vocabulary by two lists. */
function generationArena(model: ModelConfig, settings: SideBySide, precision: WeightType): Arenas {
  const { batchSize, queryLength, responseLength } = settings;
  const program = (): Program =>
    generationProgram(graphFor(model, precision), model, { ...settings, sampling: {}, eos: [], pad: 0 });
  const ranks = 2 * batchSize * model.vocabularySize * BYTES;
  const found = planned(model, ["generate", batchSize, queryLength, responseLength, precision], program);
  // When half of the sequences have ended, the others pass through the arena, one cache at a time.
  const compacted = cacheBytes(model, settings, precision) / (4 * model.nLayers);
  return {
    ...found,
    // Memory that a card's kernels rank with is part of their arena.
    arenaBytes: Math.max(found.arenaBytes + ranks, compacted),
    cardArenaBytes: Math.max(found.cardArenaBytes, compacted),
  };
}

function scoringArena(
  model: ModelConfig,
  { batchSize, queryLength, responseLength }: SideBySide,
  precision: WeightType,
): Arenas {
  const length = queryLength + responseLength;
  return planned(model, ["score", batchSize, length, precision], () => {
    const graph = graphFor(model, precision);
    const inputs = sequenceInputs(graph, batchSize, length);
    return plan({ states: hidden(graph, model, inputs, { span: lastSpan(length) }) });
  });
}

/** Of a tokenizer on the host. */
export function tokenizerBytes({ vocabularySize }: Pick<ModelConfig, "vocabularySize">): number {
  return vocabularySize * TOKEN_BYTES;
}

/** Keys and values of sequences that are generated. */
function cacheBytes(
  { nLayers, nKvHeads, headSize }: ModelConfig,
  { batchSize, queryLength, responseLength }: SideBySide,
  precision: WeightType,
): number {
  const count = 2 * nLayers * batchSize * (queryLength + responseLength - 1) * nKvHeads * headSize;
  return count * DTYPES[precision].bytes;
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

/** Longest prompt and longest answer of a task, or of a data file as {@link sequenceLength} estimates it, in tokens. */
export function responseLengths(
  task: TaskConfig | undefined,
  { maxPositions }: Pick<ModelConfig, "maxPositions">,
  { longestRow, maxNewTokens }: { readonly longestRow: number | undefined; readonly maxNewTokens: number },
): Pick<SideBySide, "queryLength" | "responseLength"> {
  const known = taskOf(task);
  if (known !== undefined) {
    const responseLength = Math.min(known.maxResponseLength, maxNewTokens);
    return { queryLength: known.maxPromptLength, responseLength };
  }
  const prompt = sequenceLength(task, { maxLength: maxPositions, longestRow });
  const length = Math.min(maxPositions, prompt + maxNewTokens);
  const responseLength = Math.max(1, Math.min(maxNewTokens, length - 1));
  return { queryLength: length - responseLength, responseLength };
}
