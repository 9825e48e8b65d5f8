import assert from "node:assert/strict";
import fc from "fast-check";

import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { policyLoss } from "../../../engine/rl/policyLoss.ts";
import { type PpoLossSettings, ppoLoss, PPO_METRICS } from "../../../engine/rl/ppoLoss.ts";
import { PPO_LOSS_DEFAULTS } from "./ppoLossDefaults.ts";
import { valueLoss } from "../../../engine/rl/valueLoss.ts";
import { checkGradient, close, evaluate, inputs } from "./evaluate.ts";

/** Ratios e^±0.5 are clipped, e^0.1 is not; the last column is padding. */
const feeds = {
  logprobs: [-1, -2, -0.6, -3, -1.5, -9],
  oldLogprobs: [-1.5, -1.5, -0.7, -3.1, -1.4, 0],
  advantages: [1, -1, 0.5, -0.5, 2, 0],
  values: [0.3, 1.4, -0.2, 0.1, 0.6, 5],
  oldValues: [0.2, 1, -0.25, 0.2, 0.1, 0],
  returns: [0.5, 0.9, 0, 1.2, -0.3, 0],
  mask: [1, 1, 1, 1, 1, 0],
  valueMask: [1, 1, 1, 1, 1, 0],
  entropy: [1.1, 0.7, 0.4, 1.9, 0.2, 3],
};

function lossOf(settings: Partial<PpoLossSettings>) {
  return (tensors: ReturnType<typeof inputs<typeof feeds>>) =>
    ppoLoss(tensors, { ...PPO_LOSS_DEFAULTS, ...settings }).loss;
}

describe("policyLoss", () => {
  const one = (ratio: number, advantage: number): number | undefined => {
    const token = { ratio: [ratio], advantages: [advantage], mask: [1] };
    const tensors = inputs(token);
    return evaluate([policyLoss(tensors.ratio, tensors.advantages, tensors.mask, 0.2)], token)[0]?.[0];
  };

  it("is −advantage at ratio 1, and stops rewarding ratios beyond the clip", () => {
    close(one(1, 3), -3, 0);
    close(one(2, 3), -3.6, 1e-12);
    close(one(0.5, -3), 2.4, 1e-12);
  });

  it("goes on punishing a ratio that moved the wrong way", () => {
    close(one(2, -3), 6, 1e-12);
    close(one(0.5, 3), -1.5, 1e-12);
  });

  it("is the larger of TRL's two losses", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 4, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (rho, a) => {
        const clipped = Math.min(Math.max(rho, 0.8), 1.2);
        close(one(rho, a), Math.max(-a * rho, -a * clipped), 1e-12);
      }),
    );
  });
});

describe("valueLoss", () => {
  it("is half the larger squared error of the value and of the value held near the old one", () => {
    const token = { values: [2], oldValues: [1], returns: [3], mask: [1] };
    const t = inputs(token);
    close(evaluate([valueLoss(t.values, t.oldValues, t.returns, t.mask, 0.2)], token)[0]?.[0], 0.5 * 1.8 ** 2, 1e-12);
  });
});

describe("ppoLoss", () => {
  it("has the derivatives that finite differences give", () => {
    for (const wrt of ["logprobs", "values"] as const) checkGradient(lossOf({}), feeds, wrt);
    checkGradient(lossOf({ entropyCoefficient: 0.3 }), feeds, "entropy");
  });

  it("gives padding no gradient", () => {
    const tensors = inputs(feeds);
    const grads = gradients(lossOf({})(tensors), [tensors.logprobs, tensors.values]);
    for (const grad of evaluate(grads, feeds)) assert.equal(Math.abs(grad[5] ?? NaN), 0);
  });

  it("is multiplied by 0, gradient included, when the mean ratio is over the threshold", () => {
    const settings = { ratioThreshold: 1, entropyCoefficient: 0.1 };
    const far = { ...feeds, logprobs: [-1, -2, -0.6, -3, -1.5, 0].map((l) => l + 2) };
    const tensors = inputs(far);
    const loss = lossOf(settings)(tensors);
    const [value, grad] = evaluate([loss, ...gradients(loss, [tensors.logprobs])], far);
    assert.equal(Math.abs(value?.[0] ?? NaN), 0);
    assert(grad?.every((g) => Math.abs(g) === 0));
  });

  it("is multiplied by 0 also where a ratio would overflow", () => {
    const far = { ...feeds, logprobs: [1000, -2, -0.6, -3, -1.5, -9] };
    const tensors = inputs(far);
    const loss = lossOf({})(tensors);
    const [value, grad] = evaluate([loss, ...gradients(loss, [tensors.logprobs])], far);
    assert.equal(Math.abs(value?.[0] ?? NaN), 0);
    assert(grad?.every((g) => Math.abs(g) === 0));
  });

  it("is policy plus coefficient times value, less the entropy bonus", () => {
    const settings = { ...PPO_LOSS_DEFAULTS, valueCoefficient: 0.5, entropyCoefficient: 0.25 };
    const { loss, metrics } = ppoLoss(inputs(feeds), settings);
    const parts = [loss, metrics["loss/policy"], metrics["loss/value"], metrics["policy/entropy"]];
    const [total = NaN, policy = NaN, value = NaN, entropy = NaN] = evaluate(parts, feeds).map(([x]) => x);
    close(total, policy + 0.5 * value - 0.25 * entropy, 1e-12);
    close(entropy, 0.86, 1e-12);
  });

  it("reports every metric as a scalar", () => {
    const { metrics } = ppoLoss(inputs(feeds), PPO_LOSS_DEFAULTS);
    assert.deepEqual(Object.keys(metrics), [...PPO_METRICS]);
    for (const metric of PPO_METRICS) assert.deepEqual(metrics[metric].shape, []);
  });

  it("says whether the minibatch was skipped, by the threshold it is given", () => {
    // The mean ratio of the feeds is 1.074.
    for (const [ratioThreshold, skipped] of [
      [1.07, 1],
      [1.08, 0],
    ] as const) {
      const { metrics } = ppoLoss(inputs(feeds), { ...PPO_LOSS_DEFAULTS, ratioThreshold });
      assert.equal(evaluate([metrics["policy/skipped"]], feeds)[0]?.[0], skipped);
    }
  });

  it("counts the tokens that the clip holds back", () => {
    const { metrics } = ppoLoss(inputs(feeds), PPO_LOSS_DEFAULTS);
    // Ratio e^0.5 with advantage 1 and e^−0.5 with advantage −1; the others are inside or on the punished side.
    close(evaluate([metrics["policy/clipFraction"]], feeds)[0]?.[0], 2 / 5, 1e-12);
  });
});
