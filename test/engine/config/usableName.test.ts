import assert from "node:assert/strict";
import { MOST_LETTERS, USABLE_NAME, usableFileName, usableName } from "../../../engine/config/usableName.ts";

/** Most bytes of a name that file systems take, less what is added to names of models. */
const MOST_BYTES = 255 - 50;

describe("usable names", () => {
  for (const name of ["salsa", "sft-1", "3.salsa_b", "überlegt", "スープ", "запуск-2", "हिन्दी", "𠮷野家"]) {
    it(`have letters of any language: ${name}`, () => {
      assert.match(name, USABLE_NAME);
      assert.equal(usableName(name), name);
      assert.equal(usableFileName(name), name);
    });
  }

  for (const name of [
    "",
    "a b",
    "../x",
    "-x",
    ".x",
    "_x",
    "a/b",
    "a\\b",
    "a\nb",
    "a\u202eb",
    "a\u200bb",
    "🙂",
    "a\0",
  ]) {
    it(`are no ways out of a folder, and have nothing that cannot be seen: ${JSON.stringify(name)}`, () => {
      assert.doesNotMatch(name, USABLE_NAME);
    });
  }

  it("fit in a file's name with what is added to them", () => {
    for (const letter of ["a", "é", "語", "𠮷"]) {
      const longest = usableName(letter.repeat(300));
      assert.match(longest, USABLE_NAME);
      // That of English letters alone is a rule of its own, with its own message.
      if (letter === "a") assert.equal(longest.length, MOST_LETTERS);
      else assert.doesNotMatch(longest + letter, USABLE_NAME);
      assert.ok(Buffer.byteLength(longest) <= MOST_BYTES, letter);
      assert.ok(Buffer.byteLength(usableFileName(letter.repeat(300))) <= MOST_BYTES, letter);
    }
  });

  it("are what comes closest to any other text", () => {
    assert.equal(usableName("  my run / überlegt "), "my-run-überlegt");
    assert.equal(usableName("u\u0308ber"), "über", "composed, as file systems list it");
    assert.equal(usableName("🙂"), "");
    assert.equal(usableFileName("meta/Llama 3"), "meta_Llama_3");
    assert.equal(usableFileName(".."), "unnamed");
  });

  it("tell files of long names apart by their ends", () => {
    for (const letter of ["a", "語"]) {
      const [one, other] = ["1", "2"].map((number) => usableFileName(`${letter.repeat(100)}-${number}`));
      assert.notEqual(one, other);
      assert.match(String(one), /-1$/);
    }
  });
});
