import { type TokenizerFiles, Tokenizer, TokenizerError } from "./tokenizer.ts";

/** Tokens that every word-level tokenizer begins with, in the order of their ids. */
const WORD_LEVEL_SPECIALS = { pad: "<pad>", bos: "<s>", eos: "</s>", unknown: "<unk>" } as const;

/**
 * A tokenizer with one token per word, for tasks with a small vocabulary of their own.
 *
 * Its files load in transformers, too (`AutoTokenizer.from_pretrained`): a WordLevel model behind splitting
 * at white space and between letters and punctuation.
 *
 * @param words - In the order of their ids, which follow those of the special tokens.
 * @throws {TokenizerError} naming a word that the splitting takes apart.
 */
export function wordLevelTokenizer(words: readonly string[]): Tokenizer {
  const tokenizer = new Tokenizer(wordLevelFiles(words), "word-level tokenizer");
  const split = words.find((word) => tokenizer.encode(word).length !== 1);
  if (split !== undefined) {
    throw new TokenizerError(
      `word-level tokenizer: ${JSON.stringify(split)} is not one word; use letters or digits only`,
    );
  }
  return tokenizer;
}

function wordLevelFiles(words: readonly string[]): TokenizerFiles {
  const specials = Object.values(WORD_LEVEL_SPECIALS);
  const vocabulary = Object.fromEntries([...new Set([...specials, ...words])].map((token, id) => [token, id]));
  const addedToken = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: specials.map((content, id) => ({ id, content, ...addedToken })),
      normalizer: null,
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: null,
      model: { type: "WordLevel", vocab: vocabulary, unk_token: WORD_LEVEL_SPECIALS.unknown },
    },
    settings: {
      tokenizer_class: "PreTrainedTokenizerFast",
      pad_token: WORD_LEVEL_SPECIALS.pad,
      bos_token: WORD_LEVEL_SPECIALS.bos,
      eos_token: WORD_LEVEL_SPECIALS.eos,
      unk_token: WORD_LEVEL_SPECIALS.unknown,
      clean_up_tokenization_spaces: false,
      model_max_length: 1_000_000,
    },
  };
}
