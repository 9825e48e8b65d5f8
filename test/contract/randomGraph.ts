import fc from "fast-check";
import { Graph, type Tensor, defined } from "../../engine/compute/graph/tensor.ts";
import { addBias } from "../../engine/compute/ops/bias.ts";
import { accumulate, linear, matmul, rmsNorm } from "../../engine/compute/ops/index.ts";
import { uniform } from "./data.ts";

/** One op of a random graph: its kind, and which of the tensors so far it reads. */
export interface Choice {
  readonly kind: (typeof KINDS)[number];
  readonly first: number;
  readonly second: number;
}

const KINDS = [
  "sigmoid",
  "neg",
  "add",
  "sub",
  "mul",
  "matmul",
  "residual",
  "layer",
  "bias",
  "norm",
  "view",
  "accumulate",
] as const;
const SIDE = 4;
const SHAPE = [SIDE, SIDE];

/** Lists of ops; any list makes a graph. */
export const choices: fc.Arbitrary<readonly Choice[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), first: fc.nat(1000), second: fc.nat(1000) }),
  { minLength: 1, maxLength: 30 },
);

/** A random graph over inputs `x`, `y` and variables `w`, `gain`, `state`, all small matrices. */
export interface RandomGraph {
  readonly graph: Graph;
  /** Results of every op that still hold when all is done, `[4, 4]` each. */
  readonly results: readonly Tensor[];
  readonly w: Tensor;
  readonly gain: Tensor;
  readonly operands: typeof OPERANDS;
}

/** Host values of the sources of every random graph. */
const OPERANDS = {
  x: uniform(SHAPE, 401),
  y: uniform(SHAPE, 402),
  w: uniform(SHAPE, 403),
  gain: uniform([SIDE], 404, [0.5, 1.5]),
  state: uniform(SHAPE, 405),
};

/** Builds the graph that a list of ops describes. */
export function buildGraph(list: readonly Choice[]): RandomGraph {
  const graph = new Graph();
  const w = graph.variable("w", SHAPE);
  const gain = graph.variable("gain", [SIDE]);
  let state = graph.variable("state", SHAPE);
  const sources = [graph.input("x", SHAPE), graph.input("y", SHAPE), w];
  const results: Tensor[] = [];
  const pick = (index: number): Tensor => {
    const all = [...sources, ...results];
    return defined(all[index % all.length]);
  };
  for (const { kind, first, second } of list) {
    const a = pick(first);
    const b = pick(second);
    if (kind === "accumulate") state = accumulate(state, a);
    else results.push(apply(kind, { a, b, gain }));
  }
  return {
    graph,
    results: [...results, state.from.kind === "node" ? state : pick(0).neg()],
    w,
    gain,
    operands: OPERANDS,
  };
}

/** Every op keeps its result near [−1.5, 1.5] and rounding errors as small as they were, however long the chain. */
function apply(
  kind: Exclude<Choice["kind"], "accumulate">,
  { a, b, gain }: { readonly a: Tensor; readonly b: Tensor; readonly gain: Tensor },
): Tensor {
  switch (kind) {
    case "sigmoid":
      return a.sigmoid();
    case "neg":
      return a.neg();
    case "add":
      return a.add(b).mul(0.5);
    case "sub":
      return a.sub(b).mul(0.5);
    case "mul":
      return a.mul(b.sigmoid());
    case "matmul":
      return matmul(a, b.sigmoid().mul(1 / SIDE));
    case "residual":
      return a.mul(0.5).add(matmul(a, b.sigmoid().mul(1 / SIDE / 2)).reshape(SHAPE));
    case "layer":
      return linear(a, b.sigmoid().mul(1 / SIDE), gain.mul(0.3));
    case "bias":
      return addBias(a.mul(0.5), gain.mul(0.3));
    case "norm":
      return rmsNorm(a, gain, { eps: 1 });
    case "view":
      return a
        .reshape([SIDE * SIDE])
        .mul(0.9)
        .reshape(SHAPE);
  }
}
