import assert from "node:assert/strict";

import { alarms, DETECTORS, type Metrics } from "../../../engine/rl/alarms.ts";

const healthy: Metrics = {
  "objective/kl": 3,
  "rollout/length": 20,
  "policy/entropy": 1.2,
  "policy/ratio": 1,
  "policy/skipped": 0,
};

/** Twelve iterations that drift from the healthy state to this one, linearly. */
const drift = (end: Metrics): Metrics[] =>
  Array.from({ length: 12 }, (_, step) =>
    Object.fromEntries(
      Object.entries(healthy).map(([metric, start]) => [
        metric,
        start + Math.min(step / 8, 1) * ((end[metric] ?? start) - start),
      ]),
    ),
  );

const CASES: Readonly<Record<string, Metrics>> = {
  nonFinite: { "objective/kl": NaN },
  negativeKl: { "objective/kl": -4 },
  lengthCollapse: { "rollout/length": 2, "objective/kl": 0.5 },
  gibberish: { "objective/kl": 80 },
  entropyCollapse: { "policy/entropy": 0.01 },
  // One of eight: its ratio of 40 leaves the mean over the iteration below 6.
  skippedMinibatch: { "policy/ratio": 5.9, "policy/skipped": 1 / 8 },
};

describe("alarms", () => {
  it("stay silent over a healthy run and over no run", () => {
    assert.deepEqual(alarms(drift({ "objective/kl": 6, "rollout/length": 15 })), []);
    assert.deepEqual(alarms([]), []);
  });

  for (const { name } of DETECTORS) {
    it(`ring for ${name}, and say what to do`, () => {
      const raised = alarms(drift(CASES[name] ?? {}));
      assert.deepEqual(
        raised.map((alarm) => alarm.name),
        [name],
      );
      assert.match(raised[0]?.message ?? "", /: /);
    });
  }

  it("ring when entropy doubles although KL is moderate", () => {
    assert.deepEqual(
      alarms(drift({ "policy/entropy": 4 })).map((alarm) => alarm.name),
      ["gibberish"],
    );
  });

  it("wait with trends until the history has two windows", () => {
    assert.deepEqual(alarms(drift({ "rollout/length": 4 }).slice(5)), []);
  });
});
