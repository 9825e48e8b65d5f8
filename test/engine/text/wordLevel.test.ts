import assert from "node:assert/strict";
import fc from "fast-check";
import { PromptFormat, wordLevelTokenizer } from "../../../engine/text/index.ts";

const WORDS = ["reverse", "the", "words", ":", "apple", "pear", "thanks"];

describe("word-level tokenizer", () => {
  const tokenizer = wordLevelTokenizer(WORDS);

  it("numbers special tokens first, then the words", () => {
    assert.deepEqual([tokenizer.pad, tokenizer.bos, tokenizer.eos], [0, 1, 2]);
    assert.deepEqual(tokenizer.encode("reverse the words: pear"), [4, 5, 6, 7, 9]);
    assert.equal(tokenizer.vocabularySize, 11);
  });

  it("gives one id to every unknown word", () => {
    assert.deepEqual(tokenizer.encode("the moon"), [5, 3]);
  });

  it("leaves special tokens out of decoded text, or shows them when asked", () => {
    assert.equal(tokenizer.decode([1, 8, 9, 2, 0]), "apple pear");
    assert.equal(tokenizer.decodeAll([8, 2]), "apple </s>");
  });

  it("reads back any sequence of its words", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WORDS)), (words) => {
        assert.equal(tokenizer.decode(tokenizer.encode(words.join(" "))), words.join(" "));
      }),
    );
  });

  it("refuses a word that its splitting would take apart", () => {
    assert.throws(() => wordLevelTokenizer(["fine", "two words"]), {
      name: "TokenizerError",
      message: 'word-level tokenizer: "two words" is not one word; use letters or digits only',
    });
  });
});

describe("prompt", () => {
  const tokenizer = wordLevelTokenizer(WORDS);

  it("is followed by the response and end-of-text in an example", () => {
    const example = new PromptFormat(tokenizer).encodeExample({
      prompt: "reverse : apple pear",
      response: "pear apple",
    });
    assert.deepEqual(example, { tokens: [4, 7, 8, 9, 9, 8, 2], promptLength: 4 });
    assert.deepEqual(new PromptFormat(tokenizer).encodePrompt("reverse : apple pear"), example.tokens.slice(0, 4));
  });
});
