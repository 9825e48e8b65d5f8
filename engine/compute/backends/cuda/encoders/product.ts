import type { DType } from "../../../graph/tensor.ts";
import type { LibraryMatrix } from "../cublas/library.ts";
import { type Address, type Call, type KernelLaunch, type LibraryLaunch, blocks, each, i32, u64 } from "../launch.ts";

/** An operand of a product: element (i, j) lies at i·row + j·column. */
export interface Matrix {
  readonly address: Address;
  readonly dtype: DType;
  readonly row: number;
  readonly column: number;
}

/** y = a·b (+ addend or bias), `[M, K]`·`[K, N]`. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly y: { readonly address: Address; readonly dtype: DType };
  /** Of y's type, `[M, N]`; may be y itself. */
  readonly addend?: Address;
  /** f32, `[N]`. */
  readonly bias?: Address;
}

const THREADS = 256;
/** Tiles of 128 by 128 that keep a card busy; with fewer, those of 64 by 64 do better. */
const ENOUGH_TILES = 128;
/** As in matmulBf16.cu: a tile of y, and three stages of a tile of a and one of b, 32 numbers deep. */
const TENSOR_TILE = 128;
const TENSOR_SHARED_BYTES = 3 * 2 * TENSOR_TILE * 32 * 2;
const TENSOR_DEPTH = 32;
/** Of K, in tiles, at the least where blocks share a tile of y: what they write and read more is less than what they read. */
const LEAST_DEPTH = 16;
/** Rows begin at multiples of this where tensor cores take them: bf16 numbers in the 16 bytes of a copy. */
export const TENSOR_ALIGNMENT = 8;

/** A matrix of `width` numbers a row, or its transpose. */
export function matrix(address: Address, dtype: DType, width: number, isTransposed = false): Matrix {
  return isTransposed ? { address, dtype, row: 1, column: width } : { address, dtype, row: width, column: 1 };
}

/**
 * The launch of a product. Which kernel does it depends on the operands' types and on how their rows lie, not on how
 * many there are, and no result on the tile that it lies in: a token's numbers are the same in any batch.
 */
export function product(product: Product): KernelLaunch {
  const own = [product.a, product.b].every(isForTensorCores) ? tensorProduct(product) : plainProduct(product);
  const library = libraryLaunch(product);
  return library === undefined ? own : { ...own, library };
}

/**
 * The same by cuBLASLt, for two matrices of bf16 whose rows tensor cores take; undefined otherwise. Products of f32 are
 * our own kernels': weights that are held in bf16 give there the bytes that they give in f32, and the library has no
 * product of f32 and bf16. Nor has it a bias of another type than y, or writes to variables: it warms up on what it writes to.
 */
function libraryLaunch({ M, N, K, a, b, y, addend, bias }: Product): LibraryLaunch | undefined {
  if (![a, b].every(isForTensorCores) || y.dtype === "i32") return undefined;
  if (y.address.place !== "arena" || (bias !== undefined && y.dtype !== "f32")) return undefined;
  // Its columns are our rows: yᵀ = bᵀ·aᵀ.
  const added = addend ?? bias ?? null;
  const shape = {
    ...{ m: N, n: M, k: K, resultType: y.dtype },
    a: columns(b, { rows: K, columns: N }),
    b: columns(a, { rows: M, columns: K }),
    d: { step: N, alignment: alignmentOf(y.address) },
    adds: addend === undefined ? (bias === undefined ? "nothing" : "bias") : "matrix",
    addsAlignment: added === null ? MOST_ALIGNMENT : alignmentOf(added),
  } as const;
  return { shape, a: b.address, b: a.address, d: y.address, added };
}

/** A matrix of so many rows and columns, read with its rows as columns. */
function columns(
  { address, row, column }: Matrix,
  size: { readonly rows: number; readonly columns: number },
): LibraryMatrix {
  const isTransposed = column !== 1;
  // Of a single row or column, the step may be anything, but no less than what lies side by side.
  const step = Math.max(row, column, isTransposed ? size.rows : size.columns);
  return { isTransposed, step, alignment: alignmentOf(address) };
}

/** Places in device memory begin at multiples of this. */
const MOST_ALIGNMENT = 256;

/** The largest power of two that divides an address, as far as it is known. */
function alignmentOf({ offset }: Address): number {
  const rest = offset % MOST_ALIGNMENT;
  return rest === 0 ? MOST_ALIGNMENT : rest & -rest;
}

/**
 * The gradient of a weight, yᵀ·x summed over tokens: where the weight is too small to keep a card busy, blocks share the
 * tokens of a tile, and their sums are added in order. By the shapes alone, so that every card gives the same bytes. No
 * token has numbers of its own here that would have to be the same in other programs. A library does all of it at once.
 */
export function weightGradient(wanted: Product, scratch: Call["scratch"]): readonly KernelLaunch[] {
  const { M, N, K, a, b, y, addend, bias } = wanted;
  const whole = product(wanted);
  const tiles = blocks(M, TENSOR_TILE) * blocks(N, TENSOR_TILE);
  const steps = blocks(K, TENSOR_DEPTH);
  const most = blocks(steps, Math.min(Math.floor(ENOUGH_TILES / tiles), Math.floor(steps / LEAST_DEPTH)));
  const parts = blocks(steps, most);
  if (whole.file !== "matmulBf16" || !(parts > 1)) return [whole];
  const sums = scratch(parts * M * N * 4);
  const operands = [a, b].flatMap(({ address, row, column }) => [address, u64(Math.max(row, column))]);
  const [columns, rows] = whole.grid;
  return [
    {
      ...whole,
      kernel: "matmulBf16Part_tn",
      grid: [columns, rows, parts],
      args: [...[M, N, K].map(i32), ...operands, i32(most), sums],
    },
    ...each("matmulBf16", `matmulBf16Join_${y.dtype}`, M * N, [
      ...[u64(M * N), i32(N), i32(parts), sums],
      ...[addend ?? bias ?? null, i32(addend === undefined ? 0 : N), y.address],
    ]).map((join) => ({ ...join, endsProduct: true })),
  ];
}

function isForTensorCores({ address, dtype, row, column }: Matrix): boolean {
  return dtype === "bf16" && Math.max(row, column) % TENSOR_ALIGNMENT === 0 && address.offset % 16 === 0;
}

function tensorProduct({ M, N, K, a, b, y, addend, bias }: Product): KernelLaunch {
  const layout = `${a.column === 1 ? "n" : "t"}${b.column === 1 ? "n" : "t"}`;
  return {
    file: "matmulBf16",
    kernel: `matmulBf16_${layout}_${y.dtype}`,
    grid: [blocks(N, TENSOR_TILE), blocks(M, TENSOR_TILE), 1],
    threads: THREADS,
    sharedBytes: TENSOR_SHARED_BYTES,
    args: [
      ...[M, N, K].map(i32),
      ...[a, b].flatMap(({ address, row, column }) => [address, u64(Math.max(row, column))]),
      ...[addend ?? bias ?? null, i32(addend === undefined ? 0 : N), y.address],
    ],
  };
}

function plainProduct({ M, N, K, a, b, y, addend, bias }: Product): KernelLaunch {
  // Products of bf16 that come here are narrow.
  const tile = a.dtype === "bf16" || blocks(M, 128) * blocks(N, 128) < ENOUGH_TILES ? 64 : 128;
  return {
    file: "matmul",
    kernel: `matmul${tile}_${a.dtype}_${b.dtype}_${y.dtype}`,
    grid: [blocks(N, tile), blocks(M, tile), 1],
    threads: THREADS,
    args: [
      ...[M, N, K].map(i32),
      ...[a, b].flatMap(({ address, row, column }) => [address, u64(row), u64(column)]),
      ...[addend ?? bias ?? null, i32(addend === undefined ? 0 : N), y.address],
    ],
  };
}
