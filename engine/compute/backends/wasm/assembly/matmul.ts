import { thread, threads } from "./control";
import { dotProducts } from "./dotProducts";
import { isFew, fewRows } from "./fewRows";
import { MR, NR, gemm } from "./gemm";

/** Up to so many rows, or columns of B, dot products beat packing B first. */
const FEW_ROWS: i32 = 16;
const FEW_COLUMNS: i32 = 4;

/**
 * args: M, N, K, transposeA, transposeB, a, b, y, addend or 0, whether the addend is one row, bytes per number of b (4
 * or, for bf16, 2).
 */
export function matmul(args: usize): void {
  const M = load<i32>(args);
  const N = load<i32>(args, 4);
  const K = load<i32>(args, 8);
  const transposeA = load<i32>(args, 12) != 0;
  const transposeB = load<i32>(args, 16) != 0;
  const a = load<usize>(args, 20);
  const b = load<usize>(args, 24);
  const c = load<usize>(args, 28);
  const d = load<usize>(args, 32);
  const width = <usize>load<i32>(args, 40);
  const row = (<usize>N) << 2;
  const dRow = load<i32>(args, 36) != 0 ? <usize>0 : row;
  const isDot = !transposeA && transposeB;
  if (isDot && M > FEW_ROWS && N > FEW_COLUMNS && isFew(M, K)) {
    if (width == 2) fewRows<u16>(M, N, K, a, b, c, d, dRow);
    else fewRows<f32>(M, N, K, a, b, c, d, dRow);
    return;
  }
  if (!partition(M, N, K, transposeA)) return;
  if (isDot && (M <= FEW_ROWS || N <= FEW_COLUMNS)) {
    if (width == 2) dotProducts<u16>(firstRow, lastRow, firstColumn, lastColumn, K, a, b, c, row, d, dRow);
    else dotProducts<f32>(firstRow, lastRow, firstColumn, lastColumn, K, a, b, c, row, d, dRow);
    return;
  }
  const aRow = transposeA ? <usize>4 : (<usize>K) << 2;
  const aStep = transposeA ? (<usize>M) << 2 : <usize>4;
  const bRow = transposeB ? width : <usize>N * width;
  const bStep = transposeB ? <usize>K * width : width;
  gemm(firstRow, lastRow, firstColumn, lastColumn, K, a, aRow, aStep, b, bRow, bStep, c, row, d, dRow);
}

/** The part of C that this thread computes. */
export let firstRow: i32 = 0;
export let lastRow: i32 = 0;
export let firstColumn: i32 = 0;
export let lastColumn: i32 = 0;

/**
 * Cuts C [M, N] into a grid of near-equal parts, one per thread, choosing the grid whose largest part takes the
 * least time: tiles plus packing. @returns false when this thread gets none.
 */
export function partition(M: i32, N: i32, K: i32, packsA: bool): bool {
  const rows = (M + MR - 1) / MR;
  const columns = (N + NR - 1) / NR;
  let down = 1;
  let least = i64.MAX_VALUE;
  for (let candidate = 1; candidate <= min(threads, rows); candidate++) {
    const across = min(threads / candidate, columns);
    const tallest = <i64>((rows + candidate - 1) / candidate);
    const widest = <i64>((columns + across - 1) / across);
    // In units of 16 multiply-adds per k: a tile is 6, packing a panel of B about 4, one of A about 2.
    const cost = 6 * tallest * widest + 4 * widest + (packsA ? 2 * tallest : 0);
    if (cost < least) {
      least = cost;
      down = candidate;
    }
  }
  // A product too small to be worth sharing stays with the first thread.
  const across = <i64>M * N * K < 16_384 ? 1 : min(threads / down, columns);
  if (<i64>M * N * K < 16_384) down = 1;
  const i = thread / across;
  const j = thread % across;
  if (i >= down) return false;
  firstRow = min(M, ((rows * i) / down) * MR);
  lastRow = min(M, ((rows * (i + 1)) / down) * MR);
  firstColumn = min(N, ((columns * j) / across) * NR);
  lastColumn = min(N, ((columns * (j + 1)) / across) * NR);
  return true;
}
