import assert from "node:assert/strict";
import { describeMetric, METRICS } from "../../../engine/protocol/catalogue.ts";
import { PPO_METRICS } from "../../../engine/rl/ppoLoss.ts";
import { ROLLOUT_METRICS } from "../../../engine/rl/rolloutStatistics.ts";

describe("the metric catalogue", () => {
  it("names every metric once", () => {
    const names = METRICS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  for (const name of [...ROLLOUT_METRICS, ...PPO_METRICS]) {
    it(`knows ${name}, which PPO records`, () => {
      assert.ok(METRICS.some((entry) => entry.name === name));
    });
  }

  for (const { name, label, description } of METRICS) {
    it(`says what ${name} is`, () => {
      assert.match(name, /^[a-z]+\/[a-zA-Z]+$/);
      assert.ok(label.length > 2 && description.length > 2);
    });
  }

  it("lets a metric it does not know stand for itself", () => {
    assert.deepEqual(describeMetric("my/metric"), {
      name: "my/metric",
      label: "my/metric",
      unit: "",
      description: "",
      source: "",
    });
  });
});
