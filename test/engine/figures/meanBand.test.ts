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
  it("has the interval worked by hand: 1, 1, 3, 3 have s² = 4/3 and t(3) = 3.182", () => {
    const { x, mean, low, high, n } = meanBand([1, 1, 3, 3].map((value) => ({ x: [5], y: [value] })));
    assert.deepEqual([[...x], [...mean], [...n]], [[5], [2], [4]]);
    close(low[0], 2 - 3.182446305284263 * Math.sqrt(4 / 3 / 4));
    close(high[0], 2 + 3.182446305284263 * Math.sqrt(4 / 3 / 4));
  });

  it("has the seeds' own range where fewer than four got to a place", () => {
    // Student's interval of 0.4 and 0.6 would be −0.77 to 1.77.
    const band = meanBand([0.4, 0.6].map((value) => ({ x: [0, 1], y: [value, 2 * value] })));
    assert.deepEqual(
      [[...band.low], [...band.mean], [...band.high]],
      [
        [0.4, 0.8],
        [0.5, 1],
        [0.6, 1.2],
      ],
    );
    const ending = meanBand([1, 2, 3, 4].map((value, at) => ({ x: at === 0 ? [0] : [0, 1], y: [value, value] })));
    assert.ok((ending.low[0] ?? 0) < 1 && (ending.high[0] ?? 0) > 4);
    assert.deepEqual([ending.low[1], ending.high[1]], [2, 4]);
  });

  it("is cut to what the metric can be", () => {
    const shares = [0.1, 0.9, 0.95, 1].map((value) => ({ x: [0], y: [value] }));
    const open = meanBand(shares);
    assert.ok((open.low[0] ?? 0) < 0.1 && (open.high[0] ?? 0) > 1);
    const cut = meanBand(shares, { min: 0, max: 1 });
    assert.deepEqual([cut.low[0], cut.mean[0], cut.high[0]], [open.low[0], open.mean[0], 1]);
    assert.equal(meanBand(shares, { min: 0.2 }).low[0], 0.2);
  });

  it("never turns over: a mean beyond its bounds stays within the band", () => {
    const value = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 6 }), (values) => {
        const { low, mean, high } = meanBand(
          values.map((y) => ({ x: [0], y: [y] })),
          { min: 0, max: 1 },
        );
        const [l = NaN, m = NaN, h = NaN] = [low[0], mean[0], high[0]];
        assert.ok(l <= m + 1e-9 && m <= h + 1e-9);
      }),
    );
  });

  it("has that of the evaluation's statistics, place by place", () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 4, maxLength: 8 }),
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

  it("says what it is", () =>
    assert.match(BAND_DEFINITION, /from n = 4 on the 95 % Student-t interval.*2 or 3.*range/));
});
