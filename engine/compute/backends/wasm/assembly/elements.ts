import { from, share, to } from "./control";
import { copyFloats, loadPart } from "./vector";

// Weights are f32 or bf16, the upper half of an f32. Kernels that read them are written once, for a type T that is
// f32 or u16, and compute in f32: a bf16 is expanded on its way in.

/** Numbers below which sharing work costs more than it saves. */
const GRAIN: i32 = 2048;

/** Four numbers at once. */
export class Four {
  /** Those at the address, as f32. */
  @inline static load<T>(at: usize): v128 {
    return sizeof<T>() == 4 ? v128.load(at) : i32x4.shl(v128.load_ext<u16>(at), 16);
  }

  /** Stores f32 as bf16: rounded to nearest, ties to even; every NaN becomes the quiet 0x7FC0. */
  @inline static storeBf16(at: usize, x: v128): void {
    const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
    const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), odd), 16);
    const halves = v128.bitselect(rounded, i32x4.splat(0x7fc0), f32x4.eq(x, x));
    store<u64>(at, i64x2.extract_lane(i16x8.narrow_i32x4_u(halves, halves), 0));
  }
}

/** One number as f32. */
export function loadOne<T>(at: usize): f32 {
  return sizeof<T>() == 4 ? load<f32>(at) : reinterpret<f32>((<u32>load<u16>(at)) << 16);
}

/** The first `count` < 4 numbers at the address as f32, the rest 0. */
export function loadFew<T>(at: usize, count: i32): v128 {
  if (sizeof<T>() == 4) return loadPart(at, count);
  let x = f32x4.splat(0);
  if (count > 0) x = f32x4.replace_lane(x, 0, loadOne<T>(at));
  if (count > 1) x = f32x4.replace_lane(x, 1, loadOne<T>(at + 2));
  if (count > 2) x = f32x4.replace_lane(x, 2, loadOne<T>(at + 4));
  return x;
}

/** Copies `count` numbers, as f32. */
export function expand<T>(target: usize, source: usize, count: i32): void {
  if (sizeof<T>() == 4) {
    copyFloats(target, source, count);
    return;
  }
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(target + ((<usize>i) << 2), Four.load<T>(source + ((<usize>i) << 1)));
  for (; i < count; i++) store<f32>(target + ((<usize>i) << 2), loadOne<T>(source + ((<usize>i) << 1)));
}

/** args: n, bytes per number of y (2 for f32 to bf16, 4 for the way back), x, y. */
export function cast(args: usize): void {
  share(load<i32>(args), GRAIN);
  const x = load<usize>(args, 8);
  const y = load<usize>(args, 12);
  if (load<i32>(args, 4) == 2) {
    for (let i = <usize>from; i < <usize>to; i += 4) Four.storeBf16(y + (i << 1), v128.load(x + (i << 2)));
  } else {
    for (let i = <usize>from; i < <usize>to; i += 4) v128.store(y + (i << 2), Four.load<u16>(x + (i << 1)));
  }
}
