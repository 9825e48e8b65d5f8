import assert from "node:assert/strict";
import { valueRange } from "../../../webview/plots/range.ts";
import { moved, zoomAround } from "../../../webview/plots/shared.ts";

const PLAIN = { isLog: false, isClipped: false };

describe("valueRange", () => {
  it("shows all values with a margin", () => {
    const { min, max } = valueRange(
      [
        [0, 10],
        [5, NaN, 20],
      ],
      PLAIN,
    );
    assert.ok(min < 0 && min > -2 && max > 20 && max < 22);
  });

  it("puts a constant into the middle", () => {
    assert.deepEqual(valueRange([[4, 4]], PLAIN), { min: 2, max: 6 });
    assert.deepEqual(valueRange([[0]], PLAIN), { min: -0.5, max: 0.5 });
  });

  it("leaves what a logarithm cannot show out of its scale", () => {
    const { min, max } = valueRange([[-5, 0, 0.1, 100]], { isLog: true, isClipped: false });
    assert.ok(min > 0 && min < 0.1 && max > 100);
  });

  it("leaves outliers out of sight when they are clipped", () => {
    const values = [...Array.from({ length: 200 }, (_, at) => at / 200), 1e6];
    assert.ok(valueRange([values], { isLog: false, isClipped: true }).max < 2);
    assert.ok(valueRange([values], PLAIN).max > 1e6);
  });

  it("has a range for nothing", () => {
    assert.deepEqual(valueRange([[NaN], []], PLAIN), { min: 0, max: 1 });
  });
});

const WHOLE = { min: 0, max: 100 };

describe("zoomAround", () => {
  it("keeps the place where it is", () => {
    assert.deepEqual(zoomAround(WHOLE, 20, 0.5, WHOLE), { min: 10, max: 60 });
  });

  it("does not go beyond what there is, and ends with all of it", () => {
    assert.deepEqual(zoomAround({ min: 0, max: 40 }, 40, 2, WHOLE), { min: 0, max: 80 });
    assert.equal(zoomAround({ min: 0, max: 60 }, 0, 2, WHOLE), undefined);
  });

  it("ends where there is nothing more to tell apart", () => {
    let range = { min: 0, max: 100 };
    for (let times = 0; times < 100; times++) range = zoomAround(range, 50, 0.5, WHOLE) ?? WHOLE;
    assert.ok(range.min < 50 && range.max > 50);
    assert.ok(range.max - range.min >= 0.9e-4);
  });
});

describe("moved", () => {
  it("moves a stretch without changing its length, up to the ends", () => {
    assert.deepEqual(moved({ min: 10, max: 30 }, 5, WHOLE), { min: 15, max: 35 });
    assert.deepEqual(moved({ min: 10, max: 30 }, -50, WHOLE), { min: 0, max: 20 });
    assert.deepEqual(moved({ min: 10, max: 30 }, 500, WHOLE), { min: 80, max: 100 });
  });
});
