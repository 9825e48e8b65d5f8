import { embeddingOp } from "../../../engine/compute/ops/embedding.ts";
import { linear, rmsNorm } from "../../../engine/compute/ops/index.ts";
import { fullKlOp } from "../../../engine/compute/ops/fullKl.ts";
import { logprobOp } from "../../../engine/compute/ops/logprob.ts";
import { matmulOp } from "../../../engine/compute/ops/matmul.ts";
import { type Case, narrowed, opCase } from "../case.ts";
import { TRANSPOSES, indices, ints, uniform } from "../data.ts";
import { attentionOp } from "../../../engine/compute/ops/attention.ts";
import { attentionCases, attentionOperands } from "./attention.ts";
import { biasCases } from "./bias.ts";
import { denseCases } from "./dense.ts";
import { elementwiseCases } from "./elementwise.ts";
import { optimizerCases } from "./optimizer.ts";
import { softcapCases } from "./softcap.ts";
import { vocabularyCases } from "./vocabulary.ts";

/**
 * Of products: one copy's worth of numbers; one tile, cut off on all sides; several tiles, more steps along K than
 * stages, and rows that only a plain product takes.
 */
const SIZES = [
  [8, 8, 8],
  [40, 72, 24],
  [136, 104, 264],
  [37, 23, 19],
] as const;

const products = TRANSPOSES.flatMap((attrs) =>
  SIZES.flatMap(([M, K, N]) =>
    (["f32", "bf16"] as const).map((dtype) => {
      const a = uniform(attrs.transposeA ? [K, M] : [M, K], 700);
      const b = uniform(attrs.transposeB ? [N, K] : [K, N], 701);
      const name = `${attrs.transposeA ? "aᵀ" : "a"}·${attrs.transposeB ? "bᵀ" : "b"}, ${M}×${K}×${N}, to ${dtype}`;
      // Gradients of one size: they are products of the same kind.
      const wrt = M === 40 ? { wrt: ["a", "b"] } : {};
      const settings = dtype === "f32" ? { ...attrs, dtype } : attrs;
      return narrowed(opCase(matmulOp, settings, { title: name, operands: { a, b }, ...wrt }), ["a", "b"]);
    }),
  ),
);

/** Layers of a model: sums that fold into the product, and weights, whose gradients are f32. */
const layers = (
  [
    {
      title: "matmul: a layer with a bias, for tensor cores, added to a residual",
      operands: { x: uniform([24, 40], 702), w: uniform([40, 40], 703), bias: uniform([40], 704) },
      state: ["w"],
      build: (operand) => [operand("x").add(linear(operand("x"), operand("w"), operand("bias")))],
      wrt: ["x", "w", "bias"],
    },
    {
      title: "matmul: a low-rank change of a layer",
      operands: {
        x: uniform([19, 40], 705),
        w: uniform([24, 40], 706),
        a: uniform([3, 40], 707),
        b: uniform([24, 3], 708, [-0.5, 0.5]),
      },
      state: ["w", "a", "b"],
      build: (operand) => [
        linear(operand("x"), operand("w")).add(linear(linear(operand("x"), operand("a")).mul(0.7), operand("b"))),
      ],
      wrt: ["x", "a", "b"],
    },
    {
      title: "matmul: a score of each row, in f32",
      operands: { x: uniform([37, 40], 709), w: uniform([1, 40], 710) },
      state: ["w"],
      build: (operand) => [linear(operand("x"), operand("w"), undefined, "f32")],
      wrt: ["x", "w"],
    },
    {
      title: "rmsNormGrad: the residual's gradient is added to dx, after a layer",
      operands: { x: uniform([6, 40], 711), w: uniform([40, 40], 712), gain: uniform([40], 713) },
      build: (operand) => {
        const x = linear(operand("x"), operand("w"));
        return [x.add(rmsNorm(x, operand("gain"), { eps: 1e-5 }))];
      },
      wrt: ["x", "gain"],
    },
  ] satisfies readonly Case[]
).map((test: Case) => narrowed(test, ["x", "w", "a", "b"]));

const SETTINGS = { temperature: 0.9, softcap: 3 };
/** Rows of whole copies and others; chunks of the vocabulary that end anywhere. */
const HEADS = [
  { M: 5, C: 8, V: 19 },
  { M: 70, C: 40, V: 515 },
] as const;
const heads = HEADS.flatMap(({ M, C, V }) => {
  const [h, w, targets] = [uniform([M, C], 714), uniform([V, C], 715), indices([M], 716, V)];
  const [hRef, wRef] = [uniform([M, C], 717), uniform([V, C], 718)];
  const title = `for tensor cores, ${M} rows, vocabulary ${V}`;
  return [
    opCase(logprobOp, SETTINGS, { title, operands: { h, w, targets }, wrt: ["h", "w"], smooth: [0, 1] }),
    opCase(logprobOp, SETTINGS, { title: `${title}, h alone`, operands: { h, w, targets }, wrt: ["h"] }),
    opCase(fullKlOp, SETTINGS, { title, operands: { h, w, hRef, wRef } }),
    opCase(fullKlOp, SETTINGS, { title: `${title}, two kinds`, operands: { h, w, hRef, wRef } }),
  ].map((test) =>
    narrowed(test, test.title.endsWith("two kinds") ? ["w", "hRef", "wRef"] : ["h", "w", "hRef", "wRef"]),
  );
});

const tables = [
  narrowed(
    opCase(
      embeddingOp,
      { dtype: "bf16" },
      {
        title: "repeated ids, to bf16",
        operands: { table: uniform([11, 5], 719), ids: ints([2, 3], [0, 10, 3, 3, 3, 7]) },
        wrt: ["table"],
      },
    ),
    ["table"],
  ),
  opCase(
    embeddingOp,
    { dtype: "bf16" },
    { title: "an f32 table to bf16", operands: { table: uniform([11, 5], 720), ids: ints([3], [10, 3, 3]) } },
  ),
];

/**
 * On a card, attention of such heads is made by tensor cores, and its weights are rounded to bf16: each by up to 2⁻⁹ of
 * itself. They sum up to 1, and values are below 1.
 */
const ROUNDED_WEIGHTS = 2 ** -9;
const wideHeads = [
  opCase(
    attentionOp,
    { scale: 0.125, window: 0, softcap: 0 },
    {
      title: "20 tokens, head size 64",
      operands: attentionOperands({ B: 1, T: 20, S: 20, H: 1, G: 1, D: 64 }),
      wrt: ["q", "k", "v"],
      tolerance: ROUNDED_WEIGHTS,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.06, window: 0, softcap: 0 },
    {
      title: "20 tokens, head size 256",
      operands: attentionOperands({ B: 1, T: 20, S: 20, H: 1, G: 1, D: 256 }),
      wrt: ["q", "k", "v"],
      tolerance: ROUNDED_WEIGHTS,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.09, window: 12, softcap: 5 },
    {
      title: "19 tokens, head size 128, groups, padding, window and cap",
      operands: attentionOperands({ B: 2, T: 19, S: 19, H: 2, G: 1, D: 128 }, { start: [0, 5] }),
      wrt: ["q", "k", "v"],
      tolerance: ROUNDED_WEIGHTS,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.125, window: 0, softcap: 0 },
    {
      title: "decoding, head size 64, a long cache",
      operands: attentionOperands({ B: 2, T: 1, S: 150, H: 3, G: 1, D: 64 }, { start: [0, 60], offset: 140 }),
      tolerance: ROUNDED_WEIGHTS,
    },
  ),
].map((test) => narrowed(test, ["q", "k", "v"]));

/** By the beginning of their titles, cases of f32 that are run in bf16, too, and the operands that then are bf16. */
const OTHERS: readonly (readonly [cases: readonly Case[], beginning: string, names: readonly string[]])[] = [
  [elementwiseCases, "unary: ", ["x"]],
  [elementwiseCases, "sum: ", ["x"]],
  [elementwiseCases, "gatedActivation: ", ["gate", "up"]],
  [denseCases, "embeddingGrad: ", ["dy"]],
  [denseCases, "rmsNorm: ", ["x"]],
  [denseCases, "rope: ", ["x"]],
  [denseCases, "sliceGrad: ", ["dy"]],
  [biasCases, "addBias: ", ["x"]],
  [biasCases, "sumRows: ", ["x"]],
  [attentionCases, "attention: ", ["q", "k", "v"]],
  [attentionCases, "cacheWrite: ", ["cache", "x"]],
  [vocabularyCases, "logprob: ", ["h", "w"]],
  [vocabularyCases, "fullKl: ", ["h", "w", "hRef", "wRef"]],
  [softcapCases, "attention: ", ["q", "k", "v"]],
  [optimizerCases, "accumulate: ", ["x"]],
];
/** Heads of whole tiles. */
const isForTensorCores = ({ operands: { q } }: Case): boolean => q?.shape[3] !== undefined && q.shape[3] % 32 === 0;
const others = OTHERS.flatMap(([cases, beginning, names]) =>
  cases
    .filter(({ title }) => title.startsWith(beginning))
    .map((test) => (isForTensorCores(test) ? { ...test, tolerance: ROUNDED_WEIGHTS } : test))
    .map((test) => narrowed(test, names)),
);

const slices = denseCases
  .filter(({ title }) => title.startsWith("slice: ") && !title.endsWith("integers"))
  .map((test) => narrowed(test, ["x"]));

/** Two tensors of one type, or an f32 number on the right. */
const binaries = elementwiseCases
  .filter(({ title }) => title.startsWith("binary: ") && !/left|tie|maximum, scalar/.test(title))
  .map((test) => narrowed(test, test.title.endsWith("scalar right") ? ["a"] : ["a", "b"]));

/** Cases of ops on bf16: activations, their gradients, and weights. Every backend that computes in bf16 must pass them. */
export const bf16Cases: readonly Case[] = [
  ...products,
  ...layers,
  ...heads,
  ...tables,
  ...wideHeads,
  ...others,
  ...slices,
  ...binaries,
];
