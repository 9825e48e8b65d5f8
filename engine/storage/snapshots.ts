import * as path from "node:path";
import type * as z from "zod";
import { CheckpointError } from "../protocol/errors.ts";
import { type JsonError, parseJson } from "../common/json.ts";
import type { Json } from "./json.ts";
import { placeBelow } from "./places.ts";
import { readText } from "./reading.ts";
import { openSafetensors, type WeightsFile } from "./safetensors.ts";
import { type FloatSource, type TensorSource, writeSafetensors } from "./safetensorsWriter.ts";
import { openSavepoint, replaceSavepoint } from "./savepoints.ts";
import { writeNewFile } from "./writing.ts";

/** A trainer's state in the middle of its work: numbers in bulk, and everything else as JSON. */
export interface SnapshotContent {
  readonly json: Json;
  readonly tensors: Readonly<Record<string, Float32Array | Int32Array>>;
}

/** A snapshot to be written, tensor by tensor: arrays, or where to get their numbers when their turn comes. */
export interface SnapshotDraft {
  readonly json: Json;
  readonly tensors: ReadonlyMap<string, Int32Array | FloatSource>;
}

const STATE_FILE = "state.json";
const TENSORS_FILE = "tensors.safetensors";
/** Largest state that is read, in bytes: JavaScript has no longer texts. */
const MOST_STATE_BYTES = 2 ** 29;

/**
 * Replaces the snapshot in a folder, all or nothing, whenever the process may die.
 * @throws {DiskError} and leaves the snapshot before in place.
 */
export async function writeSnapshot(folder: string, { json, tensors }: SnapshotDraft): Promise<void> {
  const text = JSON.stringify(json); // before anything is waited for: the work may go on meanwhile
  await replaceSavepoint(folder, async (state) => {
    const sources = new Map([...tensors].map(([name, data]) => [name, sourceOf(data)]));
    await writeSafetensors(path.join(state, TENSORS_FILE), sources);
    await writeNewFile(path.join(state, STATE_FILE), text);
  });
}

/** Snapshots hold plain lists of numbers: their readers know the shapes. */
function sourceOf(data: Int32Array | FloatSource): TensorSource {
  if (data instanceof Int32Array) return { dtype: "I32", shape: [data.length], data };
  return { ...data, dtype: "F32", shape: [data.shape.reduce((product, size) => product * size, 1)] };
}

/**
 * The newest whole snapshot, with the bits that were written; undefined when there is none.
 * @throws {CheckpointError} when it was damaged on disk.
 */
export async function readSnapshot(folder: string): Promise<SnapshotContent | undefined> {
  const state = await openSavepoint(folder);
  if (state === undefined) return undefined;
  const file = path.join(state, STATE_FILE);
  const text = await readText(placeBelow(folder, path.join(path.basename(state), STATE_FILE)), MOST_STATE_BYTES);
  if (text === undefined) throw damagedSnapshot("no such file", file);
  const weights = await openSafetensors(path.join(state, TENSORS_FILE));
  try {
    const tensors: [string, Float32Array | Int32Array][] = [];
    for (const name of weights.tensors.keys()) tensors.push([name, await readArray(weights, name)]);
    return { json: parseState(file, text), tensors: Object.fromEntries(tensors) };
  } finally {
    await weights.close();
  }
}

async function readArray(weights: WeightsFile, name: string): Promise<Float32Array | Int32Array> {
  const { dtype, shape } = weights.tensors.get(name) ?? { dtype: "F32", shape: [0] };
  if (dtype !== "I32") return weights.readTensor(name);
  const integers = new Int32Array(shape.reduce((product, size) => product * size, 1));
  await weights.readBytes(name, 0, new Uint8Array(integers.buffer));
  return integers;
}

function parseState(file: string, text: string): Json {
  try {
    return parseJson(text) as Json;
  } catch (cause) {
    throw damagedSnapshot((cause as JsonError).message, file, { cause });
  }
}

/**
 * A snapshot's JSON in the form that its writer gave it.
 *
 * @param folder - The snapshot's, for messages.
 * @throws {CheckpointError} when it has another form.
 */
export function stateAs<S>(folder: string, json: Json, schema: z.ZodType<S>): S {
  const { data, error } = schema.safeParse(json);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw damagedSnapshot(`${issue?.path.join(".") ?? ""} does not fit: ${issue?.message ?? ""}`, folder);
}

/** A snapshot that cannot be gone on from. */
export function damagedSnapshot(what: string, file: string, options?: ErrorOptions): CheckpointError {
  const remedy = "remove its folder: the stage then starts from its beginning";
  return new CheckpointError(`read snapshot: ${what}`, { file, remedy }, options);
}
