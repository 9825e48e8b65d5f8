import assert from "node:assert/strict";
import { packCurves } from "../../../engine/server/service/series.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import { readCurves } from "../../../engine/tools/curve.ts";

describe("a packed curve", () => {
  it("is unpacked to what the service packed, with NaN for what was not finite", () => {
    const series = { steps: [1, 2, 5], times: [10, 20, 50], values: [0.1, null, -3e100] };
    const state = { ...emptyRunState("a"), metrics: { ppo: { "objective/kl": series } } };
    const [curve] = readCurves(packCurves(state, [{ stage: "ppo", metric: "objective/kl" }]));
    assert.ok(curve !== undefined);
    const { stage, metric, steps, values } = curve;
    assert.deepEqual([stage, metric, [...steps]], ["ppo", "objective/kl", [1, 2, 5]]);
    assert.deepEqual([...values], [0.1, NaN, -3e100]);
  });

  it("shares its steps and times with curves that were recorded together, and with no others", () => {
    const times = [10, 20];
    const metrics = {
      ppo: {
        "objective/kl": { steps: [1, 2], times, values: [1, 2] },
        "objective/score": { steps: [1, 2], times, values: [3, 4] },
        "objective/gold": { steps: [1, 3], times, values: [5, 6] },
      },
    };
    const keys = Object.keys(metrics.ppo).map((metric) => ({ stage: "ppo", metric }));
    const packed = packCurves({ ...emptyRunState("a"), metrics }, keys);
    assert.deepEqual(
      packed.series.map(({ axis }) => axis),
      [0, 0, 1],
    );
    assert.equal(packed.axes.length, 2);
    assert.deepEqual(
      readCurves(packed).map(({ steps, values }) => [[...steps], [...values]]),
      keys.map(({ metric }) => {
        const { steps, values } = metrics.ppo[metric as keyof typeof metrics.ppo];
        return [steps, values];
      }),
    );
  });
});
