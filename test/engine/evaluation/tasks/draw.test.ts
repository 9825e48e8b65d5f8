import assert from "node:assert/strict";

import { drawByZipf, drawFrom, drawInteger } from "../../../../engine/evaluation/tasks/draw.ts";
import { seeded } from "./random.ts";

const fixed = (value: number): { uniform: () => number } => ({ uniform: () => value });

describe("draws of a task", () => {
  it("takes the k-th of three by Zipf with weights 6/11, 3/11 and 2/11", () => {
    const at = (value: number): string => drawByZipf(["a", "b", "c"], fixed(value));
    assert.deepEqual([0, 5.9 / 11, 6.1 / 11, 8.9 / 11, 9.1 / 11, 1 - 2 ** -24].map(at), ["a", "a", "b", "b", "c", "c"]);
  });

  it("covers every integer below n and no other", () => {
    const rng = seeded(1);
    const drawn = new Set(Array.from({ length: 200 }, () => drawInteger(5, rng)));
    assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4]);
  });

  it("refuses to draw from nothing", () => {
    assert.throws(() => drawFrom([], fixed(0)), /no item 0 among 0/);
    assert.throws(() => drawByZipf([], fixed(0)), RangeError);
  });
});
