import { attentionOp } from "../../../engine/compute/ops/attention.ts";
import { cacheWriteOp } from "../../../engine/compute/ops/cacheWrite.ts";
import { type Case, opCase } from "../case.ts";
import { type HostTensor, ints, uniform } from "../data.ts";

interface Sizes {
  readonly B: number;
  readonly T: number;
  readonly S: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
}

/** Operands of an attention of the given sizes: queries and keys in [−2, 2), values in [−1, 1). */
export function attentionOperands(
  { B, T, S, H, G, D }: Sizes,
  { start = [], offset = 0 }: { readonly start?: readonly number[]; readonly offset?: number } = {},
): Readonly<Record<string, HostTensor>> {
  return {
    q: uniform([B, T, H, D], 100 + T, [-2, 2]),
    k: uniform([B, S, G, D], 200 + S, [-2, 2]),
    v: uniform([B, S, G, D], 300 + S),
    start: ints(
      [B],
      Array.from({ length: B }, (_, row) => start[row] ?? 0),
    ),
    offset: ints([1], [offset]),
  };
}

const wrt = ["q", "k", "v"];

const training = [
  opCase(
    attentionOp,
    { scale: 0.5, window: 0, softcap: 0 },
    {
      title: "causal",
      operands: attentionOperands({ B: 1, T: 5, S: 5, H: 2, G: 2, D: 4 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.7, window: 0, softcap: 0 },
    {
      title: "one token",
      operands: attentionOperands({ B: 2, T: 1, S: 1, H: 1, G: 1, D: 3 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.4, window: 0, softcap: 0 },
    {
      title: "grouped queries",
      operands: attentionOperands({ B: 2, T: 7, S: 7, H: 6, G: 2, D: 5 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.4, window: 0, softcap: 0 },
    {
      title: "one group for all heads",
      operands: attentionOperands({ B: 1, T: 6, S: 6, H: 3, G: 1, D: 8 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 3, softcap: 0 },
    {
      title: "sliding window",
      operands: attentionOperands({ B: 2, T: 9, S: 9, H: 2, G: 1, D: 4 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 1, softcap: 0 },
    {
      title: "window of one: each token sees itself",
      operands: attentionOperands({ B: 1, T: 4, S: 4, H: 1, G: 1, D: 4 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 0, softcap: 0 },
    {
      title: "left padding, one row all padding",
      operands: attentionOperands({ B: 4, T: 6, S: 6, H: 2, G: 2, D: 4 }, { start: [0, 2, 5, 6] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 2, softcap: 0 },
    {
      title: "left padding and window",
      operands: attentionOperands({ B: 3, T: 7, S: 7, H: 4, G: 2, D: 4 }, { start: [1, 0, 4] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.18, window: 0, softcap: 0 },
    {
      title: "71 tokens, head size 32",
      operands: attentionOperands({ B: 2, T: 71, S: 71, H: 4, G: 2, D: 32 }, { start: [0, 37] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.2, window: 0, softcap: 0 },
    {
      title: "71 tokens, head size 24",
      operands: attentionOperands({ B: 1, T: 71, S: 71, H: 2, G: 1, D: 24 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.2, window: 20, softcap: 0 },
    {
      title: "130 tokens, window 20, odd head size",
      operands: attentionOperands({ B: 1, T: 130, S: 130, H: 1, G: 1, D: 17 }, { start: [3] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 20, window: 0, softcap: 0 },
    {
      title: "large scores",
      operands: attentionOperands({ B: 1, T: 8, S: 8, H: 2, G: 2, D: 4 }),
      // Scores near 200 carry an absolute error near 200 · 2⁻²³ into the exponent.
      tolerance: 1e-3,
    },
  ),
];

const decoding = [
  opCase(
    attentionOp,
    { scale: 0.5, window: 0, softcap: 0 },
    {
      title: "decoding, one query against a cache",
      operands: attentionOperands({ B: 2, T: 1, S: 11, H: 2, G: 2, D: 4 }, { start: [2, 0], offset: 6 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 4, softcap: 0 },
    {
      title: "decoding, three queries, groups and window",
      operands: attentionOperands({ B: 2, T: 3, S: 12, H: 4, G: 2, D: 6 }, { start: [0, 5], offset: 4 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.2, window: 0, softcap: 0 },
    {
      title: "decoding, long cache, full",
      operands: attentionOperands({ B: 3, T: 1, S: 133, H: 4, G: 4, D: 32 }, { start: [0, 60, 131], offset: 132 }),
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 0, softcap: 0 },
    {
      title: "decoding, the first rows of a cache of more",
      operands: {
        ...attentionOperands({ B: 5, T: 1, S: 9, H: 2, G: 1, D: 8 }),
        q: uniform([2, 1, 2, 8], 101, [-2, 2]),
        start: ints([2], [3, 0]),
        offset: ints([1], [7]),
      },
    },
  ),
];

const caches = [
  opCase(
    cacheWriteOp,
    {},
    {
      title: "one position in the middle",
      operands: { cache: uniform([2, 5, 2, 3], 70), x: uniform([2, 1, 2, 3], 71), offset: ints([1], [3]) },
      state: ["cache"],
    },
  ),
  opCase(
    cacheWriteOp,
    {},
    {
      title: "the first positions",
      operands: { cache: uniform([1, 4, 1, 7], 72), x: uniform([1, 3, 1, 7], 73), offset: ints([1], [0]) },
      state: ["cache"],
    },
  ),
  opCase(
    cacheWriteOp,
    {},
    {
      title: "the whole cache",
      operands: { cache: uniform([3, 2, 2, 5], 74), x: uniform([3, 2, 2, 5], 75), offset: ints([1], [0]) },
      state: ["cache"],
    },
  ),
  opCase(
    cacheWriteOp,
    {},
    {
      title: "the first of its rows",
      operands: { cache: uniform([4, 3, 2, 5], 76), x: uniform([2, 2, 2, 5], 77), offset: ints([1], [1]) },
      state: ["cache"],
    },
  ),
];

/** Cases of attention and its cache. */
export const attentionCases: readonly Case[] = [...training, ...decoding, ...caches];
