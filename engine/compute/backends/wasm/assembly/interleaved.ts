import { workspace } from "./control";
import { storeTwo } from "./dotProducts";
import { Four, loadFew } from "./elements";
import { FREE } from "./gemm";
import { loadPart } from "./vector";

/** Rows of A side by side. */
const ROWS: i32 = 8;
/** A tile's sums, a vector per element, and the interleaved rows behind them. */
const SUMS: usize = FREE;
const SUMS_BYTES: usize = <usize>(ROWS * 2 * 16);
const INTERLEAVED: usize = SUMS + SUMS_BYTES;
/** Of a thread's workspace; `layout.ts` names the same number. */
const WORKSPACE_BYTES: usize = 2 << 20;

/** Bytes of a group of rows. */
function groupBytes(K: i32): usize {
  return (<usize>((K + 3) & ~3) * <usize>ROWS) << 2;
}

/** True if the workspace holds so many rows. */
export function isInterleavable(rows: i32, K: i32): bool {
  return INTERLEAVED + <usize>((rows + ROWS - 1) / ROWS) * groupBytes(K) <= WORKSPACE_BYTES;
}

/**
 * The products of `dotProducts`, with the same bits, for more than four rows of A: these are laid side by side first, so
 * that V8 can join the chains of two rows, and B's numbers are expanded once for eight of them.
 */
export function interleavedProducts<T>(
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
  const group = groupBytes(K);
  const packed = workspace + INTERLEAVED;
  for (let m = m0; m < m1; m += ROWS) {
    interleave(packed + <usize>((m - m0) / ROWS) * group, a + <usize>m * row, K, min(ROWS, m1 - m));
  }
  for (let n = n0; n < n1; n += 2) {
    for (let m = m0; m < m1; m += ROWS) {
      const left = packed + <usize>((m - m0) / ROWS) * group;
      const at = c + <usize>m * cRow + ((<usize>n) << 2);
      const addend = d != 0 ? d + <usize>m * dRow + ((<usize>n) << 2) : 0;
      eightByTwo<T>(min(ROWS, m1 - m), min(2, n1 - n), K, left, b + <usize>n * bRow, at, cRow, addend, dRow);
    }
  }
}

/** Interleaves up to eight rows of K numbers for `eightByTwo`. */
function interleave(target: usize, a: usize, K: i32, rows: i32): void {
  const row = (<usize>K) << 2;
  const whole = K & ~3;
  for (let m = 0; m < ROWS; m++, target += 16, a += row) {
    let to = target;
    for (let k = 0; k < K; k += 4, to += 128) {
      const from = a + ((<usize>k) << 2);
      v128.store(to, m >= rows ? f32x4.splat(0) : k < whole ? v128.load(from) : loadPart(from, K - k));
    }
  }
}

/**
 * Up to eight rows of A, whose numbers lie interleaved: `[k / 4][8][4]`, with zeros where rows or k are missing. Two
 * rows' chains then lie side by side, as two stores' worth of vectors that V8 can join.
 */
function eightByTwo<T>(
  mr: i32,
  nr: i32,
  K: i32,
  a: usize,
  b0: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  const b1 = b0 + (nr > 1 ? (<usize>K) << alignof<T>() : 0);
  const sums = workspace + SUMS;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c04 = c00;
  let c05 = c00;
  let c06 = c00;
  let c07 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  let c14 = c00;
  let c15 = c00;
  let c16 = c00;
  let c17 = c00;
  const whole = K & ~3;
  const end = (<usize>whole) << alignof<T>();
  for (let at: usize = 0; at < end; at += 4 * sizeof<T>(), a += 128) {
    const y0 = Four.load<T>(b0 + at);
    const y1 = Four.load<T>(b1 + at);
    let x0 = v128.load(a);
    let x1 = v128.load(a, 16);
    c00 = f32x4.relaxed_madd(x0, y0, c00);
    c01 = f32x4.relaxed_madd(x1, y0, c01);
    c10 = f32x4.relaxed_madd(x0, y1, c10);
    c11 = f32x4.relaxed_madd(x1, y1, c11);
    x0 = v128.load(a, 32);
    x1 = v128.load(a, 48);
    c02 = f32x4.relaxed_madd(x0, y0, c02);
    c03 = f32x4.relaxed_madd(x1, y0, c03);
    c12 = f32x4.relaxed_madd(x0, y1, c12);
    c13 = f32x4.relaxed_madd(x1, y1, c13);
    x0 = v128.load(a, 64);
    x1 = v128.load(a, 80);
    c04 = f32x4.relaxed_madd(x0, y0, c04);
    c05 = f32x4.relaxed_madd(x1, y0, c05);
    c14 = f32x4.relaxed_madd(x0, y1, c14);
    c15 = f32x4.relaxed_madd(x1, y1, c15);
    x0 = v128.load(a, 96);
    x1 = v128.load(a, 112);
    c06 = f32x4.relaxed_madd(x0, y0, c06);
    c07 = f32x4.relaxed_madd(x1, y0, c07);
    c16 = f32x4.relaxed_madd(x0, y1, c16);
    c17 = f32x4.relaxed_madd(x1, y1, c17);
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c02, 32);
  v128.store(sums, c03, 48);
  v128.store(sums, c04, 64);
  v128.store(sums, c05, 80);
  v128.store(sums, c06, 96);
  v128.store(sums, c07, 112);
  v128.store(sums, c10, 128);
  v128.store(sums, c11, 144);
  v128.store(sums, c12, 160);
  v128.store(sums, c13, 176);
  v128.store(sums, c14, 192);
  v128.store(sums, c15, 208);
  v128.store(sums, c16, 224);
  v128.store(sums, c17, 240);
  const rest = K - whole;
  const y0 = loadFew<T>(b0 + end, rest);
  const y1 = loadFew<T>(b1 + end, rest);
  for (let row = 0; row < mr; row++) {
    const at = sums + ((<usize>row) << 4);
    let sum0 = v128.load(at);
    let sum1 = v128.load(at, 128);
    if (rest > 0) {
      const x = v128.load(a + ((<usize>row) << 4));
      sum0 = f32x4.relaxed_madd(x, y0, sum0);
      sum1 = f32x4.relaxed_madd(x, y1, sum1);
    }
    storeTwo(c + <usize>row * cRow, d != 0 ? d + <usize>row * dRow : 0, nr, sum0, sum1);
  }
}
