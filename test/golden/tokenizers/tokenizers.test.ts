import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenizerObject } from "../../../engine/text/tokenization/fields.ts";
import { Pipeline } from "../../../engine/text/tokenization/pipeline.ts";
import { patternAt } from "../../../engine/text/tokenization/patterns.ts";
import { preTokenizerAt } from "../../../engine/text/tokenization/preTokenizers.ts";

interface GoldenCase {
  readonly ids: readonly number[];
  readonly framed: readonly number[];
  /** Decoded without special tokens, and with them. */
  readonly text: string;
  readonly all: string;
}

interface Golden {
  readonly texts: readonly string[];
  readonly families: Readonly<
    Record<
      string,
      {
        readonly tokenizer: TokenizerObject;
        readonly cases: readonly GoldenCase[];
        readonly strange: readonly { readonly ids: readonly number[]; readonly text: string }[];
      }
    >
  >;
  readonly parts: Readonly<
    Record<string, { readonly settings: TokenizerObject; readonly words: readonly (readonly string[])[] }>
  >;
}

const { texts, families, parts } = JSON.parse(readFileSync(join(import.meta.dirname, "golden.json"), "utf8")) as Golden;

describe("tokenizers of every kind", () => {
  for (const [name, { tokenizer, cases, strange }] of Object.entries(families)) {
    const pipeline = new Pipeline(tokenizer);

    it(`give the ids of Hugging Face's tokenizers: ${name}`, () => {
      for (const [idx, text] of texts.entries()) {
        assert.deepEqual(pipeline.encode(text), cases[idx]?.ids, JSON.stringify(text));
        assert.deepEqual(pipeline.encode(text, { isFramed: true }), cases[idx]?.framed, JSON.stringify(text));
      }
    });

    it(`give its texts: ${name}`, () => {
      for (const { ids, text, all } of cases) {
        assert.equal(pipeline.decode(ids), text);
        assert.equal(pipeline.decode(ids, { withSpecials: true }), all);
      }
      for (const { ids, text } of strange) assert.equal(pipeline.decode(ids, { withSpecials: true }), text);
    });
  }

  it("are cut by patterns without flags inside, which V8 forgets at times", () => {
    for (const Regex of ["(?i:'s|'t)|\\p{L}+", "(?>a|ab)c|(?i)ñ|É", "(?i:a(?-i:b))"]) {
      assert.doesNotMatch(patternAt({ Regex }, "pattern").source, /\(\?[a-z-]+:/, Regex);
    }
  });

  for (const [name, { settings, words }] of Object.entries(parts)) {
    it(`cut texts as its pre-tokenizers do: ${name}`, () => {
      const { cut, spell } = preTokenizerAt(settings);
      for (const [idx, text] of texts.entries()) {
        const pieces = text === "" ? [] : cut([text.toWellFormed()], { isText: true });
        assert.deepEqual(pieces.map(spell), words[idx], JSON.stringify(text));
      }
    });
  }
});
