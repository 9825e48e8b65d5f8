import assert from "node:assert/strict";
import { describeMetric, METRICS, referenceKl } from "../../../engine/protocol/catalogue.ts";
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
      assert.doesNotMatch(description, /^(What|Whether|Who)\b/, "a description opens with a noun or a verb");
    });
  }

  it("knows the KL to each of several references by the reference's name", () => {
    const entry = describeMetric(referenceKl("sft-1"));
    assert.deepEqual([entry.name, entry.label, entry.unit], ["objective/kl/sft-1", "KL to sft-1", "nats per sequence"]);
    assert.match(entry.description, /sft-1/);
    assert.equal(describeMetric("objective/kl/").description, "");
  });

  it("says which tokens are counted, and in what they are measured", () => {
    const { description, unit } = describeMetric("throughput/tokensPerSecond");
    assert.match(description, /prompts and responses without padding/);
    assert.match(description, /each counted once/);
    assert.equal(unit, "tokens per second");
    assert.equal(describeMetric("process/memory").unit, "MiB");
  });

  it("says between what a metric can be, where it cannot be anything", () => {
    assert.deepEqual(describeMetric("reward/accuracy").bounds, { min: 0, max: 1 });
    assert.deepEqual(describeMetric("rollout/length").bounds, { min: 0 });
    assert.deepEqual(describeMetric("value/explainedVariance").bounds, { max: 1 });
    for (const { name, unit } of METRICS) {
      if (unit === "share") assert.equal(describeMetric(name).bounds?.max, 1, name);
    }
    // Its estimate from samples can be below 0.
    assert.equal(describeMetric("objective/kl").bounds, undefined);
  });

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
