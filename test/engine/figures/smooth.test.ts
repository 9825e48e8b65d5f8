import assert from "node:assert/strict";
import fc from "fast-check";
import { smooth } from "../../../engine/figures/index.ts";

// A sum that begins at 0 knows no −0.
const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
const curve = fc.array(finite, { minLength: 1, maxLength: 60 }).map((y) => ({ x: y.map((_, at) => at), y }));

describe("smoothing", () => {
  it("is the debiased average worked by hand: w = √¼ = ½ over one place", () => {
    // 1000 places over a span of 1000: steps of 1, 1 and 2 keep 1/2, 1/2 and 1/4 of the sum before.
    const x = [0, 1, 2, 4];
    const y = [8, 4, 2, 1];
    const range = { min: 0, max: 1000 };
    const sums = [8, 4 + 4, 2 + 4, 1 + 6 / 4];
    const weights = [1, 1.5, 1.75, 1 + 1.75 / 4];
    assert.deepEqual(
      [...smooth({ x, y }, 0.25, range)],
      sums.map((sum, at) => sum / (weights[at] ?? NaN)),
    );
  });

  it("changes nothing with weight 0", () => {
    fc.assert(fc.property(curve, (points) => assert.deepEqual([...smooth(points, 0)], points.y)));
  });

  it("keeps a level curve level from its first point on", () => {
    const y = Array<number>(30).fill(7);
    for (const value of smooth({ x: y.map((_, at) => at ** 2), y }, 0.99)) assert.ok(Math.abs(value - 7) < 1e-12);
  });

  it("stays between the lowest and the highest value so far", () => {
    fc.assert(
      fc.property(curve, fc.double({ min: 0, max: 1, noNaN: true }), (points, weight) => {
        for (const [at, value] of smooth(points, weight).entries()) {
          const before = points.y.slice(0, at + 1);
          const slack = 1e-9 * Math.max(1, ...before.map(Math.abs));
          assert.ok(value >= Math.min(...before) - slack && value <= Math.max(...before) + slack);
        }
      }),
    );
  });

  it("leaves gaps, and goes on after them by the distance to the last point", () => {
    const x = [0, 1, 2];
    const [first, gap, last] = smooth({ x, y: [8, NaN, 2] }, 0.25, { min: 0, max: 1000 });
    assert.equal(first, 8);
    assert.ok(Number.isNaN(gap));
    assert.equal(last, (8 / 4 + 2) / (1 / 4 + 1));
  });

  it("means the same whatever the unit of the axis", () => {
    fc.assert(
      fc.property(curve, ({ x, y }) => {
        const scaled = smooth({ x: x.map((one) => 3 * one + 5), y }, 0.9);
        for (const [at, value] of smooth({ x, y }, 0.9).entries()) {
          assert.ok(Math.abs(value - (scaled[at] ?? NaN)) <= 1e-6 * Math.max(1, Math.abs(value)));
        }
      }),
    );
  });

  it("of nothing is nothing, and of one place does not divide by its width", () => {
    assert.deepEqual([...smooth({ x: [], y: [] }, 0.9)], []);
    assert.deepEqual([...smooth({ x: [3], y: [5] }, 1)], [5]);
  });
});
