import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Curve } from "../../../engine/tools/curve.ts";
import { chosenCurves, metricsText } from "../../../engine/tools/metricsText.ts";

const curve = (values: readonly number[], metric = "objective/kl"): Curve => ({
  stage: "ppo",
  metric,
  steps: Float64Array.from(values, (_, at) => at + 1),
  values: Float64Array.from(values),
});
const budget = (tokens: number): Parameters<typeof metricsText>[1] => ({
  tokens,
  count: (text) => Promise.resolve(text.length / 3),
});

describe("metrics for a language model", () => {
  it("have unit, first, last, lowest and highest value, and every point where there is room", async () => {
    assert.equal(
      await metricsText([curve([0.5, 0.123456, 9, 2])], budget(1000)),
      [
        "ppo objective/kl (KL to reference, nats per sequence)",
        "4 points; first 0.5 at step 1; last 2 at step 4; min 0.1235 at step 2; max 9 at step 3",
        "step:value 1:0.5 2:0.1235 3:9 4:2",
      ].join("\n"),
    );
  });

  it("say what was not finite", async () => {
    const text = await metricsText([curve([1, NaN, 3])], budget(1000));
    assert.match(text, /3 points; 1 not finite; first 1 at step 1; last 3 at step 3/);
    assert.match(text, /2:not finite/);
  });

  it("stay within the budget, whatever it is, with the peak in numbers", async () => {
    const values = Array.from({ length: 5000 }, (_, at) => (at === 3210 ? 77.7 : Math.sin(at)));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 120, max: 4000 }), async (tokens) => {
        const text = await metricsText([curve(values), curve(values, "objective/score")], budget(tokens));
        assert.ok(text.length / 3 <= tokens);
        assert.match(text, /max 77\.7 at step 3211/);
      }),
      { numRuns: 20 },
    );
  });

  it("keep peaks among the points", async () => {
    const values = Array.from({ length: 5000 }, (_, at) => (at === 3210 ? 77.7 : 1));
    const text = await metricsText([curve(values)], budget(300));
    assert.match(text, /step:value \(\d+ of them, every peak kept\) .*3211:77\.7/);
  });

  it("say how many curves do not fit", async () => {
    const curves = Array.from({ length: 60 }, (_, at) => curve([1, 2, 3], `m/${at}`));
    const text = await metricsText(curves, budget(200));
    assert.ok(text.length / 3 <= 200);
    assert.match(text, /(\d+) more curves do not fit/);
    assert.match(await metricsText(curves, budget(10)), /60 curves do not fit/);
  });
});

describe("the curves that are meant", () => {
  const recorded = {
    "sft-1": { "sft/loss": 30 },
    ppo: { "objective/kl": 60, "objective/score": 60, "loss/policy": 60 },
    salsa: { "objective/kl": 60 },
  };

  it("are the main ones if none are named", () => {
    const { keys, missing } = chosenCurves(recorded, {});
    assert.deepEqual(
      keys.map(({ stage, metric }) => `${stage} ${metric}`),
      ["ppo objective/kl", "ppo objective/score", "salsa objective/kl"],
    );
    assert.deepEqual(missing, []);
  });

  it("are all there are before RLHF has begun", () => {
    const { keys } = chosenCurves({ "sft-1": { "sft/loss": 30 } }, {});
    assert.deepEqual(keys, [{ stage: "sft-1", metric: "sft/loss" }]);
  });

  it("are those named, of the stages named; the rest is named as missing", () => {
    const { keys, missing } = chosenCurves(recorded, {
      metrics: ["objective/kl", "no/such"],
      stages: ["salsa", "nobody"],
    });
    assert.deepEqual(keys, [{ stage: "salsa", metric: "objective/kl" }]);
    assert.deepEqual(missing, ["no/such", "nobody"]);
  });
});
