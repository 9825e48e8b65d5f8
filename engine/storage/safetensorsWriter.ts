import type { FileHandle } from "node:fs/promises";
import * as path from "node:path";
import { MAX_CALL_BYTES, onDisk, syncFolder, temporaryName } from "./disk.ts";
import { ELEMENT_BYTES, type ElementType, encodeFloats, type StoredType } from "./elementTypes.ts";
import { LENGTH_BYTES, MAX_HEADER_BYTES } from "./safetensorsHeader.ts";
import { createFile, discard, moveFile } from "./writing.ts";

/** Type and shape of a tensor that is going to be written. */
export interface TensorPlan {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

/** A tensor of floats to write: its numbers, or where to get them when their turn comes. */
export interface FloatSource {
  /** F32 when absent; BF16 and F16 round to nearest, ties to even. */
  readonly dtype?: StoredType;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | (() => Promise<Float32Array>);
}

/** A tensor to write. */
export type TensorSource =
  | FloatSource
  | { readonly dtype: "I32"; readonly shape: readonly number[]; readonly data: Int32Array };

/**
 * Writes a safetensors file, one tensor in memory at a time, under a temporary name that becomes `file` at the end.
 *
 * Order and header are those of Hugging Face's own library: widest types first, then names.
 * @throws {DiskError}
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorSource>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeTensors(tensors, (plan) => createSafetensors(file, plan, metadata));
}

/**
 * Writes tensors with a writer that is made for their plan, one tensor in memory at a time. `check` sees the bytes of
 * each float tensor before they are written.
 * @throws {DiskError} and what `check` throws; then nothing is left behind.
 */
export async function writeTensors(
  tensors: ReadonlyMap<string, TensorSource>,
  create: (plan: ReadonlyMap<string, TensorPlan>) => Promise<SafetensorsWriter>,
  check?: (name: string, dtype: StoredType, bytes: Uint8Array) => void,
): Promise<void> {
  const plan = [...tensors].map(([name, { dtype = "F32", shape }]) => [name, { dtype, shape }] as const);
  const writer = await create(new Map(plan));
  try {
    for (const name of writer.names) {
      const source = tensors.get(name);
      if (source === undefined) continue;
      const bytes = await bytesOf(source);
      if (source.dtype !== "I32") check?.(name, source.dtype ?? "F32", bytes);
      await writer.write(name, 0, bytes);
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function bytesOf({ dtype = "F32", data }: TensorSource): Promise<Uint8Array> {
  if (dtype === "I32" || data instanceof Int32Array) {
    const integers = data as Int32Array; // the union pairs them
    return new Uint8Array(integers.buffer, integers.byteOffset, integers.byteLength);
  }
  return encodeFloats(dtype, typeof data === "function" ? await data() : data);
}

/** A safetensors file that is being filled: write every byte of every tensor in any order, then finish. */
export interface SafetensorsWriter {
  /** Tensors in the order of the file: writing in this order is fastest. */
  readonly names: readonly string[];
  /** Writes bytes of a tensor, from byte `from`. */
  write(name: string, from: number, bytes: Uint8Array): Promise<void>;
  /** Makes the content durable and gives the file its name. */
  finish(): Promise<void>;
  /** Closes and removes the unfinished file; harmless after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Starts a safetensors file whose tensors come later.
 * @throws {DiskError}
 */
export async function createSafetensors(
  file: string,
  plan: ReadonlyMap<string, TensorPlan>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<SafetensorsWriter> {
  const { header, places } = layOut(plan, metadata);
  const temporary = temporaryName(file);
  const handle = await createFile(temporary, file);
  const writer = new FileWriter(file, temporary, handle, places);
  try {
    await writer.writeHeader(header);
    return writer;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Bytes of a tensor in a file that is being laid out. */
interface Place {
  readonly begin: number;
  readonly bytes: number;
}

interface Layout {
  readonly header: Uint8Array;
  readonly places: ReadonlyMap<string, Place>;
}

function layOut(plan: ReadonlyMap<string, TensorPlan>, metadata: Readonly<Record<string, string>>): Layout {
  const members: string[] = []; // text, because an object would move names such as "0" to the front
  if (Object.keys(metadata).length > 0) members.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const places = new Map<string, Place>();
  let offset = 0;
  for (const [name, { dtype, shape }] of [...plan].sort(fileOrder)) {
    const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
    places.set(name, { begin: offset, bytes });
    const entry = { dtype, shape, data_offsets: [offset, offset + bytes] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset += bytes;
  }
  const header = frame(`{${members.join()}}`);
  for (const [name, { begin, bytes }] of places) places.set(name, { begin: header.byteLength + begin, bytes });
  return { header, places };
}

type PlanEntry = readonly [name: string, plan: TensorPlan];

/** Widest types first, so that every tensor is aligned to its element; then names by their UTF-8 bytes. */
function fileOrder([aName, a]: PlanEntry, [bName, b]: PlanEntry): number {
  const types = Object.keys(ELEMENT_BYTES);
  return types.indexOf(b.dtype) - types.indexOf(a.dtype) || Buffer.compare(Buffer.from(aName), Buffer.from(bName));
}

/** Length field and JSON, padded with spaces so that the data starts at a multiple of 8. */
function frame(json: string): Uint8Array {
  const text = Buffer.from(json);
  const padded = Math.ceil(text.byteLength / 8) * 8;
  if (padded > MAX_HEADER_BYTES) throw new RangeError(`createSafetensors: a header of ${padded} bytes is too long`);
  const framed = Buffer.alloc(LENGTH_BYTES + padded, " ");
  framed.writeBigUInt64LE(BigInt(padded), 0);
  framed.set(text, LENGTH_BYTES);
  return framed;
}

class FileWriter implements SafetensorsWriter {
  private readonly file: string;
  private readonly temporary: string;
  private readonly handle: FileHandle;
  private readonly places: ReadonlyMap<string, Place>;
  private missing: number;
  private isClosed = false;

  constructor(file: string, temporary: string, handle: FileHandle, places: ReadonlyMap<string, Place>) {
    this.file = file;
    this.temporary = temporary;
    this.handle = handle;
    this.places = places;
    this.missing = [...places.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get names(): readonly string[] {
    return [...this.places.keys()];
  }

  async writeHeader(header: Uint8Array): Promise<void> {
    await this.writeAt(header, 0);
  }

  async write(name: string, from: number, bytes: Uint8Array): Promise<void> {
    const place = this.places.get(name);
    if (place === undefined || from < 0 || from + bytes.byteLength > place.bytes) {
      throw new RangeError(
        `writeSafetensors: ${name}: bytes ${from} to ${from + bytes.byteLength} of ${place?.bytes ?? 0}`,
      );
    }
    await this.writeAt(bytes, place.begin + from);
    this.missing -= bytes.byteLength;
  }

  async finish(): Promise<void> {
    if (this.missing !== 0) throw new RangeError(`writeSafetensors: ${this.missing} bytes were not written`);
    await onDisk("sync", this.file, () => this.handle.sync());
    await this.close();
    await moveFile(this.temporary, this.file);
    await syncFolder(path.dirname(this.file));
  }

  async abandon(): Promise<void> {
    await this.close();
    await discard(this.temporary);
  }

  private async writeAt(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const at = done;
      const count = Math.min(bytes.byteLength - at, MAX_CALL_BYTES);
      const { bytesWritten } = await onDisk("write", this.file, () =>
        this.handle.write(bytes, at, count, position + at),
      );
      done += bytesWritten;
    }
  }

  private async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await onDisk("close", this.file, () => this.handle.close());
  }
}
