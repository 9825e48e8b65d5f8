import { type TokenizerObject, TokenizerError, countAt, textAt, vocabularyAt } from "./fields.ts";
import type { TokenModel } from "./model.ts";

/** Greedy cutting from the left, the longest token first, as BERT has it (Wu et al. 2016, arXiv:1609.08144). */
export function wordPiece(settings: TokenizerObject): TokenModel {
  const vocabulary = vocabularyAt(settings["vocab"], "model.vocab");
  const prefix = textAt(settings["continuing_subword_prefix"], "model.continuing_subword_prefix", "##");
  const mostChars = countAt(settings["max_input_chars_per_word"], "model.max_input_chars_per_word", 100);
  const unknown = unknownToken(settings, vocabulary);
  // Nothing longer is in the vocabulary; without this, a long word would take its length squared.
  let longest = 0;
  for (const token of vocabulary.keys()) longest = Math.max(longest, Array.from(token).length);

  const idsOf = (word: string): readonly number[] => {
    const chars = Array.from(word);
    if (chars.length > mostChars) return [unknown()];
    const ids: number[] = [];
    for (let start = 0; start < chars.length;) {
      let end = Math.min(chars.length, start + longest);
      const idHere = (): number | undefined =>
        vocabulary.get((start > 0 ? prefix : "") + chars.slice(start, end).join(""));
      while (end > start && idHere() === undefined) end--;
      const id = end > start ? idHere() : undefined;
      if (id === undefined) return [unknown()];
      ids.push(id);
      start = end;
    }
    return ids;
  };
  return { vocabulary, idsOf };
}

/** The id of the token for what a vocabulary lacks; asked for only where it is needed. */
export function unknownToken(settings: TokenizerObject, vocabulary: ReadonlyMap<string, number>): () => number {
  const token = textAt(settings["unk_token"], "model.unk_token", "[UNK]");
  return () => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw new TokenizerError(`model.unk_token: ${JSON.stringify(token)} is not in the vocabulary, and is needed`);
  };
}
