import { workspace } from "./control";
import { Four, loadFew } from "./elements";
import { FREE } from "./gemm";
import { addSquare, transposeSquare } from "./squares";
import { Vector, loadPart } from "./vector";

/** Rows of A side by side. */
const ROWS: i32 = 8;
/**
 * A tile's chains, a vector per element; the sums of four tiles, `[2][4][ROWS]`; four by four of
 * them on their way to D; and the interleaved rows.
 */
const CHAINS: usize = FREE;
const SUMS: usize = CHAINS + <usize>(ROWS * 2 * 16);
const SUMS_BYTES: usize = <usize>(4 * ROWS * 4);
const SQUARE: usize = SUMS + 2 * SUMS_BYTES;
const INTERLEAVED: usize = SQUARE + 64;
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
  // Two columns at a time, half of them apart: see dotProducts.
  const apart = (n1 - n0 + 1) >> 1;
  const zero: f32 = d == 0 ? 0 : -0.0;
  for (let n = n0; n < n0 + apart; n += 4) {
    const columns = min(4, n0 + apart - n);
    const others = max(0, min(4, n1 - apart - n));
    for (let m = m0; m < m1; m += ROWS) {
      const mr = min(ROWS, m1 - m);
      const left = packed + <usize>((m - m0) / ROWS) * group;
      for (let j = 0; j < columns; j++) {
        const b0 = b + <usize>(n + j) * bRow;
        const b1 = j < others ? b0 + <usize>apart * bRow : b0;
        eightByTwo<T>(K, left, b0, b1, workspace + SUMS + ((<usize>(j * ROWS)) << 2), zero);
      }
      const at = c + <usize>m * cRow + ((<usize>n) << 2);
      const addend = d != 0 ? d + <usize>m * dRow + ((<usize>n) << 2) : 0;
      const far = (<usize>apart) << 2;
      storeSums(mr, columns, workspace + SUMS, at, cRow, addend, dRow);
      storeSums(mr, others, workspace + SUMS + SUMS_BYTES, at + far, cRow, d != 0 ? addend + far : 0, dRow);
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
 * Eight rows of A, whose numbers lie interleaved: `[k / 4][8][4]`, with zeros where rows or k are missing. Two rows' chains
 * then lie side by side, as two stores' worth of vectors that V8 can join. The sums of the first column go to `sums`, those of
 * the second behind those of four columns.
 */
function eightByTwo<T>(K: i32, a: usize, b0: usize, b1: usize, sums: usize, zero: f32): void {
  const chains = workspace + CHAINS;
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
  v128.store(chains, c00);
  v128.store(chains, c01, 16);
  v128.store(chains, c02, 32);
  v128.store(chains, c03, 48);
  v128.store(chains, c04, 64);
  v128.store(chains, c05, 80);
  v128.store(chains, c06, 96);
  v128.store(chains, c07, 112);
  v128.store(chains, c10, 128);
  v128.store(chains, c11, 144);
  v128.store(chains, c12, 160);
  v128.store(chains, c13, 176);
  v128.store(chains, c14, 192);
  v128.store(chains, c15, 208);
  v128.store(chains, c16, 224);
  v128.store(chains, c17, 240);
  if (whole < K) addRest<T>(K - whole, a, b0 + end, b1 + end, chains);
  addUp(chains, sums, zero);
  addUp(chains + 128, sums + SUMS_BYTES, zero);
}

/** Adds the last one to three k to the chains. */
function addRest<T>(rest: i32, a: usize, b0: usize, b1: usize, chains: usize): void {
  const y0 = loadFew<T>(b0, rest);
  const y1 = loadFew<T>(b1, rest);
  for (let row = 0; row < ROWS; row++, a += 16, chains += 16) {
    const x = v128.load(a);
    v128.store(chains, f32x4.relaxed_madd(x, y0, v128.load(chains)));
    v128.store(chains, f32x4.relaxed_madd(x, y1, v128.load(chains, 128)), 128);
  }
}

/** The sums of eight elements' chains, and a zero: 0 makes a 0 of −0, as the missing addend would; −0 changes nothing. */
function addUp(chains: usize, sums: usize, zero: f32): void {
  const zeros = f32x4.splat(zero);
  const x0 = Vector.sums(v128.load(chains), v128.load(chains, 16), v128.load(chains, 32), v128.load(chains, 48));
  const x1 = Vector.sums(v128.load(chains, 64), v128.load(chains, 80), v128.load(chains, 96), v128.load(chains, 112));
  v128.store(sums, f32x4.add(x0, zeros));
  v128.store(sums, f32x4.add(x1, zeros), 16);
}

/** Turns up to four columns of up to eight sums to rows of C, and adds those of D. */
function storeSums(mr: i32, columns: i32, sums: usize, c: usize, cRow: usize, d: usize, dRow: usize): void {
  for (let row = 0; row < mr; row += 4, sums += 16, c += 4 * cRow) {
    const rows = min(4, mr - row);
    if (d == 0) {
      transposeSquare(columns, rows, sums, ROWS << 2, c, cRow);
      continue;
    }
    // Not by way of C, which D may be.
    transposeSquare(columns, rows, sums, ROWS << 2, workspace + SQUARE, 16);
    addSquare(rows, columns, workspace + SQUARE, d, dRow, c, cRow);
    d += 4 * dRow;
  }
}
