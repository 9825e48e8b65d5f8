import assert from "node:assert/strict";
import fc from "fast-check";

import { ShapeError } from "../../../engine/compute/graph/tensor.ts";
import { gae } from "../../../engine/rl/gae.ts";
import { allClose } from "./evaluate.ts";

const numbers = fc.array(
  fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })),
  {
    minLength: 1,
    maxLength: 12,
  },
);

describe("gae", () => {
  it("is reward-to-go minus value when lam is 1", () => {
    const advantages = gae(Float32Array.of(0, 0, 1), Float32Array.of(0.5, 0.5, 0.5), { gamma: 1, lam: 1 });
    assert.deepEqual([...advantages], [0.5, 0.5, 0.5]);
  });

  it("is the one-step error when lam is 0", () => {
    const advantages = gae(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6), { gamma: 0.5, lam: 0 });
    assert.deepEqual([...advantages], [1 + 2.5 - 4, 2 + 3 - 5, 3 - 6]);
  });

  it("keeps rows apart", () => {
    const rewards = Float64Array.of(0, 1, 0, 2);
    const advantages = gae(rewards, new Float64Array(4), { gamma: 1, lam: 1, R: 2 });
    assert.deepEqual([...advantages], [1, 1, 2, 2]);
  });

  it("equals the sum of discounted one-step errors", () => {
    const weight = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(numbers, weight, weight, (pairs, gamma, lam) => {
        const rewards = Float64Array.from(pairs, ([reward]) => reward);
        const values = Float64Array.from(pairs, ([, value]) => value);
        const delta = (t: number): number => (rewards[t] ?? NaN) + gamma * (values[t + 1] ?? 0) - (values[t] ?? NaN);
        const expected = pairs.map((_, t) =>
          pairs.slice(t).reduce((sum, __, k) => sum + (gamma * lam) ** k * delta(t + k), 0),
        );
        // Twelve terms of order 10 in another order: 1e-12 covers their rounding.
        allClose(gae(rewards, values, { gamma, lam }), expected, 1e-12);
      }),
    );
  });

  it("refuses arrays that do not fit", () => {
    const settings = { gamma: 1, lam: 1 };
    assert.throws(
      () => gae(new Float32Array(4), new Float32Array(3), settings),
      new ShapeError("gae", { rewards: [4], values: [3] }),
    );
  });
});
