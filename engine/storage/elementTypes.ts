/// <reference lib="esnext.float16" />
import { allFinite, areFiniteHalves, fromBf16, toBf16 } from "../compute/graph/dtype.ts";

/**
 * Bytes per element of every safetensors type, in the format's own order: files hold the last ones first.
 *
 * The 4- and 6-bit types are left out: their elements have no address, and nothing here can use them.
 */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** Types that become `Float32Array`s. */
export const FLOAT_TYPES = ["F16", "BF16", "F32", "F64"] as const;
export type FloatType = (typeof FLOAT_TYPES)[number];

/** Types that weights are written in. */
export type StoredType = "F16" | "BF16" | "F32";

/** True if a name is that of a type this engine knows. */
export function isElementType(name: unknown): name is ElementType {
  return typeof name === "string" && Object.hasOwn(ELEMENT_BYTES, name);
}

/** True if elements of a type can be read as f32. */
export function isFloatType(name: string): name is FloatType {
  return (FLOAT_TYPES as readonly string[]).includes(name);
}

/** Numbers of a type that weights are written in: all but F64. */
export function isStoredType(name: string): name is StoredType {
  return isFloatType(name) && name !== "F64";
}

/**
 * Little-endian elements as f32. Exact for F16, BF16 and F32; F64 is rounded to nearest.
 *
 * The bytes are a whole number of elements, at any alignment; the result may share their memory.
 */
export function decodeFloats(type: FloatType, bytes: Uint8Array): Float32Array {
  const count = bytes.byteLength / ELEMENT_BYTES[type];
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  switch (type) {
    case "F32":
      return new Float32Array(aligned.buffer, aligned.byteOffset, count);
    case "F64":
      return Float32Array.from(new Float64Array(aligned.buffer, aligned.byteOffset, count));
    case "F16":
      return new Float32Array(new Float16Array(aligned.buffer, aligned.byteOffset, count));
    case "BF16":
      return fromBf16(new Uint16Array(aligned.buffer, aligned.byteOffset, count));
  }
}

/** f32 as little-endian elements, rounded to nearest, ties to even; may share the input's memory. */
export function encodeFloats(type: StoredType, values: Float32Array): Uint8Array {
  switch (type) {
    case "F32":
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    case "F16":
      return new Uint8Array(new Float16Array(values).buffer);
    case "BF16":
      return new Uint8Array(toBf16(values).buffer);
  }
}

/** True if every one of the little-endian elements, at a multiple of their size, is finite. */
export function areFinite(type: StoredType, { buffer, byteOffset, byteLength }: Uint8Array): boolean {
  const count = byteLength / ELEMENT_BYTES[type];
  if (type === "F32") return allFinite(new Float32Array(buffer, byteOffset, count));
  const halves = new Uint16Array(buffer, byteOffset, count);
  return type === "BF16" ? allFinite(halves) : areFiniteHalves(halves, 0x7c00);
}

/** Names of the types for people, in the words of PyTorch. */
export const TYPE_NAMES: Readonly<Record<StoredType, string>> = { F32: "float32", BF16: "bfloat16", F16: "float16" };

/** Types that weights are saved in, by their names in configs and on the command line. */
export const SAVED_TYPES = { f32: "F32", bf16: "BF16", f16: "F16" } as const satisfies Readonly<
  Record<string, StoredType>
>;
