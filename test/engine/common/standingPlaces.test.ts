import assert from "node:assert/strict";
import * as fc from "fast-check";
import { StandingPlaces } from "../../../engine/common/standingPlaces.ts";

describe("places that stand", () => {
  it("are the order's at first, and stay while the order changes, until the reader asks for it", () => {
    const places = new StandingPlaces<string>((key) => key);
    assert.deepEqual(places.arrange(["a", "b", "c"]), ["a", "b", "c"]);
    assert.deepEqual(places.arrange(["c", "x", "a", "b"]), ["x", "a", "b", "c"], "x is before a in the order");
    assert.deepEqual(places.arrange(["c", "a", "y"]), ["a", "c", "y"], "b and x are gone");
    places.reset();
    assert.deepEqual(places.arrange(["c", "a", "y"]), ["c", "a", "y"]);
  });

  it("hold every item once, and those of before in their order", () => {
    const items = fc.uniqueArray(fc.nat(40).map(String));
    fc.assert(
      fc.property(items, items, (before, after) => {
        const places = new StandingPlaces<string>((key) => key);
        places.arrange(before);
        const list = places.arrange(after);
        assert.deepEqual([...list].sort(), [...after].sort());
        const stayed = (keys: readonly string[]): readonly string[] =>
          keys.filter((key) => before.includes(key) && after.includes(key));
        assert.deepEqual(stayed(list), stayed(before));
      }),
    );
  });
});
