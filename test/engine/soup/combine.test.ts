import assert from "node:assert/strict";
import fc from "fast-check";
import { combine } from "../../../engine/soup/combine.ts";
import { SoupError } from "../../../engine/soup/recipe.ts";

describe("combine", () => {
  it("is the weighted sum of every element", () => {
    const models = [Float32Array.of(1, 2), Float32Array.of(3, -4)];
    assert.deepEqual([...combine(models, [0.5, 0.5])], [2, -1]);
    assert.deepEqual([...combine(models, [1.5, -0.5])], [0, 5]);
  });

  it("rounds to f32 after every product and sum", () => {
    const property = fc.property(fc.float(), fc.float(), fc.float(), fc.float(), (a, b, x, y) => {
      const expected = Math.fround(Math.fround(a * x) + Math.fround(b * y));
      assert.deepEqual(combine([Float32Array.of(x), Float32Array.of(y)], [a, b])[0], expected);
    });
    fc.assert(property);
  });

  it("refuses models and weights that do not pair up", () => {
    assert.throws(() => combine([Float32Array.of(1)], [1, 0]), /2 weights for 1 models/);
    assert.throws(() => combine([], []), SoupError);
    assert.throws(
      () => combine([Float32Array.of(1), new Float32Array(2)], [1, 0]),
      /model 1 has 2 elements, the first 1/,
    );
  });
});
