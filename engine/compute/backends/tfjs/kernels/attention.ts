import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { type AttentionSettings, EMPTY_LSE } from "../../../ops/index.ts";
import { type Kernel, type Tf, rowBlocks } from "../kernel.ts";
import { capped, throughCap } from "./softcap.ts";

/** Queries that are worked on together at most, so that `[B, H, T, S]` never exists as a whole. */
const BLOCK_QUERIES = 32;

interface Sizes {
  readonly B: number;
  readonly T: number;
  readonly H: number;
  readonly D: number;
  readonly S: number;
  readonly G: number;
}

/** Causal attention in blocks of queries: o and lse. */
export const attention: Kernel<Required<AttentionSettings>> = (tf, { inputs, attrs }) => {
  const [q, k, v, start, offset] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const sizes = sizesOf(q, k);
  const keys = byHead(tf, tf.slice(k, 0, sizes.B)); // [B, G, S, D]
  const values = byHead(tf, tf.slice(v, 0, sizes.B));
  const blocks = queryBlocks(sizes).map((range) =>
    tf.tidy(() => {
      const mask = visible(tf, { start, offset }, sizes, { range, window: attrs.window }); // [B, 1, R·t, S]
      const queries = groupQueries(tf, q, sizes, range); // [B, G, R·t, D]
      const scores = capped(tf, tf.mul(tf.matMul(queries, keys, false, true), attrs.scale), attrs.softcap);
      const masked = tf.where(tf.greater(mask, 0), scores, EMPTY_LSE); // [B, G, R·t, S]
      const top = tf.max(masked, -1, true);
      const weights = tf.mul(tf.exp(tf.sub(masked, top)), mask);
      const total = tf.sum(weights, -1, true); // [B, G, R·t, 1], at least 1 where a key is seen
      const o = tf.div(tf.matMul(weights, values), tf.maximum(total, 1e-30));
      const lse = tf.where(tf.greater(total, 0), tf.add(top, tf.log(tf.maximum(total, 1e-30))), EMPTY_LSE);
      return [ungroupQueries(tf, o, sizes, range), ungroupQueries(tf, lse, sizes, range)] as [Tensor4D, Tensor4D];
    }),
  );
  const o = tf.concat(
    blocks.map(([block]) => block),
    1,
  );
  const lse = tf.concat(
    blocks.map(([, block]) => block),
    1,
  ); // [B, T, H, 1]
  return [o, tf.reshape(tf.transpose(lse, [0, 2, 1, 3]), [sizes.B, sizes.H, sizes.T])];
};

/** Gradients of attention by q, k and v; the probabilities come back block by block from lse. */
export const attentionGrad: Kernel<Required<AttentionSettings>> = (tf, { inputs, attrs }) => {
  const [q, k, v, start, offset, o, lse, dOut] = inputs as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]] &
    Record<4 | 5 | 6 | 7, Tensor>;
  const sizes = sizesOf(q, k);
  const { B, T, H } = sizes;
  const keys = byHead(tf, k);
  const values = byHead(tf, v);
  const lseRows = tf.reshape(tf.transpose(lse, [0, 2, 1]), [B, T, H, 1]);
  const deltas = tf.sum(tf.mul(o, dOut), -1, true); // [B, T, H, 1]
  let dk: Tensor = tf.zerosLike(keys);
  let dv: Tensor = tf.zerosLike(values);
  const dq = queryBlocks(sizes).map((range) => {
    const [block, moreK, moreV] = tf.tidy(() => {
      const mask = visible(tf, { start, offset }, sizes, { range, window: attrs.window });
      const group = (x: Tensor): Tensor => groupQueries(tf, x, sizes, range);
      const queries = group(q);
      const outGrads = group(dOut);
      const scores = capped(tf, tf.mul(tf.matMul(queries, keys, false, true), attrs.scale), attrs.softcap);
      // Hidden scores are set to lse first: exp of one far above it would be infinite, and ∞·0 is NaN.
      const seen = tf.where(tf.greater(mask, 0), tf.sub(scores, group(lseRows)), 0);
      const p = tf.mul(tf.exp(seen), mask); // [B, G, R·t, S]
      const dp = tf.matMul(outGrads, values, false, true);
      const ds = throughCap(tf, tf.mul(tf.mul(p, tf.sub(dp, group(deltas))), attrs.scale), scores, attrs.softcap);
      return [
        ungroupQueries(tf, tf.matMul(ds, keys), sizes, range),
        tf.matMul(ds, queries, true),
        tf.matMul(p, outGrads, true),
      ] as [Tensor, Tensor, Tensor];
    });
    dk = replace(tf, dk, moreK);
    dv = replace(tf, dv, moreV);
    return block;
  });
  return [tf.concat(dq, 1), tf.transpose(dk, [0, 2, 1, 3]), tf.transpose(dv, [0, 2, 1, 3])];
};

function replace(tf: Tf, total: Tensor, more: Tensor): Tensor {
  const sum = tf.add(total, more);
  tf.dispose([total, more]);
  return sum;
}

function sizesOf(q: Tensor, k: Tensor): Sizes {
  const [B, T, H, D] = q.shape as [number, number, number, number];
  const [, S, G] = k.shape as [number, number, number, number];
  return { B, T, H, D, S, G };
}

const queryBlocks = ({ B, T, H, S }: Sizes): readonly (readonly [number, number])[] =>
  rowBlocks(T, B * H * S, BLOCK_QUERIES);

/** `[B, S, G, D]` → `[B, G, S, D]`. */
const byHead = (tf: Tf, x: Tensor): Tensor => tf.transpose(x, [0, 2, 1, 3]);

/** `[B, T, H, X]` → `[B, G, R·t, X]`: the queries of a range, those of the R heads of a group below each other. */
function groupQueries(tf: Tf, x: Tensor, { B, H, G }: Sizes, [from, to]: readonly [number, number]): Tensor {
  const width = x.shape[3]!;
  const rows = tf.transpose(tf.slice(x, [0, from, 0, 0], [B, to - from, H, width]), [0, 2, 1, 3]); // [B, H, t, X]
  return tf.reshape(rows, [B, G, (H / G) * (to - from), width]);
}

/** The reverse: `[B, G, R·t, X]` → `[B, t, H, X]`. */
function ungroupQueries(tf: Tf, x: Tensor, { B, H }: Sizes, [from, to]: readonly [number, number]): Tensor {
  return tf.transpose(tf.reshape(x, [B, H, to - from, x.shape[3]!]), [0, 2, 1, 3]);
}

/** 1 where a query sees a key, else 0, `[B, 1, R·t, S]`. */
function visible(
  tf: Tf,
  { start, offset }: { readonly start: Tensor; readonly offset: Tensor },
  { B, H, G, S }: Sizes,
  { range: [from, to], window }: { readonly range: readonly [number, number]; readonly window: number },
): Tensor {
  const query = tf.add(tf.range(from, to, 1, "int32"), offset); // [t]
  const queries = tf.reshape(tf.tile(query, [H / G]), [1, 1, -1, 1]);
  const key = tf.reshape(tf.range(0, S, 1, "int32"), [1, 1, 1, S]);
  const causal = tf.lessEqual(key, queries);
  const real = tf.lessEqual(tf.reshape(start, [B, 1, 1, 1]), key);
  const seen = tf.logicalAnd(causal, real); // [B, 1, R·t, S]
  if (window === 0) return tf.cast(seen, "float32");
  const near = tf.greater(key, tf.sub(queries, tf.scalar(window, "int32")));
  return tf.cast(tf.logicalAnd(seen, near), "float32");
}
