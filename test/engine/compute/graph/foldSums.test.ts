import assert from "node:assert/strict";
import fc from "fast-check";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../../../engine/compute/graph/program.ts";
import { type BinaryKind, Graph, type Op, binary, defined } from "../../../../engine/compute/graph/tensor.ts";
import { addBias } from "../../../../engine/compute/ops/bias.ts";
import { accumulate, cast, linear, matmul, rmsNorm } from "../../../../engine/compute/ops/index.ts";
import { rmsNormGradOp } from "../../../../engine/compute/ops/rmsNorm.ts";
import { assertSameBytes } from "../../../contract/close.ts";
import { buildGraph, choices } from "../../../contract/randomGraph.ts";
import { execute } from "../evaluate.ts";

const shapesOf = (program: Program): readonly string[] =>
  program.instructions.map(({ op, inputs }) => `${op}/${inputs.length}`);

describe("foldSums", () => {
  it("folds a sum into the product that it adds to, on either side", () => {
    for (const order of ["left", "right"]) {
      const graph = new Graph();
      const [a, b, c] = ["a", "b", "c"].map((name) => graph.input(name, [3, 3])).map(defined);
      const product = matmul(defined(a), defined(b));
      const y = order === "left" ? product.add(defined(c)) : defined(c).add(product);
      assert.deepEqual(shapesOf(plan({ y })), ["matmul/3"]);
    }
  });

  it("folds a bias into the product that it is added to, and no other op", () => {
    const graph = new Graph();
    const [x, w, bias] = [graph.input("x", [2, 3, 4]), graph.variable("w", [5, 4]), graph.variable("bias", [5])];
    const y = linear(x, w, bias);
    assert.deepEqual(shapesOf(plan({ y })), ["matmul/3"]);
    assert.deepEqual(shapesOf(plan({ sum: y.add(1) })), ["matmul/3", "binary/2"]);
    const [normed, gain] = [graph.input("n", [2, 4]), graph.variable("gain", [4])];
    assert.deepEqual(shapesOf(plan({ y: addBias(rmsNorm(normed, gain), gain) })), ["rmsNorm/2", "addBias/2"]);
  });

  it("leaves a bias on another axis of the product alone", () => {
    const graph = new Graph();
    const product = matmul(graph.input("a", [3, 4]), graph.input("b", [4, 2]));
    const y = addBias(product.reshape([2, 3]), graph.variable("bias", [3]));
    assert.deepEqual(shapesOf(plan({ y })), ["matmul/2", "addBias/2"]);
  });

  it("looks through reshapes", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3, 4]);
    const program = plan({ y: x.add(linear(x, graph.variable("w", [4, 4]))) });
    assert.deepEqual(shapesOf(program), ["matmul/3"]);
    assert.deepEqual(program.values[defined(program.outputs["y"])]?.shape, [2, 3, 4]);
  });

  it("leaves a sum alone whose terms have different element types", () => {
    const graph = new Graph();
    const [a, b, c] = [graph.input("a", [2, 2]), graph.input("b", [2, 2]), graph.input("c", [2, 2], "bf16")];
    const mixed: Op<{ kind: BinaryKind }> = {
      ...binary,
      types: { inputs: { left: "f32", right: "bf16" }, outputs: ["f32"] },
      infer: () => [[2, 2]],
    };
    const [y] = graph.apply(mixed, [matmul(a, b), c], { kind: "add" });
    assert.deepEqual(shapesOf(plan({ y: defined(y) })), ["matmul/2", "binary/2"]);
  });

  it("folds sums of bf16 into products of bf16, and f32 biases, of which only rows are folded", () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [2, 2], "bf16"), graph.input("b", [2, 2], "bf16")];
    const bias = graph.input("bias", [2]);
    assert.deepEqual(shapesOf(plan({ y: matmul(a, b).add(a) })), ["matmul/3"]);
    assert.deepEqual(shapesOf(plan({ y: addBias(matmul(a, b), bias) })), ["matmul/3"]);
    // A sum in f32 is not rounded before the addition, as one in bf16 is.
    const wide = matmul(a, b, { dtype: "f32" });
    assert.deepEqual(shapesOf(plan({ y: wide.add(graph.input("c", [2, 2])) })), ["matmul/3"]);
    assert.deepEqual(shapesOf(plan({ y: cast(wide, "bf16").add(a) })), ["matmul/2", "cast/1", "binary/2"]);
  });

  it("folds once per op", () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [2, 2]), graph.input("b", [2, 2])];
    const y = matmul(a, b).add(a).add(b);
    assert.deepEqual(shapesOf(plan({ y })), ["matmul/3", "binary/2"]);
    const sum = matmul(a, b).add(matmul(b, a)).add(matmul(a, a));
    assert.deepEqual(shapesOf(plan({ sum })), ["matmul/2", "matmul/3", "matmul/3"]);
  });

  it("leaves a product alone that something else reads or the host wants", () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [2, 2]), graph.input("b", [2, 2])];
    const product = matmul(a, b);
    const y = product.add(a);
    assert.deepEqual(shapesOf(plan({ y, product })), ["matmul/2", "binary/2"]);
    assert.deepEqual(shapesOf(plan({ y, z: product.neg() })), ["matmul/2", "binary/2", "unary/1"]);
    assert.deepEqual(shapesOf(plan({ twice: product.add(product) })), ["matmul/2", "binary/2"]);
    const view = product.reshape([4]);
    assert.deepEqual(shapesOf(plan({ y: view.add(a.reshape([4])), view })), ["matmul/2", "binary/2"]);
  });

  it("leaves sums that broadcast alone", () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [2, 2]), graph.input("b", [2, 2])];
    assert.deepEqual(shapesOf(plan({ y: matmul(a, b).add(1) })), ["matmul/2", "binary/2"]);
  });

  it("folds the residual's gradient into rmsNormGrad, though its other result is read later", () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [2, 4]), graph.variable("w", [4])];
    const loss = x.add(rmsNorm(x, w)).square().sum();
    const [dx, dw] = gradients(loss, [x, w]);
    const program = plan({ dx: defined(dx), dw: defined(dw).neg() });
    assert.ok(shapesOf(program).includes("rmsNormGrad/5"), shapesOf(program).join(" "));
  });

  it("does not move an op behind a reader of its other result", () => {
    const graph = new Graph();
    const [x, w, dy] = [graph.input("x", [2, 4]), graph.input("w", [4]), graph.input("dy", [2, 4])];
    const [dx, dw] = graph.apply(rmsNormGradOp, [x, w, graph.input("rstd", [2]), dy], { eps: 1e-6, offset: 0 });
    const y = defined(dx).add(x.mul(defined(dw).sum()));
    assert.deepEqual(shapesOf(plan({ y })), ["rmsNormGrad/4", "sum/1", "binary/2", "binary/2"]);
  });

  it("does not move a product behind an op that overwrites what it reads", () => {
    const graph = new Graph();
    const [state, x] = [graph.variable("state", [2, 2]), graph.input("x", [2, 2])];
    const product = matmul(state, x);
    const updated = accumulate(state, x);
    assert.deepEqual(shapesOf(plan({ y: product.add(x), updated })), ["matmul/2", "accumulate/2", "binary/2"]);
  });

  it("changes no result by a bit", async () => {
    await fc.assert(
      fc.asyncProperty(choices, async (list) => {
        const { results, operands } = buildGraph(list);
        const values = Object.fromEntries(Object.entries(operands).map(([name, { data }]) => [name, [...data]]));
        const last = defined(results.at(-1));
        // Asking for every result keeps each from being folded into another.
        const apart = plan(
          Object.fromEntries([...results.entries()].map(([index, result]) => [`out${index}`, result])),
        );
        const folded = plan({ last });
        const expected = defined((await execute(apart, values))[`out${results.length - 1}`]);
        assertSameBytes(await execute(folded, values), { last: expected });
      }),
      { numRuns: 60 },
    );
  });
});
