import assert from "node:assert/strict";
import fc from "fast-check";

import { NO_MOMENTS, standardDeviation, updateMoments } from "../../../engine/rl/runningMoments.ts";
import { processScores } from "../../../engine/rl/scores.ts";
import { allClose, close } from "./evaluate.ts";

const off = { missingEosPenalty: 0, scaling: "none", clip: 0 } as const;

describe("running moments", () => {
  it("do not depend on how the numbers are cut into batches", () => {
    const batches = fc.array(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { maxLength: 6 }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(batches, (cut) => {
        const moments = cut.reduce((state, xs) => updateMoments(state, Float64Array.from(xs)), NO_MOMENTS);
        const whole = updateMoments(NO_MOMENTS, Float64Array.from(cut.flat()));
        assert.equal(moments.count, whole.count);
        // Squares of order 1e4 lose about 1e-12 each.
        close(moments.mean, whole.mean, 1e-10);
        close(moments.variance, whole.variance, 1e-9);
      }),
    );
  });

  it("survive JSON", () => {
    const moments = updateMoments(NO_MOMENTS, Float64Array.of(0.1, 0.7));
    assert.deepEqual(JSON.parse(JSON.stringify(moments)), moments);
  });

  it("have deviation 1 before two numbers, and Bessel's after", () => {
    assert.equal(standardDeviation(updateMoments(NO_MOMENTS, Float64Array.of(5))), 1);
    close(standardDeviation(updateMoments(NO_MOMENTS, Float64Array.of(1, 3))), Math.SQRT2, 1e-15);
  });
});

describe("processScores", () => {
  const scores = Float64Array.of(1, 3, -4);

  it("changes nothing when all is off", () => {
    const processed = processScores(scores, [true, false, true], NO_MOMENTS, off);
    allClose(processed.scores, scores, 0);
    assert.equal(processed.moments, NO_MOMENTS);
  });

  it("takes the penalty from responses without eos, then clips", () => {
    const settings = { ...off, missingEosPenalty: 1, clip: 1.5 };
    allClose(processScores(scores, [false, true, true], NO_MOMENTS, settings).scores, [0, 1.5, -1.5], 0);
  });

  it("takes another from responses that are too short, which the moments see", () => {
    const settings = { ...off, missingEosPenalty: 1, minLength: 3, shortPenalty: 0.25 };
    const lengths = [2, 2, 3];
    allClose(processScores(scores, [true, false, true], NO_MOMENTS, settings, lengths).scores, [0.75, 1.75, -4], 0);
    const { moments } = processScores(scores, [true, true, true], NO_MOMENTS, { ...settings, scaling: "std" }, lengths);
    close(moments.mean, (0.75 + 2.75 - 4) / 3, 1e-15);
  });

  it("divides by the running deviation, this batch included", () => {
    const { scores: scaled, moments } = processScores(Float64Array.of(1, 3), [true, true], NO_MOMENTS, {
      ...off,
      scaling: "std",
    });
    // f32's ε in the divisor moves the result by 1e-7.
    allClose(scaled, [Math.SQRT1_2, 3 * Math.SQRT1_2], 1e-6);
    assert.equal(moments.count, 2);
  });

  it("subtracts the running mean first when normalising", () => {
    const settings = { ...off, scaling: "normalise" } as const;
    const { scores: scaled } = processScores(Float64Array.of(1, 3), [true, true], NO_MOMENTS, settings);
    allClose(scaled, [-Math.SQRT1_2, Math.SQRT1_2], 1e-6);
  });
});
