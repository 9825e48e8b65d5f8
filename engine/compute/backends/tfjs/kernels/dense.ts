import type { Tensor } from "@tensorflow/tfjs-core";
import { type Kernel, type Tf, oneHotRows, rowBlocks } from "../kernel.ts";

/** Matrix product, plus an addend or a bias where the planner folded one in. */
export const matmul: Kernel<{ transposeA: boolean; transposeB: boolean }> = (tf, { inputs, attrs }) => {
  const y = tf.matMul(inputs[0]!, inputs[1]!, attrs.transposeA, attrs.transposeB);
  return [withAddend(tf, y, inputs[2])];
};

function withAddend(tf: Tf, y: Tensor, addend: Tensor | undefined): Tensor {
  if (addend === undefined) return y;
  return tf.add(y, addend.size === y.size ? tf.reshape(addend, y.shape) : addend);
}

/** One row added to every row. */
export const addBias: Kernel = (tf, { inputs: [x, bias] }) => [tf.add(x!, bias!)];

/** Sum of all rows. */
export const sumRows: Kernel = (tf, { inputs: [x] }) => [tf.sum(x!, 0)];

/** Rows of a table, picked by id. */
export const embedding: Kernel = (tf, { inputs: [table, ids] }) => [tf.gather(table!, ids!)];

/** Rows of dy added up by id. */
export const embeddingGrad: Kernel<{ vocabulary: number }> = (tf, { inputs: [ids, dy], attrs: { vocabulary } }) => {
  const rows = tf.reshape(dy!, [ids!.size, -1]);
  return [addRows(tf, tf.reshape(ids!, [-1]), rows, vocabulary)];
};

/**
 * Sums rows by their index, `[K]` and `[K, C]` → `[height, C]`: as a product with one-hot rows, because scatter ops
 * add in any order on a GPU, which would break "same bytes every time".
 */
function addRows(tf: Tf, index: Tensor, rows: Tensor, height: number): Tensor {
  const blocks = rowBlocks(height, index.size, height).map(([from, to]) =>
    tf.tidy(() => {
      const hot = oneHotRows(tf, tf.sub(index, tf.scalar(from, "int32")), to - from); // [K, to − from]
      return tf.matMul(hot, rows, true);
    }),
  );
  return tf.concat(blocks, 0);
}

/** Root-mean-square norm: y and 1/rms per row. */
export const rmsNorm: Kernel<{ eps: number; offset: number }> = (tf, { inputs: [x, w], attrs: { eps, offset } }) => {
  const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), eps)); // [..., 1]
  return [tf.mul(tf.mul(x!, rstd), tf.add(w!, offset)), tf.reshape(rstd, [-1])];
};

/** Gradients of rmsNorm by x and w. */
export const rmsNormGrad: Kernel<{ eps: number; offset: number }> = (tf, { inputs, attrs: { offset } }) => {
  const [x, w, rstd, dy, addend] = inputs;
  const scale = tf.reshape(rstd!, [...x!.shape.slice(0, -1), 1]);
  const normed = tf.mul(x!, scale);
  const weighted = tf.mul(dy!, tf.add(w!, offset));
  const along = tf.mean(tf.mul(weighted, normed), -1, true); // [..., 1]
  const dx = tf.mul(tf.sub(weighted, tf.mul(normed, along)), scale);
  const dw = tf.sum(tf.reshape(tf.mul(dy!, normed), [-1, w!.size]), 0);
  return [withAddend(tf, dx, addend), dw];
};

/** Rotary position embedding, forward or back. */
export const rope: Kernel<{ frequencies: readonly number[]; inverse: boolean }> = (
  tf,
  { inputs: [x, positions], attrs },
) => {
  const [batch, length, , headSize] = x!.shape as [number, number, number, number];
  const half = headSize / 2;
  const frequencies = tf.tensor2d(Float32Array.from(attrs.frequencies), [1, half]);
  const angles = tf.matMul(tf.reshape(tf.cast(positions!, "float32"), [-1, 1]), frequencies); // [B·T, D/2]
  const cos = tf.reshape(tf.cos(angles), [batch, length, 1, half]);
  const sin = tf.reshape(tf.mul(tf.sin(angles), attrs.inverse ? -1 : 1), [batch, length, 1, half]);
  const halves = tf.split(x!, 2, -1);
  const left = halves[0]!;
  const right = halves[1]!;
  const turned = [tf.sub(tf.mul(left, cos), tf.mul(right, sin)), tf.add(tf.mul(right, cos), tf.mul(left, sin))];
  return [tf.concat(turned, -1)];
};

/** A run of positions along axis 1. */
export const slice: Kernel<{ start: number; length: number }> = (tf, { inputs: [x], attrs: { start, length } }) => {
  const rank = x!.rank;
  return [tf.slice(x!, alongPositions(rank, start), [-1, length, ...x!.shape.slice(2)])];
};

/** dy at its place in a tensor of zeros. */
export const sliceGrad: Kernel<{ start: number; total: number }> = (tf, { inputs: [dy], attrs: { start, total } }) => {
  const after = total - start - dy!.shape[1]!;
  return [
    tf.pad(
      dy!,
      dy!.shape.map((_, axis) => (axis === 1 ? [start, after] : [0, 0])),
    ),
  ];
};

const alongPositions = (rank: number, start: number): number[] =>
  Array.from({ length: rank }, (_, axis) => (axis === 1 ? start : 0));

/** The cache with x in its place: positions before it, x, positions after it; then the rows that x does not reach. */
export const cacheWrite: Kernel = (tf, { inputs: [cache, x, offset] }) => {
  const [allRows, capacity] = cache!.shape as [number, number];
  const length = x!.shape[1]!;
  // One-hot rows place x without bringing the offset to the host.
  const at = tf.add(tf.range(0, length, 1, "int32"), offset!); // [T]
  const hot = oneHotRows(tf, at, capacity); // [T, S]
  const kept = tf.reshape(tf.sub(1, tf.sum(hot, 0)), [1, capacity, 1]);
  const [batch] = x!.shape as [number];
  const rows = tf.reshape(x!, [batch, length, -1]);
  const places = tf.tile(tf.expandDims(hot, 0), [batch, 1, 1]);
  const placed = tf.matMul(places, rows, true); // [B, S, G·D]
  const all = tf.reshape(cache!, [allRows, capacity, -1]);
  const written = tf.where(tf.greater(kept, 0), tf.slice(all, 0, batch), placed);
  return [tf.reshape(tf.concat([written, tf.slice(all, batch)], 0), cache!.shape)];
};
