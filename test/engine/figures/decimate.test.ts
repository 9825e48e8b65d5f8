import assert from "node:assert/strict";
import fc from "fast-check";
import { decimate } from "../../../engine/figures/index.ts";

const points = (y: readonly number[]): { readonly x: number[]; readonly y: readonly number[] } => ({
  x: y.map((_, at) => at),
  y,
});
const values = fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -99, max: 99 }) }, fc.constant(NaN)), {
  minLength: 1,
  maxLength: 400,
});

describe("a decimated curve", () => {
  it("has first, lowest, highest and last of each column, worked by hand", () => {
    const { x, y } = decimate(points([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), 2);
    // Nine places over two columns: 0–4 and 5–8, and the very end is a column of its own.
    assert.deepEqual([...x], [0, 1, 4, 5, 6, 8, 9]);
    assert.deepEqual([...y], [3, 1, 5, 9, 2, 5, 3]);
  });

  it("is the curve itself where every point has a column", () => {
    fc.assert(
      fc.property(values, (y) => {
        const few = decimate(points(y), 10 * y.length);
        assert.deepEqual([...few.y], y);
      }),
    );
  });

  it("keeps the ends, and every peak to the column, of any curve", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (y, columns) => {
        const few = decimate(points(y), columns);
        const there = y.filter(Number.isFinite);
        assert.equal(few.x[0], 0);
        if (Number.isFinite(y.at(-1))) assert.equal(few.x.at(-1), y.length - 1);
        const kept = [...few.y].filter(Number.isFinite);
        assert.equal(Math.max(...kept), Math.max(...there));
        assert.equal(Math.min(...kept), Math.min(...there));
        assert.deepEqual(
          [...few.x].sort((a, b) => a - b),
          [...few.x],
          "in order",
        );
        for (const [at, place] of few.x.entries()) assert.ok(Object.is(few.y[at], y[place]), "of the curve");
      }),
    );
  });

  it("never joins what a gap divides", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (y, columns) => {
        const few = decimate(points(y), columns);
        for (let at = 1; at < few.x.length; at++) {
          if (!Number.isFinite(few.y[at - 1] ?? NaN) || !Number.isFinite(few.y[at] ?? NaN)) continue;
          const between = y.slice(few.x[at - 1], few.x[at]);
          assert.ok(between.every(Number.isFinite));
        }
      }),
    );
  });

  it("has at most four points a column and a gap's worth more", () => {
    const y = Array.from({ length: 100_000 }, (_, at) => Math.sin(at * at));
    assert.ok(decimate(points(y), 500).x.length <= 4 * 501);
  });

  it("of a stretch has what lies in it and the nearest point on each side", () => {
    const { x } = decimate(points([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 1000, { min: 2.5, max: 5.5 });
    assert.deepEqual([...x], [2, 3, 4, 5, 6]);
  });

  it("of nothing is nothing", () => assert.equal(decimate({ x: [], y: [] }, 100).x.length, 0));
});
