import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describeMetric } from "../../../engine/protocol/catalogue.ts";
import {
  MOST_DISTRIBUTIONS,
  PERCENTILES,
  hasDistributions,
  isPercentile,
  percentilePath,
} from "../../../engine/protocol/distributions.ts";
import { distributionMetrics } from "../../../engine/pipeline/distributions.ts";

describe("distributions over a batch", () => {
  it("are percentiles of score, length and KL, with KL summed over the tokens that are there", () => {
    const kl = Float64Array.of(1, 2, 99, 0.5, 99, 99); // [B, R], of which the 99s are behind the ends
    const found = distributionMetrics({ lengths: [2, 1], kl, scores: Float32Array.of(1, 3) });
    const at = (of: Parameters<typeof percentilePath>[0], percent: number): number | undefined =>
      found[percentilePath(of, percent)];
    assert.deepEqual([at("score", 0), at("score", 50), at("score", 100)], [1, 2, 3]);
    assert.deepEqual([at("length", 0), at("length", 100)], [1, 2]);
    assert.deepEqual([at("kl", 0), at("kl", 100)], [0.5, 3]);
    assert.deepEqual([at("klPerToken", 0), at("klPerToken", 100)], [0.5, 1.5]);
    assert.equal(Object.keys(found).length, 4 * PERCENTILES.length);
    assert.ok(Object.keys(found).every(isPercentile));
  });

  it("are of the log-ratio by token, of those that are there", () => {
    const kl = Float64Array.of(1, -2, 99, 0.5, 99, 99); // [B, R], of which the 99s are behind the ends
    const found = distributionMetrics({ lengths: [2, 1], kl, logRatios: kl });
    const ends = [0, 50, 100].map((percent) => found[percentilePath("logRatio", percent)]);
    assert.deepEqual(ends, [-2, 0.5, 1]);
  });

  it("leave out what has no values, and what is no number", () => {
    const found = distributionMetrics({ lengths: [1, 1], kl: Float64Array.of(NaN, 2) });
    assert.equal(found[percentilePath("score", 50)], undefined);
    assert.equal(found[percentilePath("kl", 0)], 2);
  });

  it("rise from percentile to percentile, between the least and the greatest", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (scores) => {
        const lengths = scores.map(() => 1);
        const found = distributionMetrics({
          lengths,
          kl: new Float64Array(scores.length),
          scores: Float64Array.from(scores),
        });
        const values = PERCENTILES.map((percent) => found[percentilePath("score", percent)] ?? NaN);
        for (const [index, one] of values.slice(1).entries()) assert.ok(one >= (values[index] ?? NaN));
      }),
    );
  });

  it("are recorded at the first and last step, and at so few between that a log stays short", () => {
    for (const total of [1, 2, 199, 200, 201, 5000, 100_001]) {
      const steps = Array.from({ length: total }, (_, at) => at + 1).filter((step) => hasDistributions(step, total));
      assert.deepEqual([steps[0], steps.at(-1)], [1, total]);
      assert.ok(steps.length <= MOST_DISTRIBUTIONS + 1, String(total));
      assert.ok(steps.length >= Math.min(total, MOST_DISTRIBUTIONS / 2), String(total));
    }
  });

  it("are described in the catalogue", () => {
    const { label, unit } = describeMetric(percentilePath("klPerToken", 95));
    assert.deepEqual([label, unit], ["KL per token, percentile 95", "nats per token"]);
  });
});
