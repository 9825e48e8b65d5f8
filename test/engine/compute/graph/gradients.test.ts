import assert from "node:assert/strict";
import { gradients } from "../../../../engine/compute/graph/gradients.ts";
import { Graph, type Tensor, defined } from "../../../../engine/compute/graph/tensor.ts";
import { accumulate, attention, logprob, matmul, rmsNorm, sample } from "../../../../engine/compute/ops/index.ts";
import { evaluate } from "../evaluate.ts";

async function gradientOf(
  loss: Tensor,
  x: Tensor,
  values: Readonly<Record<string, readonly number[]>>,
): Promise<number[]> {
  const { dx } = await evaluate({ dx: defined(gradients(loss, [x])[0]) }, values);
  return [...defined(dx)];
}

describe("gradients", () => {
  it("follow the chain rule on a case worked by hand", async () => {
    const x = new Graph().input("x", [2]);
    const loss = x.square().mul(3).sub(x).exp().log().sum(); // Σ 3x² − x
    const dx = await gradientOf(loss, x, { x: [1, -0.5] });
    assert.deepEqual(
      dx.map((value) => Math.round(value * 1e4) / 1e4),
      [5, -4],
    );
  });

  it("add up over every use of a tensor", async () => {
    const x = new Graph().input("x", [2]);
    const loss = x.add(x).mul(x).sum(); // Σ 2x²
    assert.deepEqual(await gradientOf(loss, x, { x: [1, 3] }), [4, 12]);
  });

  it("give the loss itself a gradient of one", async () => {
    const x = new Graph().input("x", []);
    assert.deepEqual(await gradientOf(x, x, { x: [5] }), [1]);
  });

  it("sum over what an operand of one element was broadcast to", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const one = graph.input("one", [1, 1]);
    const values = { x: [1, 2, 3, 4, 5, 6], one: [2] };
    const loss = one.mul(x).sum();
    const [dOne, dx] = gradients(loss, [one, x]);
    assert.deepEqual(defined(dOne).shape, [1, 1]);
    assert.deepEqual(await evaluate({ dOne: defined(dOne), dx: defined(dx) }, values), {
      dOne: Float32Array.of(21),
      dx: Float32Array.of(2, 2, 2, 2, 2, 2),
    });
  });

  it("pass the whole gradient of a minimum or maximum to the first operand at a tie", async () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [3]), graph.input("b", [3])];
    const values = { a: [1, 2, 3], b: [2, 2, 2] };
    for (const [loss, expected] of [
      [
        a.maximum(b).sum(),
        [
          [0, 1, 1],
          [1, 0, 0],
        ],
      ],
      [
        a.minimum(b).sum(),
        [
          [1, 1, 0],
          [0, 0, 1],
        ],
      ],
    ] as const) {
      const [da, db] = gradients(loss, [a, b]);
      const results = await evaluate({ da: defined(da), db: defined(db) }, values);
      assert.deepEqual([[...defined(results["da"])], [...defined(results["db"])]], expected);
    }
  });

  it("pass through clamp on its borders, as torch.clamp does", async () => {
    const x = new Graph().input("x", [5]);
    const dx = await gradientOf(x.clamp(-1, 1).sum(), x, { x: [-2, -1, 0, 1, 2] });
    assert.deepEqual(dx, [0, 1, 1, 1, 0]);
  });

  it("cross a reshape", async () => {
    const x = new Graph().input("x", [2, 2]);
    const loss = x.reshape([4]).square().reshape([2, 2]).sum();
    assert.deepEqual(await gradientOf(loss, x, { x: [1, 2, 3, 4] }), [2, 4, 6, 8]);
  });

  it("stop at a comparison", () => {
    const x = new Graph().input("x", [2]);
    assert.throws(() => gradients(x.lessEqual(0).sum(), [x]), /the loss does not depend on x/);
  });

  it("refuse a tensor that the loss does not depend on", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    assert.throws(() => gradients(x.sum(), [graph.variable("w", [2])]), /the loss does not depend on w/);
  });

  it("refuse an op that has no derivative", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const drawn = sample(x, graph.input("u", [2])).logprob;
    assert.throws(() => gradients(drawn.sum(), [x]), /op sample has no derivative/);
    const total = accumulate(graph.variable("total", [2, 3]), x);
    assert.throws(() => gradients(total.sum(), [x]), /op accumulate has no derivative/);
  });

  it("refuse results that are there for a gradient op only", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    const ids = graph.input("ids", [2], "i32");
    const other = ({ from }: Tensor, index: number): Tensor =>
      defined(from.kind === "node" ? from.node.outputs[index] : undefined);
    const q = graph.input("q", [1, 2, 1, 4]);
    const start = graph.input("start", [1], "i32");
    const offset = graph.input("offset", [1], "i32");
    const cases = [
      [other(rmsNorm(x, graph.input("w", [3])), 1), x, /output rstd of rmsNorm/],
      [other(attention({ q, k: q, v: q, start, offset }), 1), q, /output lse of attention/],
      [other(logprob(x, graph.input("table", [5, 3]), ids).logprob, 2), x, /output lse of logprob/],
    ] as const;
    for (const [output, by, message] of cases) assert.throws(() => gradients(output.sum(), [by]), message);
  });

  it("do not need what an untouched operand would get", async () => {
    const graph = new Graph();
    const [a, b] = [graph.input("a", [1, 2]), graph.input("b", [2, 1])];
    const da = defined(gradients(matmul(a, b).sum(), [a])[0]);
    assert.deepEqual((await evaluate({ da }, { b: [3, 4] }))["da"], Float32Array.of(3, 4));
  });
});
