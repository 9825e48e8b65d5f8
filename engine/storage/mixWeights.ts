import { CheckpointError } from "../protocol/errors.ts";
import { ELEMENT_BYTES, type ElementType, isStoredType } from "./elementTypes.ts";
import { type MixLane, openMixLanes } from "./mixKernel.ts";
import type { WeightsFile } from "./safetensors.ts";
import { createSafetensors, type SafetensorsWriter } from "./safetensorsWriter.ts";

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
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: MixProgress) => void;
}

/**
 * Writes the weighted sum of models that have the same tensors, reading, computing and writing piece by piece: memory
 * does not grow with the models. Results have the models' types and are accumulated in f32.
 *
 * Tensors that do not hold floats (position ids, masks) must be equal in all models and are copied.
 *
 * `weightsOf` gives one weight per model, for a tensor.
 * @throws {CheckpointError} naming the first tensor that the models do not share.
 */
export async function mixWeights(
  file: string,
  models: readonly WeightsFile[],
  weightsOf: (tensor: string) => readonly number[],
  options: MixOptions = {},
): Promise<void> {
  const [first] = models;
  if (first === undefined) throw new RangeError("mixWeights: no models");
  const lanes = await openMixLanes(N_LANES, models.length, PIECE_BYTES);
  const writer = await createSafetensors(file, first.tensors, options.metadata);
  try {
    const pieces = piecesOf(first, writer.names);
    const total = bytesOf(first);
    let done = 0;
    await runLanes(lanes, pieces, async (lane, piece) => {
      options.signal?.throwIfAborted();
      await mixPiece(lane, piece, models, weightsOf(piece.tensor), writer);
      done += piece.bytes;
      options.onProgress?.({ done, total });
    });
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** A run of bytes of one tensor. */
interface Piece {
  readonly tensor: string;
  readonly dtype: ElementType;
  readonly from: number;
  readonly bytes: number;
}

function* piecesOf(weights: WeightsFile, names: readonly string[]): Generator<Piece, undefined> {
  for (const tensor of names) {
    const entry = weights.tensors.get(tensor);
    if (entry === undefined) continue;
    const { dtype } = entry;
    const size = tensorBytes(entry);
    for (let from = 0; from < size; from += PIECE_BYTES) {
      yield { tensor, dtype, from, bytes: Math.min(PIECE_BYTES, size - from) };
    }
  }
}

function tensorBytes({ dtype, shape }: { dtype: ElementType; shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
}

function bytesOf(weights: WeightsFile): number {
  return [...weights.tensors.values()].reduce((sum, entry) => sum + tensorBytes(entry), 0);
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

async function mixPiece(
  lane: MixLane,
  piece: Piece,
  models: readonly WeightsFile[],
  weights: readonly number[],
  writer: SafetensorsWriter,
): Promise<void> {
  const { tensor, dtype, from, bytes } = piece;
  const inputs = lane.inputs.map((input) => input.subarray(0, bytes));
  await Promise.all(models.map((model, m) => model.readBytes(tensor, from, inputs[m] ?? new Uint8Array())));
  if (isStoredType(dtype)) {
    lane.mix(dtype, weights, bytes);
    await writer.write(tensor, from, lane.output.subarray(0, bytes));
    return;
  }
  const [first = new Uint8Array(), ...others] = inputs;
  const odd = others.findIndex((other) => Buffer.compare(first, other) !== 0);
  if (odd >= 0) {
    const what = `mix: ${dtype} values differ from those in ${models[0]?.path ?? ""}, and only F32, BF16 and F16 can be mixed`;
    const remedy = "mix checkpoints of one run, or convert the tensor";
    throw new CheckpointError(what, { file: models[odd + 1]?.path ?? "", tensor, remedy });
  }
  await writer.write(tensor, from, first);
}
