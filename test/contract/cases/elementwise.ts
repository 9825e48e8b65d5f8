import { type BinaryKind, type UnaryKind, binary, sum, unary } from "../../../engine/compute/graph/tensor.ts";
import { gatedActivationOp } from "../../../engine/compute/ops/gatedActivation.ts";
import { type Case, opCase } from "../case.ts";
import { floats, uniform } from "../data.ts";

const POSITIVE: readonly [number, number] = [0.4, 3];
const UNARY: Readonly<Record<UnaryKind, readonly [number, number]>> = {
  neg: [-2, 2],
  exp: [-2, 2],
  log: POSITIVE,
  // Away from the kink, which finite differences would straddle.
  abs: POSITIVE,
  square: [-2, 2],
  sqrt: POSITIVE,
  sigmoid: [-4, 4],
  logSigmoid: [-4, 4],
  tanh: [-2, 2],
};
const BINARY: readonly BinaryKind[] = ["add", "sub", "mul", "div", "minimum", "maximum"];

const unaryCases = Object.entries(UNARY).flatMap(([name, range]) => {
  const kind = name as UnaryKind;
  return [
    opCase(unary, { kind }, { title: kind, operands: { x: uniform([3, 7], 1, range) }, wrt: ["x"] }),
    opCase(unary, { kind }, { title: `${kind}, 1037 elements`, operands: { x: uniform([1037], 2, range) } }),
  ];
});

/** Far-out values, where a careless formula overflows or cancels. */
const farOut = floats([9], [-100, -88, -30, -1e-4, 0, 1e-4, 30, 88, 100]);
const extremes = [
  ...(["sigmoid", "logSigmoid", "tanh", "abs"] as const).map((kind) =>
    opCase(unary, { kind }, { title: `${kind}, far-out values`, operands: { x: farOut } }),
  ),
  opCase(unary, { kind: "exp" }, { title: "exp, small results", operands: { x: floats([4], [-80, -50, -20, 0]) } }),
];

// The second operand keeps a distance from the first and from 0: no kink, no pole within a finite difference.
const left = uniform([3, 5], 3, [-1, 1]);
const right = floats(
  [3, 5],
  [...left.data].map((value, index) => value + (index % 2 === 0 ? 1.5 : -1.5)),
);
const divisor = uniform([3, 5], 4, [0.7, 2]);
const binaryCases = BINARY.flatMap((kind) => {
  const b = kind === "div" ? divisor : right;
  const scalar = kind === "div" || kind === "mul" ? 1.3 : 1.7;
  return [
    opCase(binary, { kind }, { title: `${kind}, equal shapes`, operands: { a: left, b }, wrt: ["a", "b"] }),
    opCase(
      binary,
      { kind },
      { title: `${kind}, scalar right`, operands: { a: left, b: floats([], [scalar]) }, wrt: ["a", "b"] },
    ),
    opCase(
      binary,
      { kind },
      { title: `${kind}, one element left`, operands: { a: floats([1], [2.9]), b }, wrt: ["a", "b"] },
    ),
    opCase(
      binary,
      { kind },
      {
        title: `${kind}, 1037 elements`,
        operands: { a: uniform([1037], 5), b: uniform([1037], 6, [0.5, 2]) },
      },
    ),
  ];
});
const comparisons = [
  opCase(
    binary,
    { kind: "lessEqual" },
    {
      title: "lessEqual, with ties",
      operands: { a: floats([5], [1, 2, 3, -1, 0]), b: floats([5], [1, 1, 4, -1, 0]) },
    },
  ),
  opCase(
    binary,
    { kind: "lessEqual" },
    {
      title: "lessEqual, scalar left",
      operands: { a: floats([], [0]), b: floats([3], [-1, 0, 1]) },
    },
  ),
  opCase(
    binary,
    { kind: "maximum" },
    {
      title: "maximum, gradient of a tie goes to the first operand",
      operands: { a: floats([2], [1, 2]), b: floats([2], [1, 2]) },
    },
  ),
];

const sums = [
  opCase(sum, {}, { title: "one element", operands: { x: floats([1], [3]) }, wrt: ["x"] }),
  opCase(sum, {}, { title: "two axes", operands: { x: uniform([5, 7], 7) }, wrt: ["x"] }),
  opCase(sum, {}, { title: "40,003 elements", operands: { x: uniform([40_003], 8) } }),
];

const gates = (["silu", "geluTanh"] as const).flatMap((kind) => [
  opCase(
    gatedActivationOp,
    { kind },
    {
      title: kind,
      operands: { gate: uniform([3, 7], 9, [-3, 3]), up: uniform([3, 7], 10) },
      wrt: ["gate", "up"],
    },
  ),
  opCase(
    gatedActivationOp,
    { kind },
    {
      title: `${kind}, far-out values, odd length`,
      operands: { gate: floats([9], [...farOut.data]), up: uniform([9], 11) },
    },
  ),
  opCase(
    gatedActivationOp,
    { kind },
    {
      title: `${kind}, 1037 elements`,
      operands: { gate: uniform([1037], 12, [-6, 6]), up: uniform([1037], 13) },
      wrt: ["gate", "up"],
    },
  ),
]);

/** Cases of ops that work element by element, and of sum. */
export const elementwiseCases: readonly Case[] = [
  ...unaryCases,
  ...extremes,
  ...binaryCases,
  ...comparisons,
  ...sums,
  ...gates,
];
