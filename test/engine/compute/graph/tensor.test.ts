import assert from "node:assert/strict";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { Graph, ShapeError, bytesOf, sameShape, sizeOf } from "../../../../engine/compute/graph/tensor.ts";
import { DTypeError } from "../../../../engine/compute/graph/typeRule.ts";
import { linear } from "../../../../engine/compute/ops/index.ts";
import { evaluate } from "../evaluate.ts";

describe("Tensor", () => {
  it("broadcasts one element over any shape, on either side", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const scalar = graph.input("s", []);
    assert.deepEqual(x.add(scalar).shape, [2, 3]);
    assert.deepEqual(scalar.sub(x).shape, [2, 3]);
    assert.deepEqual(graph.input("one", [1]).mul(scalar).shape, [1]);
    assert.deepEqual(x.add(1).shape, [2, 3]);
  });

  it("refuses operands of different shapes, naming both", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    assert.throws(
      () => x.add(graph.input("y", [3, 2])),
      (error) =>
        error instanceof ShapeError && error.message === "binary: shapes do not fit: left [2, 3], right [3, 2]",
    );
    assert.throws(() => x.add(graph.input("row", [3])), ShapeError);
  });

  it("is reshaped for free, and to as many elements only", () => {
    const x = new Graph().input("x", [2, 3]);
    assert.equal(x.reshape([2, 3]), x);
    assert.deepEqual(x.reshape([3, 1, 2]).shape, [3, 1, 2]);
    assert.throws(() => x.reshape([4]), /reshape: shapes do not fit: from \[2, 3\], to \[4\]/);
  });

  it("clamps from both sides", async () => {
    const x = new Graph().input("x", [5]);
    const { y } = await evaluate({ y: x.clamp(-1, 2) }, { x: [-3, -1, 0, 2, 7] });
    assert.deepEqual(y, Float32Array.of(-1, -1, 0, 2, 2));
  });
});

describe("Graph", () => {
  it("gives the same tensor for the same name, and refuses it another shape or type", () => {
    const graph = new Graph();
    const w = graph.variable("w", [2, 3]);
    assert.equal(graph.variable("w", [2, 3]), w);
    assert.throws(
      () => graph.variable("w", [3, 2]),
      /variable:w: shapes do not fit: declared \[2, 3\], again \[3, 2\]/,
    );
    assert.throws(() => graph.variable("w", [2, 3], "i32"), ShapeError);
    assert.notEqual(graph.input("w", [2, 3]), w);
  });

  it("gives variables the element types that it was made for, f32 to all others", () => {
    const graph = new Graph({ w: "bf16" });
    assert.equal(graph.variable("w", [2]).dtype, "bf16");
    assert.equal(graph.variable("v", [2]).dtype, "f32");
    assert.equal(graph.input("w", [2]).dtype, "f32");
  });

  it("says which op does not take an input's type", () => {
    const graph = new Graph({ w: "i32" });
    assert.throws(
      () => graph.variable("w", [2]).neg(),
      (error) => error instanceof DTypeError && error.message === "unary: x must be f32 or bf16, got i32",
    );
  });

  it("computes with bf16 beside bf16, or beside one number of f32", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2], "bf16"), graph.input("y", [2])];
    assert.equal(x.add(x).dtype, "bf16");
    assert.equal(x.mul(0.3).dtype, "bf16");
    assert.equal(x.sum().dtype, "f32");
    for (const mixed of [() => x.add(y), () => y.add(x), () => graph.constant(1).add(x)]) {
      assert.throws(mixed, (error) => error instanceof DTypeError && error.input === "right");
    }
  });

  it("gives gradients of what it computes its type, of variables f32", () => {
    const graph = new Graph({ w: "bf16" }, "bf16");
    const [x, w] = [graph.input("x", [3, 4], "bf16"), graph.variable("w", [5, 4])];
    const h = linear(x, w);
    const loss = linear(h, graph.input("head", [2, 5], "bf16"), undefined, "f32").sum();
    assert.equal(loss.dtype, "f32");
    assert.deepEqual(
      gradients(loss, [x, w, h]).map(({ dtype }) => dtype),
      ["bf16", "f32", "bf16"],
    );
  });

  it("keeps constants of different shapes apart", () => {
    const graph = new Graph();
    assert.equal(graph.constant(1), graph.constant(1));
    assert.deepEqual(graph.constant(1, [2]).shape, [2]);
  });
});

describe("shapes", () => {
  it("multiply up, to 1 for a scalar", () => {
    assert.equal(sizeOf([]), 1);
    assert.equal(sizeOf([2, 3, 4]), 24);
  });

  it("are the same when every axis is", () => {
    assert.ok(sameShape([2, 3], [2, 3]));
    assert.ok(!sameShape([2, 3], [2, 3, 1]));
    assert.ok(!sameShape([2, 3], [3, 2]));
  });

  it("take as many bytes as their elements", () => {
    assert.equal(bytesOf({ shape: [2, 3], dtype: "f32" }), 24);
    assert.equal(bytesOf({ shape: [2, 3], dtype: "bf16" }), 12);
    assert.equal(bytesOf({ shape: [0], dtype: "i32" }), 0);
  });
});
