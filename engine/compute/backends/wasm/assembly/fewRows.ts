import { from, share, to, workspace } from "./control";
import { expand } from "./elements";
import { KC, MR, NR, PACKED_A, PACKED_B, PACKED_B_BYTES, wholeTile } from "./gemm";
import { packColumns } from "./packing";

/** From so many rows on, packing B pays, as each of its numbers is read often enough. */
const MOST_ROWS: i32 = 64;

/** Behind the expanded rows of B: a tile's sums, and the addend as the tile reads it. */
const SUMS: usize = PACKED_A + <usize>(MR * KC * 4);
const ADDENDS: usize = SUMS + <usize>(MR * MOST_ROWS * 4);

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
  for (let n = first; n < last; n += MR) {
    const rows = min(MR, last - n);
    if (d != 0) gatherAddends(M, rows, d + ((<usize>n) << 2), dRow, line);
    for (let k = 0; k == 0 || k < K; k += depth) {
      const run = min(depth, K - k);
      let left = b + <usize>n * bRow + ((<usize>k) << alignof<T>());
      let leftRow = bRow;
      if (sizeof<T>() != 4) {
        leftRow = (<usize>run) << 2;
        const expanded = workspace + PACKED_A;
        for (let row = 0; row < rows; row++) expand<T>(expanded + <usize>row * leftRow, left + <usize>row * bRow, run);
        left = expanded;
      }
      const right = workspace + PACKED_B + <usize>k * line;
      for (let j: usize = 0; j < line; j += NR << 2) {
        const sums = workspace + SUMS + j;
        const addend = k > 0 ? sums : d != 0 ? workspace + ADDENDS + j : 0;
        wholeTile(rows, run, left, leftRow, 4, right + j * <usize>run, NR << 2, sums, line, addend, line);
      }
    }
    scatterSums(M, rows, c + ((<usize>n) << 2), (<usize>N) << 2, line);
  }
}

/** Copies columns of D to rows of the tile. */
function gatherAddends(M: i32, rows: i32, d: usize, dRow: usize, line: usize): void {
  for (let m = 0; m < M; m++, d += dRow) {
    const at = workspace + ADDENDS + ((<usize>m) << 2);
    for (let row = 0; row < rows; row++) store<f32>(at + <usize>row * line, load<f32>(d + ((<usize>row) << 2)));
  }
}

/** Copies rows of the tile to columns of C. */
function scatterSums(M: i32, rows: i32, c: usize, cRow: usize, line: usize): void {
  for (let m = 0; m < M; m++, c += cRow) {
    const at = workspace + SUMS + ((<usize>m) << 2);
    for (let row = 0; row < rows; row++) store<f32>(c + ((<usize>row) << 2), load<f32>(at + <usize>row * line));
  }
}
