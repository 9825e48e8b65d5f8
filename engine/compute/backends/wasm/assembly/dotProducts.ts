import { Four, loadFew } from "./elements";
import { interleavedProducts, isInterleavable } from "./interleaved";
import { Vector, loadPart } from "./vector";

/** Up to so many columns, interleaving A costs more than it saves. */
const FEW_COLUMNS: i32 = 4;

/**
 * C = A·Bᵀ (+ D) where both A and B have k side by side: rows of A against rows of B. For few rows of either, as in
 * decoding or a value head, where packing B would cost more than it saves. B holds numbers of type T.
 *
 * Each element is four chains of fused multiply-adds, one for each remainder of k by four, and their sum: its value does
 * not depend on the tile. The tiles differ in how often B, which comes from far away, is read: once for up to
 * eight rows. A tile's columns lie as far apart as they can: each is the front of a stream of its own through memory, which
 * a processor fetches ahead, as it does not with short rows read side by side (twice as fast at 576 numbers a row).
 */
export function dotProducts<T>(
  m0: i32,
  m1: i32,
  n0: i32,
  n1: i32,
  K: i32,
  a: usize,
  b: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  const row = (<usize>K) << 2;
  const bRow = (<usize>K) << alignof<T>();
  const rows = m1 - m0;
  if (rows > 4 && n1 - n0 > FEW_COLUMNS && isInterleavable(rows, K)) {
    interleavedProducts<T>(m0, m1, n0, n1, K, a, b, c, cRow, d, dRow);
    return;
  }
  const width = rows == 1 ? 4 : rows <= 4 ? 2 : 1;
  const height = rows == 1 ? 1 : rows <= 4 ? 4 : 8;
  const apart = (n1 - n0 + width - 1) / width;
  for (let n = n0; n < n0 + apart; n++) {
    const columns = (n1 - n + apart - 1) / apart;
    const right = b + <usize>n * bRow;
    for (let m = m0; m < m1; m += height) {
      const left = a + <usize>m * row;
      const at = c + <usize>m * cRow + ((<usize>n) << 2);
      const addend = d != 0 ? d + <usize>m * dRow + ((<usize>n) << 2) : 0;
      const mr = min(height, m1 - m);
      if (height == 1) oneByFour<T>(columns, K, left, right, at, addend, apart);
      else if (height == 4) fourByTwo<T>(mr, columns, K, left, right, at, cRow, addend, dRow, apart);
      else eightByOne<T>(mr, K, left, right, at, cRow, addend, dRow);
    }
  }
}

/** Missing columns repeat the last one and are not stored. */
function oneByFour<T>(nr: i32, K: i32, a0: usize, b0: usize, c: usize, d: usize, apart: i32): void {
  const bRow = ((<usize>K) << alignof<T>()) * <usize>apart;
  const b1 = b0 + (nr > 1 ? bRow : 0);
  const b2 = b1 + (nr > 2 ? bRow : 0);
  const b3 = b2 + (nr > 3 ? bRow : 0);
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  const whole = K & ~3;
  let k = 0;
  for (; k < whole; k += 4) {
    const x = v128.load(a0 + ((<usize>k) << 2));
    const at = (<usize>k) << alignof<T>();
    c0 = f32x4.relaxed_madd(x, Four.load<T>(b0 + at), c0);
    c1 = f32x4.relaxed_madd(x, Four.load<T>(b1 + at), c1);
    c2 = f32x4.relaxed_madd(x, Four.load<T>(b2 + at), c2);
    c3 = f32x4.relaxed_madd(x, Four.load<T>(b3 + at), c3);
  }
  if (k < K) {
    const x = loadPart(a0 + ((<usize>k) << 2), K - k);
    const at = (<usize>k) << alignof<T>();
    c0 = f32x4.relaxed_madd(x, loadFew<T>(b0 + at, K - k), c0);
    c1 = f32x4.relaxed_madd(x, loadFew<T>(b1 + at, K - k), c1);
    c2 = f32x4.relaxed_madd(x, loadFew<T>(b2 + at, K - k), c2);
    c3 = f32x4.relaxed_madd(x, loadFew<T>(b3 + at, K - k), c3);
  }
  const step = (<usize>apart) << 2;
  const dStep = d != 0 ? step : 0;
  storeSum(c, d, c0);
  if (nr > 1) storeSum(c + step, d + dStep, c1);
  if (nr > 2) storeSum(c + 2 * step, d + 2 * dStep, c2);
  if (nr > 3) storeSum(c + 3 * step, d + 3 * dStep, c3);
}

/** Missing rows and columns repeat the last one and are not stored. */
function fourByTwo<T>(
  mr: i32,
  nr: i32,
  K: i32,
  a0: usize,
  b0: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  apart: i32,
): void {
  const row = (<usize>K) << 2;
  const a1 = a0 + (mr > 1 ? row : 0);
  const a2 = a1 + (mr > 2 ? row : 0);
  const a3 = a2 + (mr > 3 ? row : 0);
  const b1 = b0 + (nr > 1 ? ((<usize>K) << alignof<T>()) * <usize>apart : 0);
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const whole = K & ~3;
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    const y0 = Four.load<T>(b0 + ((<usize>k) << alignof<T>()));
    const y1 = Four.load<T>(b1 + ((<usize>k) << alignof<T>()));
    let x = v128.load(a0 + at);
    c00 = f32x4.relaxed_madd(x, y0, c00);
    c01 = f32x4.relaxed_madd(x, y1, c01);
    x = v128.load(a1 + at);
    c10 = f32x4.relaxed_madd(x, y0, c10);
    c11 = f32x4.relaxed_madd(x, y1, c11);
    x = v128.load(a2 + at);
    c20 = f32x4.relaxed_madd(x, y0, c20);
    c21 = f32x4.relaxed_madd(x, y1, c21);
    x = v128.load(a3 + at);
    c30 = f32x4.relaxed_madd(x, y0, c30);
    c31 = f32x4.relaxed_madd(x, y1, c31);
  }
  if (k < K) {
    const rest = K - k;
    const at = (<usize>k) << 2;
    const y0 = loadFew<T>(b0 + ((<usize>k) << alignof<T>()), rest);
    const y1 = loadFew<T>(b1 + ((<usize>k) << alignof<T>()), rest);
    let x = loadPart(a0 + at, rest);
    c00 = f32x4.relaxed_madd(x, y0, c00);
    c01 = f32x4.relaxed_madd(x, y1, c01);
    x = loadPart(a1 + at, rest);
    c10 = f32x4.relaxed_madd(x, y0, c10);
    c11 = f32x4.relaxed_madd(x, y1, c11);
    x = loadPart(a2 + at, rest);
    c20 = f32x4.relaxed_madd(x, y0, c20);
    c21 = f32x4.relaxed_madd(x, y1, c21);
    x = loadPart(a3 + at, rest);
    c30 = f32x4.relaxed_madd(x, y0, c30);
    c31 = f32x4.relaxed_madd(x, y1, c31);
  }
  const step = (<usize>apart) << 2;
  storeTwo(c, d, nr, step, c00, c01);
  if (mr > 1) storeTwo(c + cRow, d != 0 ? d + dRow : 0, nr, step, c10, c11);
  if (mr > 2) storeTwo(c + 2 * cRow, d != 0 ? d + 2 * dRow : 0, nr, step, c20, c21);
  if (mr > 3) storeTwo(c + 3 * cRow, d != 0 ? d + 3 * dRow : 0, nr, step, c30, c31);
}

/** Missing rows repeat the last one and are not stored. */
function eightByOne<T>(mr: i32, K: i32, a0: usize, b: usize, c: usize, cRow: usize, d: usize, dRow: usize): void {
  const row = (<usize>K) << 2;
  const a1 = a0 + (mr > 1 ? row : 0);
  const a2 = a1 + (mr > 2 ? row : 0);
  const a3 = a2 + (mr > 3 ? row : 0);
  const a4 = a3 + (mr > 4 ? row : 0);
  const a5 = a4 + (mr > 5 ? row : 0);
  const a6 = a5 + (mr > 6 ? row : 0);
  const a7 = a6 + (mr > 7 ? row : 0);
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  const whole = K & ~3;
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    const y = Four.load<T>(b + ((<usize>k) << alignof<T>()));
    c0 = f32x4.relaxed_madd(v128.load(a0 + at), y, c0);
    c1 = f32x4.relaxed_madd(v128.load(a1 + at), y, c1);
    c2 = f32x4.relaxed_madd(v128.load(a2 + at), y, c2);
    c3 = f32x4.relaxed_madd(v128.load(a3 + at), y, c3);
    c4 = f32x4.relaxed_madd(v128.load(a4 + at), y, c4);
    c5 = f32x4.relaxed_madd(v128.load(a5 + at), y, c5);
    c6 = f32x4.relaxed_madd(v128.load(a6 + at), y, c6);
    c7 = f32x4.relaxed_madd(v128.load(a7 + at), y, c7);
  }
  if (k < K) {
    const rest = K - k;
    const at = (<usize>k) << 2;
    const y = loadFew<T>(b + ((<usize>k) << alignof<T>()), rest);
    c0 = f32x4.relaxed_madd(loadPart(a0 + at, rest), y, c0);
    c1 = f32x4.relaxed_madd(loadPart(a1 + at, rest), y, c1);
    c2 = f32x4.relaxed_madd(loadPart(a2 + at, rest), y, c2);
    c3 = f32x4.relaxed_madd(loadPart(a3 + at, rest), y, c3);
    c4 = f32x4.relaxed_madd(loadPart(a4 + at, rest), y, c4);
    c5 = f32x4.relaxed_madd(loadPart(a5 + at, rest), y, c5);
    c6 = f32x4.relaxed_madd(loadPart(a6 + at, rest), y, c6);
    c7 = f32x4.relaxed_madd(loadPart(a7 + at, rest), y, c7);
  }
  const step = d != 0 ? dRow : 0;
  storeSum(c, d, c0);
  if (mr > 1) storeSum(c + cRow, d + step, c1);
  if (mr > 2) storeSum(c + 2 * cRow, d + 2 * step, c2);
  if (mr > 3) storeSum(c + 3 * cRow, d + 3 * step, c3);
  if (mr > 4) storeSum(c + 4 * cRow, d + 4 * step, c4);
  if (mr > 5) storeSum(c + 5 * cRow, d + 5 * step, c5);
  if (mr > 6) storeSum(c + 6 * cRow, d + 6 * step, c6);
  if (mr > 7) storeSum(c + 7 * cRow, d + 7 * step, c7);
}

function storeTwo(c: usize, d: usize, nr: i32, step: usize, x0: v128, x1: v128): void {
  storeSum(c, d, x0);
  if (nr > 1) storeSum(c + step, d != 0 ? d + step : 0, x1);
}

function storeSum(c: usize, d: usize, x: v128): void {
  store<f32>(c, Vector.sum(x) + (d != 0 ? load<f32>(d) : 0));
}
