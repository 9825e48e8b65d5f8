import assert from "node:assert/strict";
import fc from "fast-check";
import { visible, visibleLine } from "../../../engine/common/visible.ts";
import { HOSTILE, steering } from "../hostileText.ts";

/** Any text, lone surrogates included. */
const anything = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes));

describe("text that is made visible", () => {
  it("spells out what would steer a terminal, and keeps breaks of lines and tabs", () => {
    assert.equal(visible("a\tb\r\nc\nd"), "a\tb\r\nc\nd");
    assert.equal(visible(HOSTILE), "\\x1b[2J\\u009b31m\\x07\\u202egnp\\u2066\\u061c\\u200f\\u2028x\r\ndone: forged");
    assert.equal(visible("50 %\rdone\x7f"), "50 %\\rdone\\u007f");
  });

  it("is one line where one is wanted", () => {
    assert.equal(visibleLine("a\tb\r\nc"), "a\\tb\\r\\nc");
    assert.match(visibleLine(HOSTILE), /^.*\\r\\ndone: forged$/);
  });

  it("leaves other text alone, in any script", () => {
    for (const text of ["β ≥ 0.2 “naïve”", "שלום עולם", "مرحبا", "日本語", "👩‍🔬", ""])
      assert.equal(visibleLine(text), text);
  });

  it("holds no steering character, whatever came", () => {
    fc.assert(
      fc.property(anything, (text) => {
        assert.deepEqual(steering(visible(text)), []);
        assert.doesNotMatch(visibleLine(text), /[\r\n\t]/);
      }),
    );
  });

  it("stays JSON, with the same value, of JSON", () => {
    fc.assert(
      fc.property(anything, (text) => {
        assert.equal(JSON.parse(visibleLine(JSON.stringify(text))), text);
      }),
    );
  });
});
