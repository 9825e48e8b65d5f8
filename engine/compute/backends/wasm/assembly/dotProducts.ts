import { Four, loadFew } from "./elements";
import { Vector, loadPart } from "./vector";

/**
 * C = A·Bᵀ (+ D) where both A and B have k side by side: rows of A against rows of B, three by four at a time.
 * For few rows of either, as in decoding or a value head, where packing B would cost more than it saves. B holds
 * numbers of type T.
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
  for (let n = n0; n < n1; n += 4) {
    const columns = min(4, n1 - n);
    for (let m = m0; m < m1; m += 3) {
      const at = <usize>m * cRow + ((<usize>n) << 2);
      const addend = d != 0 ? d + <usize>m * dRow + ((<usize>n) << 2) : 0;
      dotTile<T>(min(3, m1 - m), columns, K, a + <usize>m * row, b + <usize>n * bRow, c + at, cRow, addend, dRow);
    }
  }
}

/** Missing rows repeat the last one and are not stored. */
function dotTile<T>(
  mr: i32,
  nr: i32,
  K: i32,
  a0: usize,
  b0: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  const row = (<usize>K) << 2;
  const bRow = (<usize>K) << alignof<T>();
  const a1 = a0 + (mr > 1 ? row : 0);
  const a2 = a1 + (mr > 2 ? row : 0);
  const b1 = b0 + (nr > 1 ? bRow : 0);
  const b2 = b1 + (nr > 2 ? bRow : 0);
  const b3 = b2 + (nr > 3 ? bRow : 0);
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  let c20 = c00;
  let c21 = c00;
  let c22 = c00;
  let c23 = c00;
  for (let k = 0; k < K; k += 4) {
    const at = (<usize>k) << 2;
    const bAt = (<usize>k) << alignof<T>();
    const rest = K - k;
    const whole = rest >= 4;
    const x0 = whole ? v128.load(a0 + at) : loadPart(a0 + at, rest);
    const x1 = whole ? v128.load(a1 + at) : loadPart(a1 + at, rest);
    const x2 = whole ? v128.load(a2 + at) : loadPart(a2 + at, rest);
    let y = whole ? Four.load<T>(b0 + bAt) : loadFew<T>(b0 + bAt, rest);
    c00 = f32x4.relaxed_madd(x0, y, c00);
    c10 = f32x4.relaxed_madd(x1, y, c10);
    c20 = f32x4.relaxed_madd(x2, y, c20);
    y = whole ? Four.load<T>(b1 + bAt) : loadFew<T>(b1 + bAt, rest);
    c01 = f32x4.relaxed_madd(x0, y, c01);
    c11 = f32x4.relaxed_madd(x1, y, c11);
    c21 = f32x4.relaxed_madd(x2, y, c21);
    y = whole ? Four.load<T>(b2 + bAt) : loadFew<T>(b2 + bAt, rest);
    c02 = f32x4.relaxed_madd(x0, y, c02);
    c12 = f32x4.relaxed_madd(x1, y, c12);
    c22 = f32x4.relaxed_madd(x2, y, c22);
    y = whole ? Four.load<T>(b3 + bAt) : loadFew<T>(b3 + bAt, rest);
    c03 = f32x4.relaxed_madd(x0, y, c03);
    c13 = f32x4.relaxed_madd(x1, y, c13);
    c23 = f32x4.relaxed_madd(x2, y, c23);
  }
  storeSums(c, d, nr, c00, c01, c02, c03);
  if (mr > 1) storeSums(c + cRow, d != 0 ? d + dRow : 0, nr, c10, c11, c12, c13);
  if (mr > 2) storeSums(c + 2 * cRow, d != 0 ? d + 2 * dRow : 0, nr, c20, c21, c22, c23);
}

function storeSums(c: usize, d: usize, nr: i32, x0: v128, x1: v128, x2: v128, x3: v128): void {
  storeSum(c, d, x0);
  if (nr > 1) storeSum(c + 4, d != 0 ? d + 4 : 0, x1);
  if (nr > 2) storeSum(c + 8, d != 0 ? d + 8 : 0, x2);
  if (nr > 3) storeSum(c + 12, d != 0 ? d + 12 : 0, x3);
}

function storeSum(c: usize, d: usize, x: v128): void {
  store<f32>(c, Vector.sum(x) + (d != 0 ? load<f32>(d) : 0));
}
