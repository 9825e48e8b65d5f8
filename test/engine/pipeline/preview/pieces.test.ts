import assert from "node:assert/strict";
import fc from "fast-check";
import { tokenPieces } from "../../../../engine/pipeline/preview/pieces.ts";
import { Tokenizer } from "../../../../engine/text/index.ts";

/** Every byte as GPT-2 writes it: those that can be printed as they are, the others from U+0100 on. */
function byteCharacters(): string[] {
  const printed = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printed(byte) ? byte : next++));
}

/** A byte-level tokenizer without merges: each byte is a token. */
function bytes(): Tokenizer {
  const vocab = Object.fromEntries([...byteCharacters(), "</s>"].map((text, id) => [text, id]));
  const added = { id: 256, content: "</s>", single_word: false, lstrip: false, rstrip: false, normalized: false };
  return new Tokenizer({
    tokenizer: {
      version: "1.0",
      added_tokens: [{ ...added, special: true }],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      model: { type: "BPE", vocab, merges: [] },
    },
    settings: { eos_token: "</s>", clean_up_tokenization_spaces: false },
  });
}

describe("pieces of tokens", () => {
  it("put a character of several tokens at the last of them", () => {
    const tokenizer = bytes();
    assert.deepEqual(tokenPieces(tokenizer, tokenizer.encode("a€😀b</s>")), [
      ...["a", "", "", "€", "", "", "", "😀", "b", "</s>"],
    ]);
  });

  it("show bytes that are no character, and go on", () => {
    const tokenizer = bytes();
    const [first] = tokenizer.encode("€");
    const pieces = tokenPieces(tokenizer, [first ?? 0, ...tokenizer.encode("ab")]);
    assert.equal(pieces.at(-1), "b");
    assert.match(pieces.join(""), /^\ufffd+ab$/);
  });

  it("give the text of all tokens, one after the other", () => {
    const tokenizer = bytes();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const ids = tokenizer.encode(text.toWellFormed());
        const pieces = tokenPieces(tokenizer, ids);
        assert.equal(pieces.length, ids.length);
        assert.equal(pieces.join(""), tokenizer.decodeAll(ids));
      }),
    );
  });
});
