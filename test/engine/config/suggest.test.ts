import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, suggest } from "../../../engine/config/suggest.ts";

const word = fc.string({ maxLength: 12 });

describe("editDistance", () => {
  it("counts insertions, deletions, substitutions and swaps", () => {
    assert.deepEqual(
      [
        ["beta", "bta"],
        ["beta", "betaa"],
        ["beta", "zeta"],
        ["beta", "btea"],
        ["kitten", "sitting"],
        ["", "abc"],
      ].map(([a = "", b = ""]) => editDistance(a, b)),
      [1, 1, 1, 1, 3, 3],
    );
  });

  it("is symmetric, 0 only for equal words, and at most the longer word's length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance <= Math.max(a.length, b.length));
      }),
    );
  });
});

describe("suggest", () => {
  it("names all that are equally near, and nothing that is far", () => {
    assert.deepEqual(suggest("topX", ["topK", "topP", "beta"]), ["topK", "topP"]);
    assert.deepEqual(suggest("lambda", ["gamma", "beta"]), []);
  });

  it("does not mind the case", () => {
    assert.deepEqual(suggest("KLKIND", ["klKind"]), ["klKind"]);
  });
});
