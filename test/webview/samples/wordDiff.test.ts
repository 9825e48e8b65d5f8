import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Piece, wordDiff } from "../../../webview/samples/wordDiff.ts";

describe("differences by words", () => {
  it("marks what either text has for itself", () => {
    assert.deepEqual(wordDiff("home night river thanks", "home river music thanks"), {
      left: [same("home "), changed("night "), same("river thanks")],
      right: [same("home river"), changed(" music"), same(" thanks")],
    });
  });

  it("finds none between equal texts", () => {
    assert.deepEqual(wordDiff("day, city!", "day, city!"), { left: [same("day, city!")], right: [same("day, city!")] });
  });

  it("joins changed words over the space between them", () => {
    assert.deepEqual(wordDiff("a b c", "x y c").left, [changed("a b"), same(" c")]);
  });

  it("tells a sign from the word before it", () => {
    assert.deepEqual(wordDiff("city.", "city").left, [same("city"), changed(".")]);
  });

  it("takes long texts with nothing in common as different, without a table of all words", () => {
    const long = (word: string): string => Array.from({ length: 5000 }, (_, index) => `${word}${index}`).join(" ");
    assert.equal(wordDiff(long("a"), long("b")).left.at(-1)?.isChanged, true);
  });

  it("keeps both texts, and what is not marked is in both", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", " ", ".", "\n"), { maxLength: 30 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (one, other) => {
        const { left, right } = wordDiff(one, other);
        assert.equal(textOf(left), one);
        assert.equal(textOf(right), other);
        const kept = (pieces: readonly Piece[]): string =>
          textOf(pieces.filter(({ isChanged }) => !isChanged)).replace(/\s/g, "");
        assert.equal(kept(left), kept(right));
      }),
    );
  });
});

function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join("");
}

function same(text: string): Piece {
  return { text, isChanged: false };
}

function changed(text: string): Piece {
  return { text, isChanged: true };
}
