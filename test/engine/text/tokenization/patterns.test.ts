import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { matching, patternAt } from "../../../../engine/text/tokenization/patterns.ts";
import { spansOf } from "../../../../engine/text/tokenization/splitting.ts";

/** In Oniguruma, `{2,}+` repeats what repeats. */
const MADE_UP = "(?>a|ab)c|z++z|\\d{2,}+|(?i)ñ|É";
/** Patterns of tokenizers that are published: those of the golden files, and of o200k and DeepSeek. */
const GOLDEN = readFileSync(join(import.meta.dirname, "../../../golden/tokenizers/golden.json"), "utf8");
const PUBLISHED = [
  ...[...GOLDEN.matchAll(/"Regex":\s*("(?:[^"\\]|\\.)*")/g)].map(([, text = ""]) => JSON.parse(text) as string),
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "[!-/:-@\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "(?=(?:\\d{3})+(?!\\d))",
];

/** True if matching a pattern is cut off after some time: it then runs by a script. */
function isTimed(Regex: string): boolean {
  return matching(patternAt({ Regex }, "pattern"), () => (new Error().stack ?? "").includes("evalmachine"));
}

describe("patterns of a tokenizer.json that may backtrack without end", function () {
  this.timeout(60_000);

  it("are those that repeat what repeats or has alternatives, or have many repetitions in a row", () => {
    for (const Regex of [
      "(a+)+b",
      "(?:a*)*",
      "(a|aa)+b",
      "(?:a{1,9})+b",
      "((ab?)c?)*d",
      "a*a*a*a*b",
      "\\R+x",
      "(?>a+)+b",
    ]) {
      assert.ok(isTimed(Regex), Regex);
    }
  });

  it("are none of those that are published", () => {
    assert.ok(PUBLISHED.length > 8, String(PUBLISHED.length));
    for (const Regex of PUBLISHED) assert.equal(isTimed(Regex), Regex === MADE_UP, Regex);
  });

  it("are refused where to compile them would take time without end, or all memory and the process", () => {
    const nested = (quantifier: string, depth: number): string =>
      Array.from({ length: depth }).reduce<string>((inner) => `(${inner})${quantifier}`, "a");
    for (const Regex of [
      `a${"{2,}".repeat(900)}`,
      `a${"+".repeat(900)}`,
      nested("{2,3}", 12),
      nested("{2,3}", 3).repeat(60),
      "(?:".repeat(50) + nested("+", 5) + ")".repeat(50),
      "a++".repeat(4000),
    ]) {
      const before = performance.now();
      assert.throws(
        () => patternAt({ Regex }, "pattern"),
        /^TokenizerError: pattern: .* is not a pattern that can be run/,
      );
      assert.ok(performance.now() - before < 2000);
    }
    assert.throws(() => patternAt({ String: "\u4e00".repeat(20_000_000) }, "pattern"), /^TokenizerError/);
    for (const Regex of [nested("+", 4), nested("{2,3}", 4).repeat(5), "a++".repeat(1000)]) {
      assert.doesNotThrow(() => spansOf("aaaa b", patternAt({ Regex }, "pattern")));
    }
  });

  it("cut what they can as others do, and are refused by place and text when they do not end", () => {
    const pattern = patternAt({ Regex: "(a+)+b" }, "pre_tokenizer.pattern");
    const spans = [
      { start: 0, end: 4, isMatch: true },
      { start: 4, end: 5, isMatch: false },
    ];
    assert.deepEqual(spansOf("aaabc", pattern), spans);
    assert.throws(
      () => spansOf("a".repeat(60), pattern),
      /^SlowPatternError: pre_tokenizer\.pattern: "\(a\+\)\+b" takes more than 5 s on a text$/,
    );
    assert.deepEqual(spansOf("aaabc", pattern), spans, "it can be used again");
  });
});
