import { firstDifference, isJsonObject, type Json, type JsonObject } from "./json.ts";

/** Parts of tokenizer.json that turn text into ids and back. The rest says how long texts are cut and padded. */
const PARTS = ["normalizer", "pre_tokenizer", "post_processor", "decoder"] as const;

/** Flags of an added token, which files of some versions leave out where they are false. */
const FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"] as const;

/**
 * The first place where two tokenizers would give other ids or texts; undefined where they tokenize alike, however the
 * versions of the library spell them: order of keys, merges as texts or pairs, settings that are off and left out.
 */
export function tokenizerDifference(a: JsonObject | undefined, b: JsonObject | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === b ? undefined : "its whole content";
  return firstDifference(tokenizing(a), tokenizing(b));
}

function tokenizing(json: JsonObject): JsonObject {
  const parts = PARTS.map((name) => [name, json[name] ?? null] as const);
  return { ...Object.fromEntries(parts), model: modelOf(json["model"]), added_tokens: addedOf(json["added_tokens"]) };
}

function modelOf(model: Json | undefined): Json {
  if (!isJsonObject(model)) return model ?? null;
  const { dropout: _random, merges, ...rest } = model;
  const settings = Object.entries(rest).filter(([, value]) => value !== null && value !== false && value !== "");
  return { ...Object.fromEntries(settings), ...(merges !== undefined && { merges: mergesOf(merges) }) };
}

/** Pairs as texts: files of tokenizers 0.20 and later have pairs. */
function mergesOf(merges: Json): Json {
  if (!Array.isArray(merges)) return merges;
  return (merges as readonly Json[]).map((pair) => (Array.isArray(pair) ? pair.join(" ") : pair));
}

/** By id, since that is how they are known to models. */
function addedOf(tokens: Json | undefined): Json {
  if (!Array.isArray(tokens)) return {};
  const entries = (tokens as readonly Json[]).filter(isJsonObject).map((token) => {
    const flags = FLAGS.map((flag) => [flag, token[flag] ?? false] as const);
    return [JSON.stringify(token["id"] ?? null), { content: token["content"], ...Object.fromEntries(flags) }] as const;
  });
  return Object.fromEntries(entries);
}
