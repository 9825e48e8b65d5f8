import assert from "node:assert/strict";
import * as fc from "fast-check";
import { stretches } from "../../../webview/parts/matches.ts";

describe("hits of a search", () => {
  it("are found in any letters", () => {
    assert.deepEqual(stretches("Night by night", "NIGHT"), [
      { text: "Night", isHit: true },
      { text: " by ", isHit: false },
      { text: "night", isHit: true },
    ]);
  });

  it("take signs as they are", () => {
    assert.deepEqual(stretches("a.c abc", "a.c"), [
      { text: "a.c", isHit: true },
      { text: " abc", isHit: false },
    ]);
  });

  it("add up to the text with what is between them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", maxLength: 3 }), (text, search) => {
        assert.equal(
          stretches(text, search)
            .map((part) => part.text)
            .join(""),
          text,
        );
      }),
    );
  });
});
