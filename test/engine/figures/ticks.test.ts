import assert from "node:assert/strict";
import fc from "fast-check";
import { logTicks, ticks, tickText } from "../../../engine/figures/index.ts";

describe("ticks", () => {
  it("are round and inside", () => {
    assert.deepEqual(ticks({ min: 0, max: 1 }, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    assert.deepEqual(ticks({ min: -0.31, max: 0.34 }, 6), [-0.2, 0, 0.2]);
    assert.deepEqual(ticks({ min: 3, max: 57 }, 6), [10, 20, 30, 40, 50]);
    assert.deepEqual(ticks({ min: 0.1, max: 0.4 }, 3), [0.1, 0.2, 0.3, 0.4]);
  });

  it("of any range lie inside, evenly, and are about as many as wanted", () => {
    const end = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        end,
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (min, span, wanted) => {
          const max = min + span;
          const places = ticks({ min, max }, wanted);
          const slack = 1e-6 * Math.max(Math.abs(min), Math.abs(max), span);
          assert.ok(places.length <= wanted + 1, `${places.length} for ${wanted}`);
          for (const one of places) assert.ok(one >= min - slack && one <= max + slack);
        },
      ),
    );
  });

  it("of a single number are that number, and of none none", () => {
    assert.deepEqual(ticks({ min: 3, max: 3 }, 5), [3]);
    assert.deepEqual(ticks({ min: NaN, max: NaN }, 5), []);
  });

  it("of numbers next to the largest and smallest doubles are few and within them", () => {
    const ends = [-Number.MAX_VALUE, -1e300, -1e15, -5e-324, 0, 5e-324, 1e-308, 1, 1e15, 1e300, Number.MAX_VALUE];
    for (const min of ends) {
      for (const max of ends.filter((one) => one > min)) {
        for (const places of [ticks({ min, max }, 5), logTicks({ min, max }, 5)]) {
          assert.ok(places.length <= 25, `${places.length} ticks from ${min} to ${max}`);
          assert.ok(
            places.every((place) => Number.isFinite(place)),
            `${places.join()} from ${min} to ${max}`,
          );
        }
      }
    }
  });

  it("of a log scale are powers of ten, thinned where they are many, with 2 and 5 where they are few", () => {
    assert.deepEqual(logTicks({ min: 0.5, max: 2000 }, 6), [1, 10, 100, 1000]);
    assert.deepEqual(logTicks({ min: 1e-8, max: 1 }, 4), [1e-8, 1e-5, 1e-2]);
    assert.deepEqual(logTicks({ min: 1, max: 20 }, 6), [1, 2, 5, 10, 20]);
    assert.deepEqual(logTicks({ min: 1.1, max: 1.9 }, 4), [1.2, 1.4, 1.6, 1.8]);
    assert.deepEqual(logTicks({ min: 0, max: 1 }, 5), ticks({ min: 0, max: 1 }, 5));
  });

  it("are written short", () => {
    const written = [0, 0.05, -0.5, 1200, 1234567, 2.5e6, 3e9, 3e-5, -2e-7, 1e20, 0.1 + 0.2].map(tickText);
    const expected = ["0", "0.05", "−0.5", "1,200", "1.23457M", "2.5M", "3G", "3e−5", "−2e−7", "1e20", "0.3"];
    assert.deepEqual(written, expected);
  });
});
