import { castOp } from "../../../engine/compute/ops/cast.ts";
import { embeddingOp } from "../../../engine/compute/ops/embedding.ts";
import { fullKlOp } from "../../../engine/compute/ops/fullKl.ts";
import { logprobGradOp, logprobOp } from "../../../engine/compute/ops/logprob.ts";
import { matmulOp } from "../../../engine/compute/ops/matmul.ts";
import { type Case, opCase } from "../case.ts";
import { TRANSPOSES, indices, ints, uniform, uniformBf16 } from "../data.ts";

/** Between them: dot products and packed tiles, whole and cut off, one and several runs of k; strides of 2 and 4 bytes. */
const SIZES = [
  [1, 1, 1],
  [5, 2, 7],
  [33, 7, 2],
  [33, 5, 1],
  [1, 65, 33],
  [3, 67, 35],
  [37, 23, 19],
  [64, 64, 64],
  [41, 700, 33],
] as const;

const products = TRANSPOSES.flatMap((attrs) =>
  SIZES.map(([M, K, N]) => {
    const a = uniform(attrs.transposeA ? [K, M] : [M, K], 220);
    const b = uniformBf16(attrs.transposeB ? [N, K] : [K, N], 221);
    const name = `${attrs.transposeA ? "aᵀ" : "a"}·${attrs.transposeB ? "bᵀ" : "b"}, ${M}×${K}×${N}`;
    return opCase(matmulOp, attrs, { title: `bf16 b, ${name}`, operands: { a, b }, wrt: ["a"] });
  }),
);

const addends = [9, 33].map((M) =>
  opCase(
    matmulOp,
    { transposeA: false, transposeB: true },
    {
      title: `bf16 b and an addend, ${M} rows`,
      operands: { a: uniform([M, 11], 238), b: uniformBf16([13, 11], 239), addend: uniform([M, 13], 240) },
      wrt: ["a", "addend"],
    },
  ),
);

const tables = [
  {
    title: "bf16 table, odd width",
    operands: { table: uniformBf16([11, 5], 222), ids: ints([2, 3], [0, 10, 3, 3, 3, 7]) },
  },
  { title: "bf16 table, one channel", operands: { table: uniformBf16([3, 1], 223), ids: ints([3], [0, 2, 1]) } },
  { title: "bf16 table, 67 channels", operands: { table: uniformBf16([53, 67], 224), ids: indices([131], 225, 53) } },
].map((rest) => opCase(embeddingOp, {}, rest));

const HEADS = [
  { M: 4, C: 3, V: 7 },
  { M: 150, C: 33, V: 515 },
] as const;
const SETTINGS = { temperature: 0.9, softcap: 3 };
const heads = HEADS.flatMap(({ M, C, V }) => {
  const [h, w, targets] = [uniform([M, C], 226), uniformBf16([V, C], 227), indices([M], 228, V)];
  const [hRef, wRef] = [uniform([M, C], 229), uniformBf16([V, C], 230)];
  const title = `${M} rows, vocabulary ${V}`;
  return [
    opCase(logprobOp, SETTINGS, { title: `bf16 w, ${title}`, operands: { h, w, targets }, wrt: ["h"], smooth: [0, 1] }),
    opCase(fullKlOp, SETTINGS, { title: `bf16 w, ${title}`, operands: { h, w, hRef, wRef: uniform([V, C], 231) } }),
    opCase(fullKlOp, SETTINGS, { title: `bf16 w and wRef, ${title}`, operands: { h, w, hRef, wRef } }),
  ];
});

/** Cases of ops that read bf16 weights; each gives the same bytes as with the weights expanded to f32 before. */
export const weightCases: readonly Case[] = [...products, ...addends, ...tables, ...heads];

/**
 * Gradients by bf16 weights, which finite differences cannot probe. The saved numbers are not those of h and w:
 * backends that compute them again give other results.
 */
export const weightGradientCases: readonly Case[] = HEADS.map(({ M, C, V }) =>
  opCase(logprobGradOp, SETTINGS, {
    title: `bf16 w, ${M} rows, vocabulary ${V}`,
    operands: {
      h: uniform([M, C], 226),
      w: uniformBf16([V, C], 227),
      targets: indices([M], 228, V),
      lse: uniform([M], 232, [4, 5]),
      entropy: uniform([M], 233, [1, 2]),
      dLogprob: uniform([M], 234),
      dEntropy: uniform([M], 235),
    },
  }),
);

/** Cases of casts. */
export const castCases: readonly Case[] = [[], [5], [3, 7], [1037], [9001]].flatMap((shape) => {
  const title = `[${shape.join(", ")}]`;
  return [
    opCase(castOp, { dtype: "bf16" }, { title: `to bf16, ${title}`, operands: { x: uniform(shape, 236) } }),
    opCase(castOp, { dtype: "f32" }, { title: `to f32, ${title}`, operands: { x: uniformBf16(shape, 237) } }),
  ];
});
