import type * as tfjs from "@tensorflow/tfjs-core";
import type { Attrs, DType, Op, TensorSpec } from "../../graph/tensor.ts";
import type { OPS, OpName } from "../../ops/index.ts";

/** The functions of tfjs, whichever package brought them. */
export type Tf = typeof tfjs;

/** One op to execute: its inputs, settings, and the shapes that its results must have. */
export interface Call<A extends Attrs = Attrs> {
  readonly inputs: readonly tfjs.Tensor[];
  readonly attrs: A;
  readonly outputs: readonly TensorSpec[];
  /** Types of the inputs' elements, which tfjs does not know. */
  readonly dtypes: readonly DType[];
}

/** Executes an op inside a tidy scope: results only, nothing else survives. Must not return an input itself. */
export type Kernel<A extends Attrs = Attrs> = (tf: Tf, call: Call<A>) => readonly tfjs.Tensor[];

type AttrsOf<N extends OpName> = Extract<(typeof OPS)[number], { readonly name: N }> extends Op<infer A, N> ? A : never;

/** A kernel for every op of the engine. */
export type KernelTable = { readonly [N in OpName]: Kernel<AttrsOf<N>> };

/** Elements that a block of intermediate results may have, 4 MiB: blocks bound memory, whatever the batch. */
const BLOCK_ELEMENTS = 1 << 20;

/**
 * Cuts rows into blocks whose intermediate results stay small.
 *
 * @param rows - How many rows there are.
 * @param width - Elements that one row takes while it is worked on.
 * @param limit - Rows that a block has at most.
 * @returns Half-open ranges [from, to).
 */
export function rowBlocks(rows: number, width: number, limit: number): readonly (readonly [number, number])[] {
  const height = Math.max(1, Math.min(limit, Math.floor(BLOCK_ELEMENTS / width)));
  return Array.from({ length: Math.ceil(rows / height) }, (_, block) => {
    const from = block * height;
    return [from, Math.min(rows, from + height)] as const;
  });
}

/**
 * Rows with a 1 at their index, `[K]` → `[K, width]`; a row of zeros for an index outside. Not tf.oneHot, which
 * refuses a width of 1.
 */
export function oneHotRows(tf: Tf, index: tfjs.Tensor, width: number): tfjs.Tensor {
  const columns = tf.reshape(tf.range(0, width, 1, "int32"), [1, width]);
  return tf.cast(tf.equal(tf.reshape(index, [-1, 1]), columns), "float32");
}
