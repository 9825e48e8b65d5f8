import { byteToken, utf8 } from "./bytes.ts";
import {
  type TokenizerJson,
  type TokenizerObject,
  TokenizerError,
  countAt,
  flagAt,
  listAt,
  textAt,
  unexpected,
} from "./fields.ts";
import type { TokenModel } from "./model.ts";
import { Trie } from "./trie.ts";

/** How much less an unknown character scores than the least token, as in SentencePiece. */
const UNKNOWN_PENALTY = 10;

/** The most probable cutting into tokens that each have a probability of their own (Kudo 2018, arXiv:1804.10959). */
export function unigram(settings: TokenizerObject): TokenModel {
  const tokens = listAt(settings["vocab"], "model.vocab").map(tokenAt);
  const vocabulary = new Map(tokens.map(({ token }, id) => [token, id]));
  const scores = Float64Array.from(tokens, ({ score }) => score);
  const unknown = unknownId(settings, tokens.length);
  const hasBytes = flagAt(settings["byte_fallback"], "model.byte_fallback", false);
  const trie = new Trie(vocabulary);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;

  const idsOf = (word: string): readonly number[] =>
    bestPath(word, { trie, scores, unknownScore, unknown }).flatMap((part) => {
      const id = vocabulary.get(part);
      if (id !== undefined) return [id];
      const bytes = hasBytes ? [...utf8(part)].map((byte) => vocabulary.get(byteToken(byte))) : [undefined];
      return bytes.every((byte) => byte !== undefined) ? bytes : [needed(unknown)];
    });
  return { vocabulary, idsOf };
}

interface Scored {
  readonly trie: Trie;
  /** Log-probability of each token, `[V]`. */
  readonly scores: Float64Array;
  readonly unknownScore: number;
  readonly unknown: number | undefined;
}

/** Texts of the best cutting's tokens; neighbours that are unknown are one. */
function bestPath(word: string, { trie, scores, unknownScore, unknown }: Scored): readonly string[] {
  /** Of the best way to each place: its score, where its last token begins (-1 where none leads here) and its id. */
  const best = new Float64Array(word.length + 1);
  const from = new Int32Array(word.length + 1).fill(-1);
  const ids = new Int32Array(word.length + 1);
  const offer = (start: number, end: number, score: number, id: number): void => {
    const total = (best[start] ?? 0) + score;
    if (from[end] !== -1 && !(total > (best[end] ?? 0))) return;
    best[end] = total;
    from[end] = start;
    ids[end] = id;
  };
  for (let start = 0; start < word.length;) {
    const next = start + ((word.codePointAt(start) ?? 0) > 0xffff ? 2 : 1);
    const found = { isChar: false };
    trie.prefixes(word, start, (id, end) => {
      offer(start, end, scores[id] ?? 0, id);
      found.isChar ||= end === next;
    });
    if (!found.isChar) {
      // An unknown character that another token covers need not be in the vocabulary's reach.
      const total = (best[start] ?? 0) + unknownScore;
      if (from[next] === -1 || total > (best[next] ?? 0)) offer(start, next, unknownScore, needed(unknown));
    }
    start = next;
  }
  const parts: string[] = [];
  for (let end = word.length; end > 0;) {
    let start = from[end] ?? 0;
    if (ids[end] === unknown) while (start > 0 && ids[start] === unknown) start = from[start] ?? 0;
    parts.push(word.slice(start, end));
    end = start;
  }
  return parts.reverse();
}

function tokenAt(value: TokenizerJson): { readonly token: string; readonly score: number } {
  const [token, score] = listAt(value, "model.vocab");
  if (typeof score !== "number") throw unexpected("model.vocab", "a token and its score", value);
  return { token: textAt(token, "model.vocab"), score };
}

function unknownId(settings: TokenizerObject, nTokens: number): number | undefined {
  const given = settings["unk_id"];
  if (given === undefined || given === null) return undefined;
  const id = countAt(given, "model.unk_id");
  if (id < nTokens) return id;
  throw unexpected("model.unk_id", `an id below ${nTokens}`, given);
}

function needed(unknown: number | undefined): number {
  if (unknown !== undefined) return unknown;
  throw new TokenizerError("model.unk_id: there is none, and a text has a character that the vocabulary lacks");
}
