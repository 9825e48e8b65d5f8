import assert from "node:assert/strict";
import * as fc from "fast-check";
import { sortedJson } from "../../../extension/commands/sortedJson.ts";

describe("JSON with sorted keys", () => {
  it("sorts all the way down, and keeps the order of lists", () => {
    assert.equal(
      sortedJson({ b: [{ d: 1, c: 2 }, 0], a: null }),
      '{\n  "a": null,\n  "b": [\n    {\n      "c": 2,\n      "d": 1\n    },\n    0\n  ]\n}\n',
    );
  });

  it("says what the value says", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        assert.deepEqual(JSON.parse(sortedJson(value)), plain);
      }),
    );
  });

  it("is the same for keys in any order", () => {
    assert.equal(sortedJson({ a: 1, b: 2 }), sortedJson({ b: 2, a: 1 }));
  });
});
