import assert from "node:assert/strict";
import fc from "fast-check";
import { DECAYS, type ScheduleKind, learningRateAt } from "../../../engine/training/schedule.ts";

describe("learning-rate schedule", () => {
  const base = { learningRate: 1, totalSteps: 10 };

  it("starts at 0, grows evenly during warm-up, and falls evenly to 0", () => {
    const rates = [0, 1, 2, 6, 10].map((step) => learningRateAt({ ...base, kind: "linear", warmupSteps: 2 }, step));
    assert.deepEqual(rates, [0, 0.5, 1, 0.5, 0]);
  });

  it("is half way down a cosine half way through", () => {
    const rate = learningRateAt({ ...base, kind: "cosine", warmupSteps: 2 }, 6);
    // cos(π/2) is 6e-17 in floating point.
    assert.ok(Math.abs(rate - 0.5) < 1e-15);
  });

  it("rounds a warm-up ratio up to whole steps", () => {
    const rates = [0, 1, 2].map((step) => learningRateAt({ ...base, kind: "constant", warmupRatio: 0.11 }, step));
    assert.deepEqual(rates, [0, 0.5, 1]);
  });

  for (const kind of Object.keys(DECAYS) as ScheduleKind[]) {
    it(`stays between 0 and the full rate: ${kind}`, () => {
      fc.assert(
        fc.property(fc.nat(50), fc.integer({ min: 1, max: 40 }), fc.nat(40), (step, totalSteps, warmupSteps) => {
          const rate = learningRateAt({ kind, learningRate: 2, totalSteps, warmupSteps }, step);
          assert.ok(rate >= 0 && rate <= 2);
        }),
      );
    });
  }
});
