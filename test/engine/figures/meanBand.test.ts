import assert from "node:assert/strict";
import fc from "fast-check";
import { studentQuantile, studentTwoSided } from "../../../engine/figures/distributions.ts";
import { meanInterval } from "../../../engine/evaluation/statistics/mean.ts";
import { BAND_DEFINITION, meanBand } from "../../../engine/figures/index.ts";

const close = (actual: number | undefined, expected: number, tolerance = 1e-9): void =>
  assert.ok(
    Math.abs((actual ?? NaN) - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual ?? "none"} ${expected}`,
  );

describe("Student's 95 % quantile", () => {
  it("is that of the tables", () => {
    const tables = { 1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645, 9: 2.26216, 30: 2.04227, 120: 1.97993 };
    for (const [df, t] of Object.entries(tables)) close(studentQuantile(0.95, Number(df)), t, 1e-5);
  });

  it("leaves 5 % outside", () => {
    for (let df = 1; df <= 60; df++) close(studentTwoSided(studentQuantile(0.95, df), df), 0.05, 1e-9);
  });
});

describe("a mean over seeds", () => {
  it("has the interval worked by hand: 1, 2, 3 have s = 1 and t(2) = 4.303", () => {
    const { x, mean, low, high, n } = meanBand([1, 2, 3].map((value) => ({ x: [5], y: [value] })));
    assert.deepEqual([[...x], [...mean], [...n]], [[5], [2], [3]]);
    close(low[0], 2 - 4.302652729911275 / Math.sqrt(3));
    close(high[0], 2 + 4.302652729911275 / Math.sqrt(3));
  });

  it("has that of the evaluation's statistics, place by place", () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 6 }),
        (seeds) => {
          const band = meanBand(seeds.map((y) => ({ x: [0, 1, 2, 3], y })));
          for (const at of band.x) {
            const { estimate, low, high } = meanInterval(seeds.map((y) => y[at] ?? NaN));
            close(band.mean[at], estimate, 1e-6);
            close(band.low[at], low, 1e-6);
            close(band.high[at], high, 1e-6);
          }
        },
      ),
    );
  });

  it("goes over the seeds that got to a place, in the order of places, and has no band where that is one", () => {
    const band = meanBand([
      { x: [1, 2, 3], y: [1, 2, 3] },
      { x: [1, 2], y: [3, NaN] },
      { x: [0], y: [9] },
    ]);
    assert.deepEqual([...band.x], [0, 1, 2, 3]);
    assert.deepEqual([...band.mean], [9, 2, 2, 3]);
    assert.deepEqual([...band.n], [1, 2, 1, 1]);
    assert.deepEqual([...band.low].map(Number.isNaN), [true, false, true, true]);
  });

  it("sorts places by size, not by spelling", () => {
    assert.deepEqual([...meanBand([{ x: [2, 10, 100], y: [1, 1, 1] }]).x], [2, 10, 100]);
  });

  it("says what it is", () => assert.match(BAND_DEFINITION, /95 % Student-t interval/));
});
