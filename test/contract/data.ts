import type { HostArray } from "../../engine/compute/backend.ts";
import { toBf16 } from "../../engine/compute/graph/dtype.ts";
import { type DType, type Shape, type TensorSpec, sizeOf } from "../../engine/compute/graph/tensor.ts";

/** A tensor on the host. */
export interface HostTensor extends TensorSpec {
  readonly data: HostArray;
}

/** A tensor of given floats. */
export function floats(shape: Shape, data: readonly number[]): HostTensor {
  return host(shape, "f32", Float32Array.from(data));
}

/** A tensor of given integers. */
export function ints(shape: Shape, data: readonly number[]): HostTensor {
  return host(shape, "i32", Int32Array.from(data));
}

/** Evenly distributed numbers in [low, high), the same for the same seed. */
export function uniform(shape: Shape, seed: number, [low, high]: readonly [number, number] = [-1, 1]): HostTensor {
  const next = random(seed);
  return floats(
    shape,
    Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()),
  );
}

/** Evenly distributed bf16 numbers in [low, high], the same for the same seed. */
export function uniformBf16(shape: Shape, seed: number, range?: readonly [number, number]): HostTensor {
  return host(shape, "bf16", toBf16(Float32Array.from(uniform(shape, seed, range).data)));
}

/** Evenly distributed integers in [0, below), the same for the same seed. */
export function indices(shape: Shape, seed: number, below: number): HostTensor {
  const next = random(seed);
  return ints(
    shape,
    Array.from({ length: sizeOf(shape) }, () => Math.floor(below * next())),
  );
}

function host(shape: Shape, dtype: DType, data: HostArray): HostTensor {
  if (data.length !== sizeOf(shape)) throw new TypeError(`[${shape.join(", ")}] needs ${sizeOf(shape)} elements`);
  return { shape, dtype, data };
}

/** Numbers in [0, 1): a Weyl sequence, mixed (after Widynski's "Squares", arXiv:2004.06278, cut down). */
export function random(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The ways in which the matrices of a product may lie. */
export const TRANSPOSES = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
] as const;
