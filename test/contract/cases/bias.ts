import { addBiasOp, sumRowsOp } from "../../../engine/compute/ops/bias.ts";
import { addBias } from "../../../engine/compute/ops/bias.ts";
import { linear, matmul } from "../../../engine/compute/ops/index.ts";
import { type Case, opCase } from "../case.ts";
import { floats, uniform } from "../data.ts";

const biases = [
  opCase(
    addBiasOp,
    {},
    {
      title: "worked by hand",
      operands: { x: floats([2, 3], [1, 2, 3, 4, 5, 6]), bias: floats([3], [10, 20, 30]) },
      expected: { outputs: [floats([2, 3], [11, 22, 33, 14, 25, 36])], gradients: [] },
    },
  ),
  opCase(
    addBiasOp,
    {},
    {
      title: "three axes, odd width",
      operands: { x: uniform([2, 3, 5], 600), bias: uniform([5], 601) },
      wrt: ["x", "bias"],
    },
  ),
  opCase(
    addBiasOp,
    {},
    { title: "one row", operands: { x: uniform([1, 7], 602), bias: uniform([7], 603) }, wrt: ["x", "bias"] },
  ),
  opCase(
    addBiasOp,
    {},
    { title: "one channel", operands: { x: uniform([9, 1], 604), bias: uniform([1], 605) }, wrt: ["x", "bias"] },
  ),
  opCase(
    addBiasOp,
    {},
    {
      title: "131 rows, 67 channels",
      operands: { x: uniform([131, 67], 606), bias: uniform([67], 607) },
      wrt: ["bias"],
    },
  ),
];

const sums = [
  opCase(
    sumRowsOp,
    {},
    {
      title: "worked by hand",
      operands: { x: floats([2, 3], [1, 2, 3, 4, 5, 6]) },
      expected: { outputs: [floats([3], [5, 7, 9])], gradients: [] },
    },
  ),
  opCase(sumRowsOp, {}, { title: "one row", operands: { x: uniform([1, 5], 608) }, wrt: ["x"] }),
  opCase(sumRowsOp, {}, { title: "131 rows, 67 channels", operands: { x: uniform([131, 67], 609) }, wrt: ["x"] }),
];

/** Products of few rows, of whole tiles, of cut-off tiles, and of more than one run along K. */
const SIZES = [
  [1, 5, 3],
  [5, 33, 70],
  [40, 9, 3],
  [24, 16, 32],
  [67, 129, 33],
  [19, 700, 23],
] as const;
const layers = SIZES.map(([M, K, N]): Case => {
  return {
    title: `matmul: a layer with a bias, ${M}×${K}×${N}`,
    operands: { x: uniform([M, K], 610), w: uniform([N, K], 611), bias: uniform([N], 612) },
    build: (operand) => [linear(operand("x"), operand("w"), operand("bias"))],
    wrt: ["x", "w", "bias"],
  };
});
const transposed: Case = {
  title: "matmul: a bias after a product of transposed matrices",
  operands: { a: uniform([21, 33], 613), b: uniform([19, 21], 614), bias: uniform([19], 615) },
  build: (operand) => [
    addBias(matmul(operand("a"), operand("b"), { transposeA: true, transposeB: true }), operand("bias")),
  ],
  wrt: ["a", "b", "bias"],
};
const residual: Case = {
  title: "matmul: a layer with a bias, added to a residual",
  operands: { x: uniform([2, 9, 5], 616), w: uniform([5, 5], 617), bias: uniform([5], 618) },
  build: (operand) => [operand("x").add(linear(operand("x"), operand("w"), operand("bias")))],
  wrt: ["x", "w", "bias"],
};

/** Cases of biases, alone and folded into the products before them. */
export const biasCases: readonly Case[] = [...biases, ...sums, ...layers, transposed, residual];
