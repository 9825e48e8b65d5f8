import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import {
  areFinite,
  ELEMENT_BYTES,
  type ElementType,
  decodeFloats,
  encodeFloats,
  isFloatType,
  isStoredType,
  type StoredType,
  TYPE_NAMES,
} from "./elementTypes.ts";
import { type MixLane, openMixLanes } from "./mixKernel.ts";
import type { WeightsFile } from "./safetensors.ts";
import { createSafetensors, type SafetensorsWriter, type TensorPlan } from "./safetensorsWriter.ts";

/** Bytes of each model in work at a time: large enough to hide the cost of a call, small enough for the cache. */
const PIECE_BYTES = 1 << 20;
/** Pieces under way at once: one is read while another is mixed and a third is written. */
const N_LANES = 3;

/** How far a mixture has come, in bytes of the result. */
export interface MixProgress {
  readonly done: number;
  readonly total: number;
}

export interface MixOptions {
  /** Tensors of the result and the types that they are stored in; by default {@link mixturePlan}'s. */
  readonly plan?: ReadonlyMap<string, TensorPlan>;
  /** Makes the writer of the result; by default one file. */
  readonly create?: (plan: ReadonlyMap<string, TensorPlan>) => Promise<SafetensorsWriter>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: MixProgress) => void;
}

/**
 * Tensors of a mixture: those of the first model that `isMixed` names, in the type that all models have, or in f32 where
 * they differ; or all floats in the type `saveAs`.
 */
export function mixturePlan(
  models: readonly WeightsFile[],
  { saveAs, isMixed = () => true }: { saveAs?: StoredType | undefined; isMixed?: (name: string) => boolean } = {},
): ReadonlyMap<string, TensorPlan> {
  const [first, ...others] = models;
  const plan = new Map<string, TensorPlan>();
  for (const [name, { dtype, shape }] of first?.tensors ?? []) {
    if (!isMixed(name)) continue;
    const isOne = others.every((other) => other.tensors.get(name)?.dtype === dtype) && dtype !== "F64";
    plan.set(name, { dtype: isFloatType(dtype) ? (saveAs ?? (isOne ? dtype : "F32")) : dtype, shape });
  }
  return plan;
}

/**
 * Writes the weighted sum of models that have the same tensors, reading, computing and writing piece by piece: memory
 * does not grow with the models. Results are accumulated in f32 and rounded once.
 *
 * Tensors that do not hold floats (position ids, masks) must be equal in all models and are copied.
 *
 * `weightsOf` gives one weight per model, for a tensor.
 * @throws {CheckpointError} naming the first tensor that the models do not share, or that would not be finite; then
 * nothing is written.
 */
export async function mixWeights(
  file: string,
  models: readonly WeightsFile[],
  weightsOf: (tensor: string) => readonly number[],
  options: MixOptions = {},
): Promise<void> {
  if (models.length === 0) throw new RangeError("mixWeights: no models");
  const plan = options.plan ?? mixturePlan(models);
  const lanes = await openMixLanes(N_LANES, models.length, PIECE_BYTES);
  const writer = await (options.create?.(plan) ?? createSafetensors(file, plan, options.metadata));
  const mixture: Mixture = { folder: path.dirname(file), models, writer };
  try {
    const pieces = piecesOf(mixture, plan);
    const total = [...plan.values()].reduce((sum, entry) => sum + countOf(entry) * ELEMENT_BYTES[entry.dtype], 0);
    let done = 0;
    await runLanes(lanes, pieces, async (lane, piece) => {
      options.signal?.throwIfAborted();
      await mixPiece(lane, piece, mixture, weightsOf(piece.tensor));
      done += piece.count * ELEMENT_BYTES[piece.dtype];
      options.onProgress?.({ done, total });
    });
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Models that are mixed, and where the result goes. */
interface Mixture {
  readonly folder: string;
  readonly models: readonly WeightsFile[];
  readonly writer: SafetensorsWriter;
}

/** A run of elements of one tensor. */
interface Piece {
  readonly tensor: string;
  /** Of the result. */
  readonly dtype: ElementType;
  /** The same in all models. */
  readonly isUniform: boolean;
  readonly from: number;
  readonly count: number;
}

function* piecesOf({ models, writer }: Mixture, plan: ReadonlyMap<string, TensorPlan>): Generator<Piece, undefined> {
  for (const tensor of writer.names) {
    const entry = plan.get(tensor);
    if (entry === undefined) continue;
    const { dtype } = entry;
    const isUniform = models.every((model) => model.tensors.get(tensor)?.dtype === dtype);
    const atOnce = PIECE_BYTES / (isUniform ? ELEMENT_BYTES[dtype] : ELEMENT_BYTES.F32);
    const size = countOf(entry);
    for (let from = 0; from < size; from += atOnce) {
      yield { tensor, dtype, isUniform, from, count: Math.min(atOnce, size - from) };
    }
  }
}

function countOf({ shape }: Pick<TensorPlan, "shape">): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Every lane takes the next piece when it is done with one; after a failure none takes another. */
async function runLanes(
  lanes: readonly MixLane[],
  pieces: Generator<Piece, undefined>,
  work: (lane: MixLane, piece: Piece) => Promise<void>,
): Promise<void> {
  const run = async (lane: MixLane): Promise<void> => {
    try {
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) await work(lane, next.value);
    } finally {
      pieces.return(undefined);
    }
  };
  const results = await Promise.allSettled(lanes.map(run)); // all at rest before files are closed
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function mixPiece(lane: MixLane, piece: Piece, mixture: Mixture, weights: readonly number[]): Promise<void> {
  const { tensor, dtype, isUniform } = piece;
  if (!isStoredType(dtype)) return copyPiece(lane, piece, mixture);
  const from = piece.from * ELEMENT_BYTES[dtype];
  const bytes = piece.count * ELEMENT_BYTES[dtype];
  if (isUniform) {
    const inputs = await readPieces(lane, piece, mixture.models);
    if (!lane.mix(dtype, weights, bytes)) {
      throw notFinite(
        piece,
        mixture,
        inputs.map((input) => decodeFloats(dtype, input.slice())),
      );
    }
    await mixture.writer.write(tensor, from, lane.output.subarray(0, bytes));
    return;
  }
  const floats = lane.inputs.map((input) => new Float32Array(input.buffer, input.byteOffset, piece.count));
  const values = await Promise.all(mixture.models.map((model) => model.readRange(tensor, piece.from, piece.count)));
  for (const [m, input] of floats.entries()) input.set(values[m] ?? []);
  const isFinite = lane.mix("F32", weights, piece.count * ELEMENT_BYTES.F32);
  const { buffer, byteOffset } = lane.output;
  const encoded = encodeFloats(dtype, new Float32Array(buffer, byteOffset, piece.count));
  if (!isFinite || !areFinite(dtype, encoded)) throw notFinite(piece, mixture, values);
  await mixture.writer.write(tensor, from, encoded);
}

/** Reads a piece of every model, as stored. */
async function readPieces(
  lane: MixLane,
  { tensor, dtype, from, count }: Piece,
  models: readonly WeightsFile[],
): Promise<readonly Uint8Array[]> {
  const inputs = lane.inputs.map((input) => input.subarray(0, count * ELEMENT_BYTES[dtype]));
  const start = from * ELEMENT_BYTES[dtype];
  await Promise.all(models.map((model, m) => model.readBytes(tensor, start, inputs[m] ?? new Uint8Array())));
  return inputs;
}

/** Of the model that holds such a number already, or of the mixture. */
function notFinite(
  { tensor, dtype }: Piece,
  { folder, models }: Mixture,
  values: readonly Float32Array[],
): CheckpointError {
  for (const [m, { path: file }] of models.entries()) {
    if (values[m]?.every(Number.isFinite) !== false) continue;
    const remedy = "use a checkpoint from before its training diverged, or one stored in a wider type";
    return new CheckpointError("mix: holds numbers that are not finite", { file, tensor, remedy });
  }
  const type = TYPE_NAMES[dtype as StoredType];
  const remedy =
    "choose weights nearer to 0 and 1, or save in a wider type: --save-as f32 or bf16, model.saveAs in a run config";
  return new CheckpointError(`mix: the mixture leaves the range of ${type}`, { file: folder, tensor, remedy });
}

async function copyPiece(lane: MixLane, piece: Piece, { models, writer }: Mixture): Promise<void> {
  const { tensor, dtype, from } = piece;
  const [first = new Uint8Array(), ...others] = await readPieces(lane, piece, models);
  const odd = others.findIndex((other) => Buffer.compare(first, other) !== 0);
  if (odd >= 0) {
    const what = `mix: ${dtype} values differ from those in ${models[0]?.path ?? ""}, and only floats can be mixed`;
    const remedy = "mix checkpoints of one run, or convert the tensor";
    throw new CheckpointError(what, { file: models[odd + 1]?.path ?? "", tensor, remedy });
  }
  await writer.write(tensor, from * ELEMENT_BYTES[dtype], first);
}
