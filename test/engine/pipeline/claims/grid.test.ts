import assert from "node:assert/strict";
import fc from "fast-check";
import { isInside, widened } from "../../../../engine/pipeline/claims/grid.ts";
import { wallSeconds } from "../../../../engine/pipeline/claims/plan.ts";

describe("a list of β", () => {
  it("gets another beyond the end where the best is, in the proportion of the last two", () => {
    assert.deepEqual(widened([0.1, 0.2, 0.4], 0.1), [0.05, 0.1, 0.2, 0.4]);
    assert.deepEqual(widened([0.1, 0.2, 0.8], 0.8), [0.1, 0.2, 0.8, 3.2]);
    assert.deepEqual(widened([0.4, 0.1], 0.4), [0.1, 0.4, 1.6]);
  });

  it("stays as it is, in order, where the best is inside", () => {
    assert.deepEqual(widened([0.4, 0.1, 0.2], 0.2), [0.1, 0.2, 0.4]);
  });

  it("has nothing below 0", () => {
    assert.equal(isInside([0, 0.1], 0), true);
    assert.deepEqual(widened([0, 0.1], 0), [0, 0.1]);
    assert.deepEqual(widened([0, 0.1], 0.1), [0, 0.1, 0.2]);
    assert.deepEqual(widened([0], 0), [0, 1]);
  });

  it("has its best inside after one widening, and nothing that it had is lost", () => {
    const betas = fc.uniqueArray(fc.double({ min: 1e-4, max: 100, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(betas, fc.nat(), (list, at) => {
        const best = list[at % list.length] ?? NaN;
        const wider = widened(list, best);
        assert.ok(list.every((beta) => wider.includes(beta)));
        assert.ok(isInside(wider, best), `${wider.join()} around ${best}`);
        assert.equal(wider.length, list.length + (isInside(list, best) ? 0 : 1));
      }),
    );
  });
});

describe("the time that several processes take", () => {
  it("is that of the busiest", () => {
    assert.equal(wallSeconds([10, 10, 10], 2), 20);
    assert.equal(wallSeconds([1, 2, 3, 4], 2), 5);
    assert.equal(wallSeconds([5], 4), 5);
    assert.equal(wallSeconds([], 2), 0);
  });
});
