import { from, share, to, workspace } from "./control";
import { expand } from "./elements";
import { FREE, KC, MR, NR, PACKED_A, PACKED_A_BYTES, PACKED_B, PACKED_B_BYTES, wholeTile } from "./gemm";
import { packColumns } from "./packing";
import { transposeSquare } from "./squares";

/** From so many rows on, packing B pays, as each of its numbers is read often enough. */
const MOST_ROWS: i32 = 64;

/** Most rows of B worked on at a time, by which the panels of A pass. */
const BLOCK: i32 = 24;
/** The sums of a block, and the addends as the tiles read them. */
const SUMS: usize = FREE;
const ADDENDS: usize = SUMS + <usize>(BLOCK * MOST_ROWS * 4);

/** True if A has so few rows that reading B as it lies beats packing it: decoding some dozens of sequences. */
export function isFew(M: i32, K: i32): bool {
  return M <= MOST_ROWS && <usize>(((M + NR - 1) / NR) * NR) * <usize>K * 4 <= PACKED_B_BYTES;
}

/**
 * C = A·Bᵀ (+ D) with few rows of A and k side by side in both; this thread's columns of C. B holds numbers of type T.
 *
 * The product is computed the other way round, rows of B against a packed A, by the tiles of `gemm` and with its runs of
 * k: each element is the same chain of multiply-adds, and has the same bits.
 */
export function fewRows<T>(M: i32, N: i32, K: i32, a: usize, b: usize, c: usize, d: usize, dRow: usize): void {
  share(N, MR);
  const first = from;
  const last = to;
  if (first >= last) return;
  const runs = max(1, (K + KC - 1) / KC);
  const depth = (K + runs - 1) / runs;
  const width = ((M + NR - 1) / NR) * NR;
  const line = (<usize>width) << 2;
  // The runs of k one behind the other, each of panels of 16 rows of A.
  for (let k = 0; k < K; k += depth) {
    const at = workspace + PACKED_B + <usize>k * line;
    packColumns<f32>(at, a + ((<usize>k) << 2), (<usize>K) << 2, min(depth, K - k), M);
  }
  const bRow = (<usize>K) << alignof<T>();
  const expandedRow = (<usize>K) << 2;
  const block = max(MR, min(BLOCK, (<i32>(PACKED_A_BYTES / max(expandedRow, 1)) / MR) * MR));
  for (let n = first; n < last; n += block) {
    const rows = min(block, last - n);
    if (d != 0) gatherAddends(M, rows, d + ((<usize>n) << 2), dRow, line);
    // One after the other, as they lie: the processor fetches ahead, and the tiles find them in its caches.
    const expanded = workspace + PACKED_A;
    for (let row = 0; row < rows; row++) {
      expand<T>(expanded + <usize>row * expandedRow, b + <usize>(n + row) * bRow, K);
    }
    for (let k = 0; k == 0 || k < K; k += depth) {
      const run = min(depth, K - k);
      const right = workspace + PACKED_B + <usize>k * line;
      for (let j: usize = 0; j < line; j += NR << 2) {
        for (let i = 0; i < rows; i += MR) {
          const left = expanded + <usize>i * expandedRow + ((<usize>k) << 2);
          const at = <usize>i * line + j;
          const sums = workspace + SUMS + at;
          const addend = k > 0 ? sums : d != 0 ? workspace + ADDENDS + at : 0;
          const mr = min(MR, rows - i);
          wholeTile(mr, run, left, expandedRow, 4, right + j * <usize>run, NR << 2, sums, line, addend, line);
        }
      }
    }
    scatterSums(M, rows, c + ((<usize>n) << 2), (<usize>N) << 2, line);
  }
}

/** Copies columns of D to rows of the tiles. */
function gatherAddends(M: i32, rows: i32, d: usize, dRow: usize, line: usize): void {
  for (let m = 0; m < M; m += 4) {
    for (let row = 0; row < rows; row += 4) {
      const from = d + <usize>m * dRow + ((<usize>row) << 2);
      const to = workspace + ADDENDS + <usize>row * line + ((<usize>m) << 2);
      transposeSquare(min(4, M - m), min(4, rows - row), from, dRow, to, line);
    }
  }
}

/** Copies rows of the tiles to columns of C. */
function scatterSums(M: i32, rows: i32, c: usize, cRow: usize, line: usize): void {
  for (let row = 0; row < rows; row += 4) {
    for (let m = 0; m < M; m += 4) {
      const from = workspace + SUMS + <usize>row * line + ((<usize>m) << 2);
      const to = c + <usize>m * cRow + ((<usize>row) << 2);
      transposeSquare(min(4, rows - row), min(4, M - m), from, line, to, cRow);
    }
  }
}
