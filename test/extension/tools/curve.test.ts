import assert from "node:assert/strict";
import { packSeries } from "../../../engine/server/service/series.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import { readCurve } from "../../../extension/tools/curve.ts";

describe("a packed curve", () => {
  it("is unpacked to what the service packed, with NaN for what was not finite", () => {
    const series = { steps: [1, 2, 5], times: [10, 20, 50], values: [0.1, null, -3e100] };
    const state = { ...emptyRunState("a"), metrics: { ppo: { "objective/kl": series } } };
    const [packed] = packSeries(state, [{ stage: "ppo", metric: "objective/kl" }]);
    assert.ok(packed !== undefined);
    const { stage, metric, steps, values } = readCurve(packed);
    assert.deepEqual([stage, metric, [...steps]], ["ppo", "objective/kl", [1, 2, 5]]);
    assert.deepEqual([...values], [0.1, NaN, -3e100]);
  });
});
