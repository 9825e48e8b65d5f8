import assert from "node:assert/strict";

import { gradients, reachableNodes } from "../../../engine/compute/graph/gradients.ts";
import { type BinaryKind, Graph, type Tensor, type UnaryKind } from "../../../engine/compute/graph/tensor.ts";

/** Host values of graph inputs, by name; the tensors get one axis. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/**
 * Values of element-wise graphs in float64, straight from the meaning of each op. Losses are checked with it to the
 * goldens' own precision, which f32 backends cannot reach.
 */
export function evaluate(outputs: readonly Tensor[], feeds: Feeds): readonly Float64Array[] {
  const known = new Map<Tensor, Float64Array>();
  const valueOf = (tensor: Tensor): Float64Array => {
    const { from } = tensor;
    const value = known.get(tensor);
    if (value !== undefined) return value;
    if (from.kind === "constant") return new Float64Array(tensor.size).fill(from.value);
    assert(from.kind !== "node", "an op was not evaluated");
    return Float64Array.from(feeds[from.name] ?? []);
  };
  for (const node of reachableNodes(outputs)) {
    const [a, b] = node.inputs.map(valueOf);
    assert(a !== undefined && node.outputs[0] !== undefined);
    known.set(node.outputs[0], apply(node.op.name, String(node.attrs["kind"]), a, b, node.outputs[0].size));
  }
  return outputs.map(valueOf);
}

function apply(op: string, kind: string, a: Float64Array, b: Float64Array | undefined, size: number): Float64Array {
  if (op === "reshape") return a;
  if (op === "sum") return Float64Array.of(a.reduce((sum, x) => sum + x, 0));
  if (op === "unary") return a.map(UNARY[kind as UnaryKind]);
  assert(op === "binary" && b !== undefined, `no float64 meaning for op ${op}`);
  const f = BINARY[kind as BinaryKind];
  const at = (x: Float64Array, index: number): number => x[x.length === 1 ? 0 : index] ?? NaN;
  return Float64Array.from({ length: size }, (_, index) => f(at(a, index), at(b, index)));
}

const UNARY: Readonly<Record<UnaryKind, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  abs: Math.abs,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  logSigmoid: (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))),
  tanh: Math.tanh,
};

const BINARY: Readonly<Record<BinaryKind, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  minimum: Math.min,
  maximum: Math.max,
  lessEqual: (x, y) => (x <= y ? 1 : 0),
};

/** Graph inputs of one axis for the feeds. */
export function inputs<F extends Feeds>(feeds: F): { readonly [Name in keyof F]: Tensor } {
  const graph = new Graph();
  return Object.fromEntries(
    Object.entries(feeds).map(([name, values]) => [name, graph.input(name, [values.length])]),
  ) as { readonly [Name in keyof F]: Tensor };
}

/**
 * Compares the graph's derivative of a scalar loss by one input with central differences in float64.
 *
 * Step 1e-6 leaves an error of order 1e-12 from curvature and 1e-10 from rounding; 1e-7 is safely above both.
 */
export function checkGradient<F extends Feeds>(
  lossOf: (tensors: { readonly [Name in keyof F]: Tensor }) => Tensor,
  feeds: F,
  wrt: keyof F & string,
): void {
  const tensors = inputs(feeds);
  const loss = lossOf(tensors);
  const [grad = new Float64Array()] = evaluate(gradients(loss, [tensors[wrt]]), feeds);
  const values = Array.from(feeds[wrt] ?? []);
  for (const [index, value] of values.entries()) {
    const at = (moved: number): number =>
      evaluate([loss], { ...feeds, [wrt]: values.with(index, moved) })[0]?.[0] ?? NaN;
    const expected = (at(value + 1e-6) - at(value - 1e-6)) / 2e-6;
    close(grad[index], expected, 1e-7, `d loss / d ${wrt}[${index}]`);
  }
}

/** Asserts |actual − expected| ≤ tolerance; NaN never passes. */
export function close(actual: number | undefined, expected: number | undefined, tolerance: number, what = ""): void {
  const difference = Math.abs((actual ?? NaN) - (expected ?? NaN));
  assert(difference <= tolerance, `${what}: got ${actual}, expected ${expected} ± ${tolerance}`);
}

/** Asserts `close` element by element. */
export function allClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "element",
): void {
  assert.equal(actual.length, expected.length, `${what}: lengths differ`);
  for (let at = 0; at < expected.length; at++) close(actual[at], expected[at], tolerance, `${what} ${at}`);
}
