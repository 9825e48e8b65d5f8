/** Element types of tensors. bf16 is the upper half of an f32. */
export type DType = "f32" | "bf16" | "i32";

/** How an element type lies in memory. */
interface Storage {
  /** Per element. */
  readonly bytes: number;
  /** The host's array of it; as JavaScript has none of bf16, that of its bits. */
  readonly array: {
    new (count: number): HostArray;
    new (buffer: ArrayBufferLike, byteOffset: number, count: number): HostArray;
  };
}

/** Every element type. Add yours here. */
export const DTYPES: Readonly<Record<DType, Storage>> = {
  f32: { bytes: 4, array: Float32Array },
  bf16: { bytes: 2, array: Uint16Array },
  i32: { bytes: 4, array: Int32Array },
};

/** For ops that only move elements. */
export const ANY_TYPE = Object.keys(DTYPES) as readonly DType[];

/** Host side of a tensor: row-major elements. */
export type HostArray = Float32Array | Uint16Array | Int32Array;

/** Types of real numbers: of weights, activations and their gradients. Ops compute in f32 and round what they give. */
export const WEIGHT_TYPES = ["f32", "bf16"] as const satisfies readonly DType[];
export type WeightType = (typeof WEIGHT_TYPES)[number];

/** The element type that a host array holds. */
export function dtypeOf(data: HostArray): DType {
  if (data instanceof Float32Array) return "f32";
  return data instanceof Uint16Array ? "bf16" : "i32";
}

/** A host array of one repeated number; as bf16, of the nearest to it. */
export function repeated(value: number, dtype: DType, count: number): HostArray {
  const element = dtype === "bf16" ? (toBf16(Float32Array.of(value))[0] ?? 0) : value;
  return new DTYPES[dtype].array(count).fill(element);
}

/**
 * bf16 nearest to f32, ties to even. A NaN becomes the quiet one, 0x7FC0, as in PyTorch: rounding could carry it over
 * into another number.
 */
export function toBf16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0;
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNan ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

/** The bf16 nearest to each f32, as f32. */
export function roundedToBf16(values: Float32Array): Float32Array {
  return fromBf16(toBf16(values));
}

/** bf16 as f32, exact. */
export function fromBf16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(words.buffer);
}

/** True if every number is finite, of f32 or of bf16. */
export function allFinite(data: Float32Array | Uint16Array): boolean {
  if (data instanceof Uint16Array) return areFiniteHalves(data, 0x7f80);
  // By their bits, and counted: with a callback or an iterator, reading a model's numbers takes ten times as long.
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  let finite = 0;
  while (finite < words.length && ((words[finite] ?? 0) & 0x7f800000) !== 0x7f800000) finite++;
  return finite === words.length;
}

/** True if no number of 16 bits is infinite or NaN: has all bits of the exponent set. */
export function areFiniteHalves(halves: Uint16Array, exponent: number): boolean {
  let finite = 0;
  while (finite < halves.length && ((halves[finite] ?? 0) & exponent) !== exponent) finite++;
  return finite === halves.length;
}
