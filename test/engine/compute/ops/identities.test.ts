import assert from "node:assert/strict";
import { Graph, type Tensor, defined } from "../../../../engine/compute/graph/tensor.ts";
import {
  adamw,
  attention,
  fullKl,
  linear,
  logprob,
  rmsNorm,
  rope,
  ropeFrequencies,
  sample,
} from "../../../../engine/compute/ops/index.ts";
import { assertClose } from "../../../contract/close.ts";
import { uniform } from "../../../contract/data.ts";
import { evaluate } from "../evaluate.ts";

/** Identities of exact mathematics, in f32 over at most a few hundred terms of size 1. */
const TOLERANCE = 1e-5;

async function valuesOf(
  y: Tensor,
  values: Readonly<Record<string, readonly number[]>> = {},
): Promise<readonly number[]> {
  return [...defined((await evaluate({ y }, values))["y"])];
}

describe("ropeFrequencies", () => {
  it("fall from 1 by powers of theta", () => {
    assertClose("frequencies", ropeFrequencies(8, 10_000), [1, 0.1, 0.01, 0.001], 1e-12);
  });
});

describe("rope", () => {
  const x = uniform([1, 1, 1, 8], 500);
  const y = uniform([1, 1, 1, 8], 501);

  async function rotated(values: readonly number[], position: number): Promise<readonly number[]> {
    const graph = new Graph();
    return valuesOf(
      rope(graph.input("x", [1, 1, 1, 8]), graph.input("at", [1, 1], "i32"), ropeFrequencies(8, 10_000)),
      {
        x: values,
        at: [position],
      },
    );
  }
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, i) => sum + v * defined(b[i]), 0);

  it("leaves position 0 alone", async () => {
    assert.deepEqual(await rotated([...x.data], 0), [...x.data]);
  });

  it("keeps lengths, and makes products depend on the distance alone", async () => {
    const [a, b] = [await rotated([...x.data], 3), await rotated([...y.data], 10)];
    const [c, d] = [await rotated([...x.data], 20), await rotated([...y.data], 27)];
    assertClose("length", [dot(a, a)], [dot([...x.data], [...x.data])], TOLERANCE);
    assertClose("product", [dot(a, b)], [dot(c, d)], TOLERANCE);
  });
});

describe("rmsNorm", () => {
  it("gives rows of root mean square 1, whatever their scale", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 16]);
    const w = graph.constant(1, [16]);
    const values = { x: [...uniform([16], 502).data] };
    const [y, scaled] = [
      await valuesOf(rmsNorm(x, w, { eps: 0 }), values),
      await valuesOf(rmsNorm(x.mul(50), w, { eps: 0 }), values),
    ];
    assertClose("scaled", scaled, y, TOLERANCE);
    assertClose("mean square", [y.reduce((sum, value) => sum + value * value, 0) / 16], [1], TOLERANCE);
  });
});

describe("attention", () => {
  it("averages the values that a query sees when all keys are equal", async () => {
    const graph = new Graph();
    const zero = graph.constant(0, [1, 4, 1, 2]);
    const v = graph.input("v", [1, 4, 1, 2]);
    const start = graph.input("start", [1], "i32");
    const offset = graph.input("offset", [1], "i32");
    const values = { v: [1, 10, 2, 20, 3, 30, 4, 40], start: [1], offset: [0] };
    const all = await valuesOf(attention({ q: zero, k: zero, v, start, offset }), values);
    assertClose("all since the start", all, [0, 0, 2, 20, 2.5, 25, 3, 30], TOLERANCE);
    const near = await valuesOf(attention({ q: zero, k: zero, v, start, offset }, { window: 2 }), values);
    assertClose("the last two", near, [0, 0, 2, 20, 2.5, 25, 3.5, 35], TOLERANCE);
  });
});

describe("logprob", () => {
  it("belongs to a distribution whose entropy it gives", async () => {
    const graph = new Graph();
    const V = 6;
    const h = graph.input("h", [V, 3]);
    const row = [...uniform([3], 503).data];
    const values = {
      h: Array.from({ length: V }, () => row).flat(),
      w: [...uniform([V, 3], 504, [-2, 2]).data],
      ids: [0, 1, 2, 3, 4, 5],
    };
    const results = await evaluate(
      { ...logprob(h, graph.input("w", [V, 3]), graph.input("ids", [V], "i32"), { temperature: 0.6 }) },
      values,
    );
    const logprobs = [...defined(results["logprob"])];
    const total = logprobs.reduce((sum, value) => sum + Math.exp(value), 0);
    const entropy = logprobs.reduce((sum, value) => sum - Math.exp(value) * value, 0);
    assertClose("total probability", [total], [1], TOLERANCE);
    assertClose("entropy", [defined(results["entropy"]?.[0])], [entropy], TOLERANCE);
  });

  it("of equal logits is −log V, and the entropy log V", async () => {
    const graph = new Graph();
    const { logprob: chosen, entropy } = logprob(
      graph.constant(0, [1, 2]),
      graph.input("w", [5, 2]),
      graph.input("ids", [1], "i32"),
    );
    const values = { w: [...uniform([5, 2], 505).data], ids: [3] };
    assertClose("logprob", await valuesOf(chosen, values), [-Math.log(5)], TOLERANCE);
    assertClose("entropy", await valuesOf(entropy, values), [Math.log(5)], TOLERANCE);
  });
});

describe("fullKl", () => {
  it("is 0 between a model and itself and above 0 otherwise", async () => {
    const graph = new Graph();
    const [h, w, other] = [graph.input("h", [3, 4]), graph.input("w", [6, 4]), graph.input("other", [6, 4])];
    const values = {
      h: [...uniform([3, 4], 506).data],
      w: [...uniform([6, 4], 507).data],
      other: [...uniform([6, 4], 508).data],
    };
    assertClose("to itself", await valuesOf(fullKl({ h, w }, { h, w }), values), [0, 0, 0], 1e-6);
    assert.ok((await valuesOf(fullKl({ h, w }, { h, w: other }), values)).every((kl) => kl > 0));
  });
});

describe("sample", () => {
  it("gives the log-probability that logprob gives, so that importance ratios start at 1", async () => {
    const graph = new Graph();
    const [B, C, V] = [7, 4, 9];
    const [h, w] = [graph.input("h", [B, C]), graph.input("w", [V, C])];
    const values = { h: [...uniform([B, C], 509).data], w: [...uniform([V, C], 510, [-2, 2]).data] };
    const logits = [...defined((await evaluate({ y: linear(h, w) }, values))["y"])];
    const drawn = sample(graph.input("logits", [B, V]), graph.input("u", [B]), { temperature: 0.7 });
    const results = await evaluate({ ...drawn }, { logits, u: [...uniform([B], 511, [0, 1]).data] });
    const ids = [...defined(results["token"])];
    const again = await valuesOf(logprob(h, w, graph.input("ids", [B], "i32"), { temperature: 0.7 }).logprob, {
      ...values,
      ids,
    });
    assertClose("logprob", defined(results["logprob"]), again, TOLERANCE);
  });

  it("draws tokens as often as they are likely", async () => {
    const graph = new Graph();
    const n = 1000;
    const weights = [0.1, 0.2, 0.3, 0.4];
    const u = Array.from({ length: n }, (_, index) => (index + 0.5) / n);
    const values = { logits: u.flatMap(() => weights.map(Math.log)), u };
    const tokens = await valuesOf(sample(graph.input("logits", [n, 4]), graph.input("u", [n])).token, values);
    const counts = weights.map((_, token) => tokens.filter((drawn) => drawn === token).length);
    // Evenly spaced numbers hit an interval of width p exactly p·n times, give or take one at a rounded border.
    for (const [token, weight] of weights.entries()) assert.ok(Math.abs(defined(counts[token]) - weight * n) <= 1);
  });
});

describe("adamw", () => {
  it("moves by the learning rate against the gradient's sign in its first step, after the decay", async () => {
    const graph = new Graph();
    const [p, m, v] = ["p", "m", "v"].map((name) => graph.variable(name, [3])).map(defined);
    const [next] = adamw({
      p: defined(p),
      m: defined(m),
      v: defined(v),
      g: graph.input("g", [3]),
      hyper: graph.input("hyper", [8]),
    });
    const hyper = [0.1, 0.9, 0.999, 0, 0.5, 1 - 0.9, 1 - 0.999, 0];
    const moved = await valuesOf(defined(next), { p: [1, 2, -2], m: [0, 0, 0], v: [0, 0, 0], g: [3, -0.01, 5], hyper });
    assertClose("p", moved, [0.95 - 0.1, 1.9 + 0.1, -1.9 - 0.1], TOLERANCE);
  });
});
