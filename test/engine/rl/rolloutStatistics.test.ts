import assert from "node:assert/strict";

import { advantages } from "../../../engine/rl/advantages.ts";
import { explainedVariance, ROLLOUT_METRICS, rolloutStatistics } from "../../../engine/rl/rolloutStatistics.ts";
import { close } from "./evaluate.ts";

const shape = { B: 2, R: 2 };
const mask = Float64Array.of(1, 1, 1, 0);
const settings = {
  gamma: 1,
  lam: 1,
  whitenRewards: "none",
  whitenAdvantages: true,
  scorePosition: "lastToken",
} as const;

describe("rolloutStatistics", () => {
  const learned = advantages(Float64Array.of(0, 2, 3, 9), Float64Array.of(1, 1, 1, 9), mask, shape, settings);
  const statistics = rolloutStatistics(
    {
      logprobs: Float64Array.of(-1, -2, -3, -9),
      kl: Float64Array.of(0.5, 0.5, 2, 9),
      scores: Float64Array.of(1, 3),
      mask,
      ended: [true, false],
      beta: 0.1,
      learned,
    },
    shape,
  );

  it("sums KL and entropy per sequence, without padding", () => {
    close(statistics["objective/kl"], 1.5, 1e-15);
    close(statistics["objective/entropy"], 3, 1e-15);
    close(statistics["objective/nonScoreReward"], -0.1, 1e-15);
  });

  it("reports scores, lengths and the share that ended", () => {
    assert.equal(statistics["objective/score"], 2);
    close(statistics["objective/scoreStd"], Math.SQRT2, 1e-15);
    assert.equal(statistics["rollout/length"], 1.5);
    assert.equal(statistics["rollout/eosRate"], 0.5);
  });

  it("reports every metric", () => {
    assert.deepEqual(Object.keys(statistics), [...ROLLOUT_METRICS]);
  });
});

describe("explainedVariance", () => {
  const returns = Float64Array.of(1, 2, 3, 100);
  const three = Float64Array.of(1, 1, 1, 0);

  it("is 1 for perfect values and 0 where returns do not vary", () => {
    assert.equal(explainedVariance(returns, returns, three), 1);
    assert.equal(explainedVariance(returns, Float64Array.of(2, 2, 2, 0), three), 0);
  });

  it("is a third for the mean, as Bessel's variance is half as large again as the error", () => {
    close(explainedVariance(Float64Array.of(2, 2, 2, 2), returns, three), 1 - 2 / 3, 1e-15);
  });
});
