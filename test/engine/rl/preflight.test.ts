import assert from "node:assert/strict";

import { checkFirstRatio, checkRatio, checkSelfKl, PreflightError } from "../../../engine/rl/preflight.ts";

const shape = { B: 2, R: 3 };
const mask = Float32Array.of(1, 1, 0, 1, 1, 1);
const training = Float32Array.of(-1, -2, 0, -0.5, -1.5, -3);
const facts = { temperature: 1, trainingTemperature: 1, topK: 0, topP: 1 };
const batch = { sampled: training, training, mask, leftPadding: [0, 4] };

/** Sampled log-probs moved by these nats. */
const moved = (...by: number[]): typeof batch => ({
  ...batch,
  sampled: training.map((l, at) => l + (by[at] ?? 0)),
});

const refuses = (run: () => void, cause: RegExp): void => {
  assert.throws(run, (error) => error instanceof PreflightError && cause.test(error.message));
};

describe("checkRatio", () => {
  it("accepts rounding, and anything in the padding", () => {
    checkRatio(moved(1e-5, -1e-5, NaN, 0, 2e-5), shape, facts);
  });

  it("names truncated sampling and its remedy", () => {
    const bad = moved(0.3, 0.1, 0, 0.2);
    refuses(() => {
      checkRatio(bad, shape, { ...facts, topK: 50, topP: 0.9 });
    }, /topK 50 and topP 0\.9 truncates.*set topK 0 and topP 1/);
    refuses(() => {
      checkRatio(bad, shape, facts);
    }, /as if the sampled distribution were cut/);
  });

  it("names a temperature that differs", () => {
    const bad = moved(0.3, -0.1, 0, 0.2);
    refuses(() => {
      checkRatio(bad, shape, { ...facts, temperature: 0.7 });
    }, /temperatures differ: 0\.7 when sampling, 1 when training/);
    refuses(() => {
      checkRatio(bad, shape, { ...facts, temperature: 0 });
    }, /sampling is greedy/);
  });

  it("names padding when only padded rows differ", () => {
    refuses(() => {
      checkRatio(moved(0, 0, 0, -0.2, 0.4), shape, facts);
    }, /all 1 rows that differ are left-padded/);
  });

  it("says by how much the log-probs differ", () => {
    refuses(() => {
      checkRatio(moved(0.5, -0.25), shape, facts);
    }, /differ by up to 0\.500 nats.*both signs/);
  });

  it("counts log-probs that are not finite", () => {
    refuses(() => {
      checkRatio(moved(NaN, 0, 0, Infinity), shape, facts);
    }, /2 of 5 response tokens/);
  });
});

describe("checkSelfKl", () => {
  it("accepts 0 and refuses more, with the amount", () => {
    checkSelfKl(training, training, mask);
    const reference = training.map((l) => l - 0.25);
    refuses(() => {
      checkSelfKl(training, reference, mask);
    }, /KL of the policy to itself is 0\.250 nats per token/);
    refuses(() => {
      checkSelfKl(training, reference.fill(NaN), mask);
    }, /is not finite/);
  });
});

describe("checkFirstRatio", () => {
  it("accepts rounding and refuses more, not a number included", () => {
    checkFirstRatio(1 - 1e-5);
    for (const ratio of [1.01, 0.9, NaN]) {
      refuses(() => {
        checkFirstRatio(ratio);
      }, /first minibatch is .* where 1 is expected; .*runtime\.backend/);
    }
  });
});
