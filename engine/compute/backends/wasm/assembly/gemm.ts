import { wideTiles, workspace } from "./control";
import { packColumns, packPanels, packRows, packTransposed } from "./packing";
import { narrowTile, wideTile } from "./tiles";
import { loadPart, storePart } from "./vector";

/** Tile rows and columns. */
export const MR: i32 = 6;
export const NR: i32 = 16;
/** Columns of C worked on with one packed part of B, which takes KC·NC floats: most of a level-2 cache. */
const NC: i32 = 512;
/** Longest run of k: a panel of B (16·KC floats) and one of A (6·KC) share the level-1 cache. */
export const KC: i32 = 320;
/** From so many columns on, packing A pays where its rows could be read as they lie: tiles read one stream, not six. */
const WIDE: i32 = 192;
/** Rows of A packed at a time. */
const MC: i32 = 96;

export const PACKED_B: usize = 0;
export const PACKED_B_BYTES: usize = <usize>(KC * NC * 4);
export const PACKED_A: usize = PACKED_B + PACKED_B_BYTES;
export const PACKED_A_BYTES: usize = <usize>(MC * KC * 4);
const SPARE: usize = PACKED_A + PACKED_A_BYTES;
/** Where the part of a thread's workspace begins that matrix products leave alone. */
export const FREE: usize = SPARE + 1024;

/**
 * C = A·B (+ D) for rows [m0, m1) and columns [n0, n1), on this thread alone.
 *
 * Element (m, k) of A lies at a + m·aRow + k·aStep, (k, n) of B at b + k·bRow + n·bStep, where the steps or the rows
 * are 4 (floats side by side) or, for a B of bf16, 2; rows of C and D are cRow and dRow bytes apart. d = 0 for no D; D may be C.
 */
export function gemm(
  m0: i32,
  m1: i32,
  n0: i32,
  n1: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  const runs = max(1, (K + KC - 1) / KC);
  const depth = (K + runs - 1) / runs;
  for (let n = n0; n < n1; n += NC) {
    const columns = min(NC, n1 - n);
    for (let k = 0; k == 0 || k < K; k += depth) {
      const run = min(depth, K - k);
      const packed = workspace + PACKED_B;
      const from = b + <usize>k * bRow + <usize>n * bStep;
      if (bRow == 2 || bStep == 2) {
        if (bStep == 2) packRows<u16>(packed, from, bRow, run, columns);
        else packColumns<u16>(packed, from, bStep, run, columns);
      } else if (bStep == 4) packRows<f32>(packed, from, bRow, run, columns);
      else packColumns<f32>(packed, from, bStep, run, columns);
      const at = (<usize>n) << 2;
      // Later runs add to what the first one left.
      const addend = k > 0 ? c + at : d != 0 ? d + at : 0;
      const addendRow = k > 0 ? cRow : dRow;
      strip(m0, m1, columns, run, a + <usize>k * aStep, aRow, aStep, packed, c + at, cRow, addend, addendRow);
    }
  }
}

/** One run of k over one packed strip of B. */
function strip(
  m0: i32,
  m1: i32,
  columns: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  packed: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  const packs = aStep != 4 || columns >= WIDE;
  const panel: usize = packs ? (<usize>(MR * K)) << 2 : <usize>MR * aRow;
  const row: usize = packs ? 4 : aRow;
  const step: usize = packs ? (<usize>MR) << 2 : aStep;
  for (let m = m0; m < m1; m += MC) {
    const rows = min(MC, m1 - m);
    let block = a + <usize>m * aRow;
    if (packs) {
      if (aStep == 4) packPanels(workspace + PACKED_A, block, aRow, K, rows);
      else packTransposed(workspace + PACKED_A, block, aStep, K, rows);
      block = workspace + PACKED_A;
    }
    for (let j = 0; j < columns; j += NR) {
      const nr = min(NR, columns - j);
      const right = packed + ((<usize>(j * K)) << 2);
      for (let i = 0; i < rows; i += MR) {
        const left = block + <usize>(i / MR) * panel;
        const at = <usize>(m + i) * cRow + ((<usize>j) << 2);
        const addend = d != 0 ? d + <usize>(m + i) * dRow + ((<usize>j) << 2) : 0;
        tile(min(MR, rows - i), nr, K, left, row, step, right, NR << 2, c + at, cRow, addend, dRow);
      }
    }
  }
}

/** One tile, whole or cut off at the right or bottom. B is always readable sixteen columns wide. */
export function tile(
  mr: i32,
  nr: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  if (mr == MR && nr == NR) {
    wholeTile(mr, K, a, aRow, aStep, b, bStep, c, cRow, d, dRow);
    return;
  }
  const spare = workspace + SPARE;
  wholeTile(mr, K, a, aRow, aStep, b, bStep, spare, NR << 2, 0, 0);
  for (let row = 0; row < mr; row++) {
    copyRow(spare + ((<usize>(row * NR)) << 2), nr, c + <usize>row * cRow, d != 0 ? d + <usize>row * dRow : 0);
  }
}

export function wholeTile(
  mr: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  if (wideTiles) {
    wideTile(mr, K, a, aRow, aStep, b, bStep, c, cRow, d, dRow);
    return;
  }
  narrowTile(mr, K, a, aRow, aStep, b, bStep, c, cRow, d, dRow);
  narrowTile(mr, K, a, aRow, aStep, b + 32, bStep, c + 32, cRow, d != 0 ? d + 32 : 0, dRow);
}

function copyRow(source: usize, count: i32, target: usize, addend: usize): void {
  const whole = count & ~3;
  for (let at: usize = 0; at < (<usize>whole) << 2; at += 16) {
    const x = v128.load(source + at);
    v128.store(target + at, addend != 0 ? f32x4.add(x, v128.load(addend + at)) : x);
  }
  const at = (<usize>whole) << 2;
  const rest = count & 3;
  const x = v128.load(source + at);
  storePart(target + at, addend != 0 ? f32x4.add(x, loadPart(addend + at, rest)) : x, rest);
}

/** Computes one tile over and over on whatever lies in the workspace: the host times which kind is faster here. */
export function runTiles(times: i32): void {
  const a = workspace + PACKED_A;
  for (let i = 0; i < times; i++) wholeTile(MR, 256, a, 1024, 4, workspace, NR << 2, workspace + SPARE, NR << 2, 0, 0);
}
