import type { DType } from "../../../graph/tensor.ts";
import { type Address, type KernelLaunch, blocks, i32, u64 } from "../launch.ts";

/** An operand of a product: element (i, j) lies at i·row + j·column. */
export interface Matrix {
  readonly address: Address;
  readonly dtype: DType;
  readonly row: number;
  readonly column: number;
}

/** y = a·b (+ addend), `[M, K]`·`[K, N]`. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly y: { readonly address: Address; readonly dtype: DType };
  /** Of y's type: `[M, N]`, or one row for all, `[N]`. May be y itself. */
  readonly addend?: { readonly address: Address; readonly isRow: boolean };
}

const THREADS = 256;
/** Tiles of 128 by 128 that keep a card busy; with fewer, those of 64 by 64 do better. */
const ENOUGH_TILES = 128;

/** A matrix of `width` numbers a row, or its transpose. */
export function matrix(address: Address, dtype: DType, width: number, isTransposed = false): Matrix {
  return isTransposed ? { address, dtype, row: 1, column: width } : { address, dtype, row: width, column: 1 };
}

/** The launch of a product. Results do not depend on the tiles' size. */
export function product({ M, N, K, a, b, y, addend }: Product): KernelLaunch {
  const tile = blocks(M, 128) * blocks(N, 128) < ENOUGH_TILES ? 64 : 128;
  return {
    file: "matmul",
    kernel: `matmul${tile}_${a.dtype}_${b.dtype}_${y.dtype}`,
    grid: [blocks(N, tile), blocks(M, tile), 1],
    threads: THREADS,
    args: [
      ...[M, N, K].map(i32),
      ...[a, b].flatMap(({ address, row, column }) => [address, u64(row), u64(column)]),
      addend?.address ?? null,
      i32(addend === undefined || addend.isRow ? 0 : N),
      y.address,
    ],
  };
}
