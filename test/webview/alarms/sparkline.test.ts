import assert from "node:assert/strict";
import { sparkline } from "../../../webview/alarms/sparkline.ts";

const BOX = { width: 106, height: 46 };

describe("a curve around an alarm", () => {
  it("fills its box, with the last value up to the alarm marked", () => {
    const curve = { steps: Float64Array.of(0, 10, 20), values: Float64Array.of(1, 2, 3) };
    const spark = sparkline(curve, 12, BOX);
    assert.deepEqual(spark, {
      path: "M3.0 43.0L53.0 23.0L103.0 3.0",
      x: 63,
      y: 23,
      value: 2,
      least: 1,
      most: 3,
      first: 0,
      last: 20,
    });
  });

  it("shows thirty steps either way", () => {
    const steps = Float64Array.from({ length: 200 }, (_, index) => index);
    const spark = sparkline({ steps, values: steps }, 100, BOX);
    assert.deepEqual([spark?.first, spark?.last], [70, 130]);
  });

  it("has a gap where a value is no number, which is no place to mark", () => {
    const curve = { steps: Float64Array.of(0, 1, 2, 3, 4), values: Float64Array.of(1, 2, NaN, 2, 1) };
    const spark = sparkline(curve, 2, BOX);
    assert.equal(spark?.path.match(/M/g)?.length, 2);
    assert.equal(spark.value, undefined);
  });

  it("lies in the middle when nothing changes", () => {
    const spark = sparkline({ steps: Float64Array.of(0, 1), values: Float64Array.of(5, 5) }, 1, BOX);
    assert.equal(spark?.y, 23);
  });

  it("is not there without two points", () => {
    assert.equal(sparkline({ steps: Float64Array.of(500), values: Float64Array.of(1) }, 500, BOX), undefined);
    assert.equal(sparkline({ steps: Float64Array.of(0, 1), values: Float64Array.of(1, 1) }, 500, BOX), undefined);
  });
});
