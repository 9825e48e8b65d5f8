import type { FileHandle } from "node:fs/promises";
import { CheckpointError } from "../protocol/errors.ts";
import { errorCode, MAX_CALL_BYTES, onDisk } from "./disk.ts";
import { decodeFloats, ELEMENT_BYTES, isFloatType } from "./elementTypes.ts";
import { openInput } from "./reading.ts";
import {
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensorsHeader.ts";

export type { TensorEntry } from "./safetensorsHeader.ts";

/** Named tensors that can be read one by one or piece by piece: a safetensors file, or several behind one index. */
export interface WeightsFile {
  /** For messages: the file or folder. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, Pick<TensorEntry, "dtype" | "shape">>;
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * All of a tensor as f32, row-major.
   * @throws {CheckpointError} when there is none of that name or it does not hold floats.
   */
  readTensor(name: string): Promise<Float32Array>;
  /** `count` elements of a tensor as f32, from element `from` of its row-major order. */
  readRange(name: string, from: number, count: number): Promise<Float32Array>;
  /** A tensor's bytes as stored, from byte `from`, as many as `into` holds. */
  readBytes(name: string, from: number, into: Uint8Array): Promise<void>;
  /** How each of its files looks now, by path: while that stays the same, so does what it holds. */
  stamps(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and checks its whole header.
 *
 * Format: https://github.com/huggingface/safetensors (8 bytes length, JSON, data).
 * @throws {CheckpointError} when the file is missing, cut short, or contradicts its header.
 */
export async function openSafetensors(path: string): Promise<WeightsFile> {
  const handle = await openFile(path);
  try {
    return new SafetensorsFile(path, handle, await readHeader(path, handle));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return onDisk("open", path, async () => {
    try {
      return await openInput(path);
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause;
      const remedy = "check the path; checkpoints are folders with model.safetensors";
      throw new CheckpointError("read safetensors: no such file", { file: path, remedy }, { cause });
    }
  });
}

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await handle.stat();
  const prefix = new Uint8Array(Math.min(LENGTH_BYTES, size));
  await readFully(path, handle, prefix, 0);
  const header = new Uint8Array(headerLength(path, prefix, size));
  await readFully(path, handle, header, LENGTH_BYTES);
  return parseHeader(path, header, size);
}

async function readFully(path: string, handle: FileHandle, into: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < into.byteLength) {
    const at = done;
    const count = Math.min(into.byteLength - at, MAX_CALL_BYTES);
    const { bytesRead } = await onDisk("read", path, () => handle.read(into, at, count, position + at));
    if (bytesRead === 0) {
      const remedy = "it changed while it was read: let nothing write to a checkpoint in use";
      throw new CheckpointError(`read safetensors: the file ended at byte ${position + at}`, { file: path, remedy });
    }
    done += bytesRead;
  }
}

class SafetensorsFile implements WeightsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  private readonly handle: FileHandle;

  constructor(path: string, handle: FileHandle, header: SafetensorsHeader) {
    this.path = path;
    this.handle = handle;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
  }

  async readTensor(name: string): Promise<Float32Array> {
    const { begin, end, dtype } = this.entry(name);
    return this.readRange(name, 0, (end - begin) / ELEMENT_BYTES[dtype]);
  }

  async readRange(name: string, from: number, count: number): Promise<Float32Array> {
    const { dtype } = this.entry(name);
    if (!isFloatType(dtype)) {
      const remedy = "convert it to F32, BF16 or F16";
      throw new CheckpointError(`read safetensors: ${dtype} is not a float type`, {
        file: this.path,
        tensor: name,
        remedy,
      });
    }
    const size = ELEMENT_BYTES[dtype];
    const bytes = this.allocate(name, from * size, count * size);
    await this.readBytes(name, from * size, bytes);
    return decodeFloats(dtype, bytes);
  }

  async readBytes(name: string, from: number, into: Uint8Array): Promise<void> {
    this.checkRange(name, from, into.byteLength);
    await readFully(this.path, this.handle, into, this.entry(name).begin + from);
  }

  async stamps(): Promise<ReadonlyMap<string, string>> {
    const { size, mtimeNs, ino } = await onDisk("look at", this.path, () => this.handle.stat({ bigint: true }));
    // The time of the entry stays out: a link beside the file, as backups make, changes it.
    return new Map([[this.path, [size, mtimeNs, ino].join(" ")]]);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private allocate(name: string, from: number, bytes: number): Uint8Array {
    this.checkRange(name, from, bytes);
    return new Uint8Array(bytes);
  }

  private checkRange(name: string, from: number, bytes: number): void {
    const { begin, end } = this.entry(name);
    if (from >= 0 && bytes >= 0 && from + bytes <= end - begin) return;
    throw new RangeError(`readBytes: ${name}: bytes ${from} to ${from + bytes} of ${end - begin}`);
  }

  private entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (entry !== undefined) return entry;
    const remedy = `it has ${this.tensors.size} tensors; is it another architecture?`;
    throw new CheckpointError("read safetensors: no such tensor", { file: this.path, tensor: name, remedy });
  }
}
