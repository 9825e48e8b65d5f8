import assert from "node:assert/strict";
import type { Curve } from "../../../webview/model.ts";
import { nearest, prepare, PreparedCache } from "../../../webview/plots/prepared.ts";

function curveOf(steps: readonly number[], values: readonly number[], begin = 1000, pace = 1000): Curve {
  return {
    steps: Float64Array.from(steps),
    times: Float64Array.from(steps, (_, at) => begin + at * pace),
    values: Float64Array.from(values),
  };
}

const AS_RECORDED = { axis: "step", smoothing: 0 } as const;

describe("prepare", () => {
  it("draws one curve as recorded", () => {
    const curve = curveOf([1, 2, 3], [5, NaN, 7]);
    const { main, raw, low, n } = prepare([curve], AS_RECORDED);
    assert.deepEqual(main, { x: curve.steps, y: curve.values });
    assert.deepEqual([raw, low, n], [undefined, undefined, 1]);
  });

  it("keeps the curve as recorded beside the smoothed one", () => {
    const curve = curveOf([1, 2, 3, 4], [0, 10, 0, 10]);
    const { main, raw } = prepare([curve], { axis: "step", smoothing: 0.9 });
    assert.deepEqual(raw?.y, curve.values);
    const spread = (y: ArrayLike<number>): number => Math.max(...Array.from(y)) - Math.min(...Array.from(y));
    assert.ok(spread(main.y) < spread(curve.values));
  });

  it("averages seeds step by step, with the range of so few", () => {
    const { main, low, high, n } = prepare([curveOf([1, 2], [1, 4]), curveOf([1, 2, 3], [3, 4, 9])], AS_RECORDED);
    assert.deepEqual([...Array.from(main.x)], [1, 2, 3]);
    assert.deepEqual([...Array.from(main.y)], [2, 4, 9]);
    assert.deepEqual([low?.y[0], high?.y[0]], [1, 3]);
    assert.equal(high?.y[1], 4);
    assert.ok(Number.isNaN(high.y[2]));
    assert.equal(n, 2);
  });

  it("cuts the interval of four seeds to what the metric can be", () => {
    const curves = [0, 0, 0, 8].map((value) => curveOf([1], [value]));
    // By hand: s = 4, n = 4, t(3) = 3.182: 2 ± 6.36.
    const { low, high } = prepare(curves, { ...AS_RECORDED, bounds: { min: 0 } });
    assert.equal(low?.y[0], 0);
    assert.ok(Math.abs((high?.y[0] ?? NaN) - 8.3649) < 1e-3);
  });

  it("has the interval that a single curve's metric has of its own, once both of its ends are there", () => {
    const [curve, low, high] = [
      [0.5, 0.6],
      [0.4, 0.5],
      [0.6, 0.8],
    ].map((values) => curveOf([2, 4], values));
    assert.ok(curve !== undefined && low !== undefined && high !== undefined);
    const prepared = prepare([curve], { axis: "relative", smoothing: 0.9 }, { low, high });
    assert.deepEqual(prepared.low, { x: Float64Array.of(0, 1), y: low.values });
    assert.deepEqual(prepared.high?.y, high.values);
    const early = prepare([curve], AS_RECORDED, { low: curveOf([2], [0.4]), high });
    assert.equal(early.low, undefined);
  });

  it("counts relative time from the curve's own beginning, in seconds", () => {
    const { main } = prepare([curveOf([5, 6], [1, 1], 50_000, 2000)], { axis: "relative", smoothing: 0 });
    assert.deepEqual(Array.from(main.x), [0, 2]);
  });

  it("puts a step of several seeds at the mean time at which they were there, and never runs back", () => {
    const slow = curveOf([1, 2], [1, 1], 0, 10_000);
    const fast = curveOf([1, 2, 3], [1, 1, 1], 0, 2000);
    const { main } = prepare([slow, fast], { axis: "relative", smoothing: 0 });
    // Step 3 was reached after 4 s, by the fast one alone: before the mean time of step 2.
    assert.deepEqual(Array.from(main.x), [0, 6, 6]);
  });
});

describe("PreparedCache", () => {
  it("gives the same object until curves or settings change", () => {
    const cache = new PreparedCache();
    const curve = curveOf([1, 2], [3, 4]);
    const first = cache.get("ppo", [curve], AS_RECORDED);
    assert.equal(cache.get("ppo", [curve], { ...AS_RECORDED }), first);
    assert.notEqual(cache.get("ppo", [curve], { axis: "step", smoothing: 0.5 }), first);
    assert.notEqual(cache.get("ppo", [curveOf([1, 2], [3, 4])], AS_RECORDED), first);
  });
});

describe("nearest", () => {
  it("is the index of the point nearest to a place", () => {
    const points = { x: [0, 10, 20], y: [0, 0, 0] };
    assert.deepEqual(
      [-5, 4, 6, 14, 99].map((place) => nearest(points, place)),
      [0, 0, 1, 1, 2],
    );
    assert.equal(nearest({ x: [], y: [] }, 3), -1);
  });
});
