import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend } from "../../../../engine/compute/backend.ts";
import { createTfjsBackend } from "../../../../engine/compute/backends/tfjs/index.ts";
import { plan } from "../../../../engine/compute/graph/program.ts";
import { Graph } from "../../../../engine/compute/graph/tensor.ts";
import { sample } from "../../../../engine/compute/ops/index.ts";
import { Distribution, LogitsError, draw, likeliest } from "../../../../engine/serving/server/sampling.ts";
import { Random } from "../../../../engine/training/index.ts";

const V = 40;

function randomLogits(seed: number, spread: number): Float32Array {
  const random = Random.of(seed, "logits");
  return Float32Array.from({ length: V }, () => spread * random.normal());
}

describe("drawing a token on the host", () => {
  let backend: Backend;
  before(async () => (backend = await createTfjsBackend()));
  after(() => backend.close());

  for (const settings of [
    { temperature: 1, topK: 0, topP: 1 },
    { temperature: 0, topK: 0, topP: 1 },
    { temperature: 0.3, topK: 5, topP: 1 },
    { temperature: 1.7, topK: 0, topP: 0.8 },
    { temperature: 1, topK: 12, topP: 0.5 },
    { temperature: 5, topK: 0, topP: 0.999 },
    { temperature: 1, topK: 1, topP: 1 },
    { temperature: 1, topK: 1000, topP: 1 },
  ]) {
    it(`takes what the device's own op takes with ${JSON.stringify(settings)}`, async () => {
      const graph = new Graph();
      const drawn = sample(graph.input("logits", [1, V]), graph.input("uniform", [1]), settings);
      const program = backend.compile(plan({ token: drawn.token }));
      const random = Random.of(5, "uniforms");
      for (let seed = 0; seed < 40; seed++) {
        const logits = randomLogits(seed, seed % 2 === 0 ? 1 : 6);
        const uniform = random.uniform();
        const { token } = await program.run({ inputs: { logits, uniform: Float32Array.of(uniform) } });
        assert.equal(draw(logits, settings, uniform), token?.[0], `seed ${seed}`);
      }
      program.release();
    });
  }

  it("keeps the first of equal tokens", () => {
    const logits = Float32Array.of(1, 3, 3, 3);
    assert.equal(likeliest(logits), 1);
    for (const uniform of [0, 0.5, 0.999]) assert.equal(draw(logits, { temperature: 1, topK: 1, topP: 1 }, uniform), 1);
  });

  it("refuses logits that are not finite", () => {
    for (const logits of [
      [NaN, 1],
      [1, Infinity],
      [-Infinity, -Infinity],
      [NaN, NaN],
    ]) {
      assert.throws(() => draw(Float32Array.from(logits), { temperature: 1, topK: 0, topP: 1 }, 0.5), LogitsError);
    }
  });
});

describe("a distribution's log-probabilities", () => {
  it("are those worked out by hand", () => {
    const distribution = new Distribution(Float32Array.from([1, 2, 5].map(Math.log)));
    assert.ok(Math.abs(distribution.logprob(1) - Math.log(2 / 8)) < 1e-6);
    assert.deepEqual(
      distribution.top(2).map(([id]) => id),
      [2, 1],
    );
    assert.equal(distribution.rank(0), 3);
    assert.equal(distribution.top(0).length, 0);
  });

  it("add up to 1, and the top ones are the largest", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: V }), (seed, count) => {
        const distribution = new Distribution(randomLogits(seed, 3));
        const all = Array.from({ length: V }, (_, id) => distribution.logprob(id));
        assert.ok(Math.abs(all.reduce((sum, one) => sum + Math.exp(one), 0) - 1) < 1e-9);
        const top = distribution.top(count);
        assert.deepEqual(
          top.map(([, logprob]) => logprob),
          all.toSorted((a, b) => b - a).slice(0, count),
        );
        assert.ok(top.every(([id], place) => distribution.rank(id) === place + 1));
      }),
    );
  });
});
