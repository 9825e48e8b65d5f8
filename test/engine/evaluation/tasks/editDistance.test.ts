import assert from "node:assert/strict";
import fc from "fast-check";

import { editDistance } from "../../../../engine/evaluation/tasks/editDistance.ts";

const letters = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });

describe("edit distance", () => {
  const worked: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["kitten", "sitting", 3],
    ["abc", "cba", 2],
    ["abcd", "bcd", 1],
  ];
  for (const [from, to, distance] of worked) {
    it(`is ${distance} from "${from}" to "${to}"`, () => {
      assert.equal(editDistance(Array.from(from), Array.from(to)), distance);
    });
  }

  it("is a metric: symmetric, 0 only for equals, and never longer by a detour", () => {
    fc.assert(
      fc.property(letters, letters, letters, (a, b, c) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a.join() === b.join());
        assert(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  it("lies between the difference of the lengths and the longer length", () => {
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const distance = editDistance(a, b);
        assert(distance >= Math.abs(a.length - b.length) && distance <= Math.max(a.length, b.length));
      }),
    );
  });
});
