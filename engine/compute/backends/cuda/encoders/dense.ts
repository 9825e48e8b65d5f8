import { type DType, defined } from "../../../graph/tensor.ts";
import {
  type Address,
  type Call,
  type EncoderTable,
  type KernelLaunch,
  FAULT,
  addresses,
  blocks,
  dim,
  f32,
  i32,
  u64,
} from "../launch.ts";
import { matrix, product, weightGradient } from "./product.ts";

/** As in the kernels: elements and rows a partial sum, rows of a norm a block, values of a digit. */
const SUM_CHUNK = 8192;
const SUM_ROWS = 64;
const NORM_ROWS = 4;
const DIGITS = 256;
const DIGIT_BITS = 8;
const THREADS = 256;

/** Products, sums, norms and the table's gradient. */
export const dense: Pick<
  EncoderTable,
  "matmul" | "sum" | "sumSquares" | "sumRows" | "rmsNorm" | "rmsNormGrad" | "embeddingGrad"
> = {
  matmul({ attrs: { transposeA, transposeB }, inputs: [a, b, addend], outputs: [y], scratch }) {
    const wanted = {
      ...{ M: dim(y, 0), N: dim(y, 1), K: dim(a, transposeA ? 0 : 1) },
      a: matrix(defined(a).address, defined(a).dtype, dim(a, 1), transposeA),
      b: matrix(defined(b).address, defined(b).dtype, dim(b, 1), transposeB),
      y: defined(y),
      ...(addend !== undefined && { [addend.size === defined(y).size ? "addend" : "bias"]: addend.address }),
    };
    return transposeA && !transposeB ? weightGradient(wanted, scratch) : [product(wanted)];
  },

  sum({ inputs: [x], outputs: [y], scratch }) {
    const { size, address, dtype } = defined(x);
    const chunks = blocks(size, SUM_CHUNK);
    const partials = scratch(chunks * 4);
    const args = [u64(size), address, partials];
    return [
      { file: "reductions", kernel: `sumChunks_${dtype}`, grid: [chunks, 1, 1], threads: THREADS, args },
      sumPartials(chunks, partials, defined(y).address),
    ];
  },

  sumSquares({ inputs, outputs: [y], scratch, table }) {
    const counts = inputs.map(({ size }) => blocks(size, SUM_CHUNK));
    const before = counts.map((_, index) => counts.slice(0, index).reduce((sum, count) => sum + count, 0));
    const chunks = counts.reduce((sum, count) => sum + count, 0);
    const parts = table(
      inputs.flatMap(({ address, size }, index) => [address, { u64: size }, { u64: defined(before[index]) }]),
    );
    const partials = scratch(chunks * 4);
    const args = [i32(inputs.length), parts, partials];
    return [
      { file: "reductions", kernel: "sumSquaresChunks_f32", grid: [chunks, 1, 1], threads: THREADS, args },
      sumPartials(chunks, partials, defined(y).address),
    ];
  },

  sumRows({ inputs: [x], outputs: [y], scratch }) {
    const { address, dtype } = defined(x);
    return sumRows({ M: dim(x, 0), C: dim(x, 1), x: address, dtype, y: defined(y).address }, scratch);
  },

  rmsNorm({ attrs: { eps, offset }, inputs, outputs: [y, rstd] }) {
    const M = defined(rstd).size;
    const args = [i32(M), i32(dim(y, -1)), f32(eps), f32(offset), ...addresses([...inputs, y, rstd])];
    const kernel = `rmsNorm_${defined(y).dtype}`;
    return [{ file: "rmsNorm", kernel, grid: [blocks(M, NORM_ROWS), 1, 1], threads: 32 * NORM_ROWS, args }];
  },

  rmsNormGrad({ attrs: { offset }, inputs: [x, w, rstd, dy, addend], outputs: [dx, dw], scratch }) {
    const [M, C] = [defined(rstd).size, dim(x, -1)];
    const { dtype } = defined(dx);
    const sizes = [i32(M), i32(C)];
    const args = [...sizes, f32(offset), ...addresses([x, w, rstd, dy]), addend?.address ?? null, defined(dx).address];
    const grid = [blocks(M, NORM_ROWS), 1, 1] as const;
    const chunks = blocks(M, SUM_ROWS);
    const partials = chunks === 1 ? defined(dw).address : scratch(chunks * C * 4);
    const sums: KernelLaunch = {
      file: "rmsNorm",
      kernel: `rmsNormWeightGrad_${dtype}`,
      grid: [blocks(C, THREADS), chunks, 1],
      threads: THREADS,
      args: [...sizes, ...addresses([x, rstd, dy]), partials],
    };
    const rest =
      chunks === 1 ? [] : sumRows({ M: chunks, C, x: partials, dtype: "f32", y: defined(dw).address }, scratch);
    return [{ file: "rmsNorm", kernel: `rmsNormGrad_${dtype}`, grid, threads: 32 * NORM_ROWS, args }, sums, ...rest];
  },

  embeddingGrad({ attrs: { vocabulary }, inputs: [ids, dy], outputs: [dTable], instruction, scratch }) {
    const K = defined(ids).size;
    const tiles = blocks(K, THREADS);
    const launch = (kernel: string, grid: number, args: KernelLaunch["args"]): KernelLaunch => {
      return { file: "embedding", kernel, grid: [grid, 1, 1], threads: THREADS, args };
    };
    const id = defined(ids).address;
    let [order, moved] = [scratch(K * 4), scratch(K * 4)];
    const counts = scratch(DIGITS * tiles * 4);
    const launches = [
      launch("embeddingGradStart", tiles, [i32(K), i32(vocabulary), id, order, FAULT, i32(instruction)]),
    ];
    for (let shift = 0; shift === 0 || vocabulary - 1 >= 2 ** shift; shift += DIGIT_BITS) {
      launches.push(
        launch("embeddingGradCount", tiles, [i32(K), i32(shift), id, order, counts]),
        launch("embeddingGradScan", 1, [i32(DIGITS * tiles), counts]),
        launch("embeddingGradMove", tiles, [i32(K), i32(shift), id, order, counts, moved]),
      );
      [order, moved] = [moved, order];
    }
    const args = [i32(K), i32(dim(dTable, 1)), id, order, ...addresses([dy, dTable])];
    return [...launches, launch(`embeddingGradSum_${defined(dy).dtype}`, vocabulary, args)];
  },
};

function sumPartials(count: number, partials: Address, y: Address): KernelLaunch {
  const args = [i32(count), partials, y];
  return { file: "reductions", kernel: "sumPartials_f32", grid: [1, 1, 1], threads: THREADS, args };
}

/** x `[M, C]` of a type, to be summed to y `[C]`, f32. */
interface RowsSum {
  readonly M: number;
  readonly C: number;
  readonly x: Address;
  readonly dtype: DType;
  readonly y: Address;
}

/** Sums `[M, C]` over its rows, again and again by chunks, until one row is left. */
function sumRows({ M, C, x, dtype, y }: RowsSum, scratch: Call["scratch"]): readonly KernelLaunch[] {
  const chunks = blocks(M, SUM_ROWS);
  const target = chunks === 1 ? y : scratch(chunks * C * 4);
  const first: KernelLaunch = {
    file: "reductions",
    kernel: `sumRows_${dtype}`,
    grid: [blocks(C, THREADS), chunks, 1],
    threads: THREADS,
    args: [i32(M), i32(C), x, target],
  };
  return chunks === 1 ? [first] : [first, ...sumRows({ M: chunks, C, x: target, dtype: "f32", y }, scratch)];
}
