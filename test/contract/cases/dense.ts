import { embeddingGradOp, embeddingOp } from "../../../engine/compute/ops/embedding.ts";
import { linear, rmsNorm } from "../../../engine/compute/ops/index.ts";
import { matmulOp } from "../../../engine/compute/ops/matmul.ts";
import { rmsNormOp } from "../../../engine/compute/ops/rmsNorm.ts";
import { ropeFrequencies, ropeOp } from "../../../engine/compute/ops/rope.ts";
import { sliceGradOp, sliceOp } from "../../../engine/compute/ops/slice.ts";
import { type Case, opCase } from "../case.ts";
import { TRANSPOSES, indices, ints, uniform } from "../data.ts";

const SIZES = [
  [1, 1, 1],
  [5, 3, 7],
  [1, 65, 33],
  [33, 5, 1],
  [37, 23, 19],
  [64, 64, 64],
  [67, 129, 33],
] as const;

const products = TRANSPOSES.flatMap((attrs) =>
  SIZES.map(([M, K, N]) => {
    const a = uniform(attrs.transposeA ? [K, M] : [M, K], 20);
    const b = uniform(attrs.transposeB ? [N, K] : [K, N], 21);
    const name = `${attrs.transposeA ? "aᵀ" : "a"}·${attrs.transposeB ? "bᵀ" : "b"}, ${M}×${K}×${N}`;
    return opCase(matmulOp, attrs, { title: name, operands: { a, b }, wrt: ["a", "b"] });
  }),
);
const addends = TRANSPOSES.map((attrs) =>
  opCase(matmulOp, attrs, {
    title: `addend, ${attrs.transposeA ? "aᵀ" : "a"}·${attrs.transposeB ? "bᵀ" : "b"}`,
    operands: {
      a: uniform(attrs.transposeA ? [11, 9] : [9, 11], 22),
      b: uniform(attrs.transposeB ? [13, 11] : [11, 13], 23),
      addend: uniform([9, 13], 24),
    },
    wrt: ["a", "b", "addend"],
  }),
);
const residual: Case = {
  title: "matmul: linear over the last of three axes, added to a residual",
  operands: { x: uniform([2, 3, 5], 25), w: uniform([5, 5], 26) },
  build: (operand) => [operand("x").add(linear(operand("x"), operand("w")))],
  wrt: ["x", "w"],
};

const tables = [
  opCase(
    embeddingOp,
    {},
    {
      title: "repeated ids",
      operands: { table: uniform([11, 5], 30), ids: ints([2, 3], [0, 10, 3, 3, 3, 7]) },
      wrt: ["table"],
    },
  ),
  opCase(
    embeddingOp,
    {},
    {
      title: "one row of one channel",
      operands: { table: uniform([1, 1], 31), ids: ints([3], [0, 0, 0]) },
      wrt: ["table"],
    },
  ),
  opCase(
    embeddingOp,
    {},
    {
      title: "131 ids, 67 channels",
      operands: { table: uniform([53, 67], 32), ids: indices([131], 33, 53) },
      wrt: ["table"],
    },
  ),
  opCase(
    embeddingGradOp,
    { vocabulary: 9 },
    {
      title: "ids that repeat and ids that never come",
      operands: { ids: ints([5], [8, 2, 2, 0, 8]), dy: uniform([5, 3], 34) },
    },
  ),
];

const norms = [
  opCase(
    rmsNormOp,
    { eps: 1e-5, offset: 0 },
    {
      title: "odd width",
      operands: { x: uniform([2, 3, 5], 40), w: uniform([5], 41) },
      wrt: ["x", "w"],
    },
  ),
  opCase(
    rmsNormOp,
    { eps: 1e-6, offset: 1 },
    {
      title: "Gemma's 1 + w",
      operands: { x: uniform([3, 8], 42, [-2, 2]), w: uniform([8], 43) },
      wrt: ["x", "w"],
    },
  ),
  opCase(
    rmsNormOp,
    { eps: 1e-5, offset: 0 },
    {
      title: "51 rows of 128",
      operands: { x: uniform([51, 128], 44), w: uniform([128], 45, [0.5, 1.5]) },
      wrt: ["x", "w"],
    },
  ),
  opCase(
    rmsNormOp,
    { eps: 1e-5, offset: 0 },
    {
      title: "a row of zeros",
      operands: { x: uniform([2, 4], 46, [0, 0]), w: uniform([4], 47) },
    },
  ),
];
const normResidual: Case = {
  title: "rmsNormGrad: the residual's gradient is added to dx",
  operands: { x: uniform([2, 3, 9], 48), w: uniform([9], 49) },
  build: (operand) => [operand("x").add(rmsNorm(operand("x"), operand("w"), { eps: 1e-5 }))],
  wrt: ["x", "w"],
};

const rotations = [
  opCase(
    ropeOp,
    { frequencies: ropeFrequencies(6, 10_000), inverse: false },
    {
      title: "two rows at different positions",
      operands: { x: uniform([2, 3, 2, 6], 50), positions: ints([2, 3], [0, 1, 2, 5, 17, 400]) },
      wrt: ["x"],
    },
  ),
  opCase(
    ropeOp,
    { frequencies: [2, 1, 0.5, 0.3, 0.2, 1e-3, 0, -0.7], inverse: false },
    {
      title: "frequencies that are no powers",
      operands: { x: uniform([1, 4, 1, 16], 51), positions: ints([1, 4], [0, 3, 64, 200]) },
      wrt: ["x"],
    },
  ),
  opCase(
    ropeOp,
    { frequencies: ropeFrequencies(32, 10_000), inverse: true },
    {
      title: "inverse",
      operands: { x: uniform([2, 33, 3, 32], 52), positions: indices([2, 33], 53, 64) },
      wrt: ["x"],
    },
  ),
];

const slices = [
  opCase(sliceOp, { start: 1, length: 2 }, { title: "two axes", operands: { x: uniform([3, 5], 60) }, wrt: ["x"] }),
  opCase(
    sliceOp,
    { start: 0, length: 1 },
    { title: "the first of four", operands: { x: uniform([2, 4, 3], 61) }, wrt: ["x"] },
  ),
  opCase(
    sliceOp,
    { start: 3, length: 4 },
    { title: "to the end, four axes", operands: { x: uniform([2, 7, 3, 5], 62) }, wrt: ["x"] },
  ),
  opCase(sliceOp, { start: 2, length: 3 }, { title: "integers", operands: { x: indices([3, 6], 65, 100) } }),
  opCase(sliceOp, { start: 0, length: 7 }, { title: "everything", operands: { x: uniform([2, 7], 63) }, wrt: ["x"] }),
  opCase(
    sliceGradOp,
    { start: 2, total: 9 },
    { title: "zeros on both sides", operands: { dy: uniform([3, 4, 2], 64) } },
  ),
];

/** Cases of products, tables, norms, rotations and slices. */
export const denseCases: readonly Case[] = [
  ...products,
  ...addends,
  residual,
  ...tables,
  ...norms,
  normResidual,
  ...rotations,
  ...slices,
];
