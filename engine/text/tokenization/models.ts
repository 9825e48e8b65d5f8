import { bpe } from "./bpe.ts";
import { type TokenizerJson, type TokenizerObject, objectAt, textAt, unexpected, vocabularyAt } from "./fields.ts";
import type { TokenModel } from "./model.ts";
import { unigram } from "./unigram.ts";
import { unknownToken, wordPiece } from "./wordPiece.ts";

const MODELS: Readonly<Record<string, (settings: TokenizerObject) => TokenModel>> = {
  BPE: bpe,
  Unigram: unigram,
  WordPiece: wordPiece,
  WordLevel: wordLevel,
};

/** The model of a tokenizer.json. @throws {TokenizerError} when it is of no known kind, or does not fit together. */
export function modelAt(value: TokenizerJson | undefined): TokenModel {
  const settings = objectAt(value, "model");
  const type = settings["type"] === undefined ? guessedType(settings) : textAt(settings["type"], "model.type");
  const make = Object.hasOwn(MODELS, type) ? MODELS[type] : undefined;
  if (make === undefined) throw unexpected("model.type", Object.keys(MODELS).join(", "), type);
  return make(settings);
}

/** Old files do not name the kind. */
function guessedType(settings: TokenizerObject): string {
  if (settings["merges"] !== undefined) return "BPE";
  if (Array.isArray(settings["vocab"])) return "Unigram";
  return settings["continuing_subword_prefix"] === undefined ? "WordLevel" : "WordPiece";
}

function wordLevel(settings: TokenizerObject): TokenModel {
  const vocabulary = vocabularyAt(settings["vocab"], "model.vocab");
  const unknown = unknownToken(settings, vocabulary);
  return { vocabulary, idsOf: (word) => [vocabulary.get(word) ?? unknown()] };
}
