import { Vector } from "./vector";

// Rows are worked on up to the next multiple of eight floats, whose bytes must be the row's own.

/** Caps rows that are `stride` bytes apart. A loop of its own, to leave those of kernels without a cap as they are. */
export function capRows(rows: i32, count: i32, x: usize, stride: usize, cap: f32): void {
  for (; rows > 0; rows--, x += stride) capRow(x, count, cap);
}

/** x becomes cap·tanh(x / cap). */
export function capRow(row: usize, count: i32, cap: f32): void {
  const caps = f32x4.splat(cap);
  const inverse = f32x4.splat(1 / cap);
  const end = row + ((<usize>((count + 7) & ~7)) << 2);
  for (; row < end; row += 32) {
    const t0 = Vector.tanh(f32x4.mul(v128.load(row), inverse));
    const t1 = Vector.tanh(f32x4.mul(v128.load(row, 16), inverse));
    v128.store(row, f32x4.mul(t0, caps));
    v128.store(row, f32x4.mul(t1, caps), 16);
  }
}

/** Caps a row and keeps the derivative at each number, 1 − tanh²(x / cap); 0 for NaN, which columns nobody sees may hold. */
export function capRowWithSlopes(row: usize, count: i32, cap: f32, slopes: usize): void {
  const caps = f32x4.splat(cap);
  const inverse = f32x4.splat(1 / cap);
  const one = Vector.one();
  const end = row + ((<usize>((count + 7) & ~7)) << 2);
  for (; row < end; row += 16, slopes += 16) {
    const t = Vector.tanh(f32x4.mul(v128.load(row), inverse));
    v128.store(row, f32x4.mul(t, caps));
    v128.store(slopes, f32x4.pmax(f32x4.splat(0), f32x4.relaxed_nmadd(t, t, one)));
  }
}

/** x *= factors, number by number. */
export function multiplyRow(row: usize, count: i32, factors: usize): void {
  const end = row + ((<usize>((count + 7) & ~7)) << 2);
  for (; row < end; row += 16, factors += 16) v128.store(row, f32x4.mul(v128.load(row), v128.load(factors)));
}

/** cap·tanh(x / cap) of one number, by the same steps as a row's. */
export function capOne(x: f32, cap: f32): f32 {
  return f32x4.extract_lane(Vector.tanh(f32x4.splat(x * (1 / cap))), 0) * cap;
}
