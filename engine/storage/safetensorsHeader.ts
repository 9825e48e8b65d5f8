import { CheckpointError } from "../protocol/errors.ts";
import { ELEMENT_BYTES, type ElementType, isElementType } from "./elementTypes.ts";
import { JsonError, excerpt, parseJson } from "../common/json.ts";
import { duplicateKey, isJsonObject, type Json, type JsonObject } from "./json.ts";

/** Where a tensor lies in a safetensors file. */
export interface TensorEntry {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The length field before the header, in bytes. */
export const LENGTH_BYTES = 8;
/** Larger headers are refused, as by the format's own library, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

const AGAIN = "the file is damaged or not safetensors: download or export it again";

/**
 * Length of the JSON header, from the file's first 8 bytes.
 * @throws {CheckpointError}
 */
export function headerLength(file: string, prefix: Uint8Array, fileBytes: number): number {
  if (prefix.byteLength < LENGTH_BYTES) {
    throw new CheckpointError(`read safetensors: ${fileBytes} bytes is too short for a header`, {
      file,
      remedy: AGAIN,
    });
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    const what = `read safetensors: the header claims ${length.toString()} bytes, more than ${MAX_HEADER_BYTES}`;
    throw new CheckpointError(what, { file, remedy: AGAIN });
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    const what = `read safetensors: the header claims ${length.toString()} bytes of a file of ${fileBytes}`;
    throw new CheckpointError(what, { file, remedy: "the file is cut short: download or export it again" });
  }
  return Number(length);
}

/**
 * Reads a header and checks all of it: types, shapes, and that the tensors fill the file without a gap or an overlap.
 *
 * `header` is the bytes after the length field.
 * @throws {CheckpointError} naming file and tensor.
 */
export function parseHeader(file: string, header: Uint8Array, fileBytes: number): SafetensorsHeader {
  const json = headerObject(file, header);
  const dataStart = LENGTH_BYTES + header.byteLength;
  const tensors: [string, TensorEntry][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") tensors.push([name, parseEntry(file, name, value ?? null, dataStart, fileBytes)]);
  }
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkCoverage(file, tensors, dataStart, fileBytes);
  return { tensors: new Map(tensors), metadata: parseMetadata(file, json["__metadata__"]) };
}

function headerObject(file: string, header: Uint8Array): JsonObject {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
    json = parseJson(text);
  } catch (cause) {
    const what = cause instanceof JsonError ? cause.message : "not JSON";
    throw new CheckpointError(`read safetensors: the header is ${what}`, { file, remedy: AGAIN }, { cause });
  }
  if (!text.startsWith("{") || !isJsonObject(json)) {
    throw new CheckpointError("read safetensors: the header is not a JSON object", { file, remedy: AGAIN });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new CheckpointError("read safetensors: the header names it twice", { file, tensor: twice, remedy: AGAIN });
  }
  return json;
}

function parseMetadata(file: string, value: Json | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  if (!isJsonObject(value) || entries.some(([, text]) => typeof text !== "string")) {
    throw new CheckpointError("read safetensors: __metadata__ is not an object of strings", { file, remedy: AGAIN });
  }
  return new Map(entries as [string, string][]);
}

function parseEntry(file: string, tensor: string, value: Json, dataStart: number, fileBytes: number): TensorEntry {
  const refuse = (what: string): never => {
    throw new CheckpointError(`read safetensors: ${what}`, { file, tensor, remedy: AGAIN });
  };
  if (!isJsonObject(value)) return refuse("its header entry is not an object");
  const { dtype, shape, data_offsets: offsets } = value as Record<string, Json | undefined>;
  const unknown = Object.keys(value).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknown !== undefined) return refuse(`unknown header field ${unknown.slice(0, 60)}`);
  if (!isElementType(dtype)) return refuse(`unknown dtype ${excerpt(dtype)}`);
  if (!isCounts(shape)) return refuse(`shape ${excerpt(shape)} is not a list of sizes`);
  if (!isCounts(offsets) || offsets.length !== 2) return refuse(`offsets ${excerpt(offsets)} are not two positions`);
  const [from = 0, to = 0] = offsets;
  if (from > to) return refuse(`offsets ${from} to ${to} run backwards`);
  if (to > fileBytes - dataStart) return refuse(`ends at byte ${to} of ${fileBytes - dataStart} bytes of data`);
  const bytes = shapeBytes(shape, dtype);
  if (bytes !== to - from) {
    return refuse(`${dtype} [${shape.slice(0, 16).join(", ")}] needs ${bytes} bytes, its offsets hold ${to - from}`);
  }
  return { dtype, shape, begin: dataStart + from, end: dataStart + to };
}

function isCounts(value: Json | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
}

/** Bytes of a tensor; infinity once the product leaves the exact integers, which no file can hold. */
function shapeBytes(shape: readonly number[], dtype: ElementType): number {
  if (shape.includes(0)) return 0;
  let bytes: number = ELEMENT_BYTES[dtype];
  for (const size of shape) {
    bytes *= size;
    if (bytes > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  return bytes;
}

function checkCoverage(
  file: string,
  tensors: readonly (readonly [string, TensorEntry])[],
  dataStart: number,
  fileBytes: number,
): void {
  let covered = dataStart;
  for (const [tensor, { begin, end }] of tensors) {
    if (begin !== covered) {
      const what = begin < covered ? "overlaps the tensor before it" : `leaves a gap of ${begin - covered} bytes`;
      throw new CheckpointError(`read safetensors: ${what}`, { file, tensor, remedy: AGAIN });
    }
    covered = end;
  }
  if (covered !== fileBytes) {
    const what = `read safetensors: ${fileBytes - covered} bytes after the last tensor`;
    throw new CheckpointError(what, { file, remedy: AGAIN });
  }
}
