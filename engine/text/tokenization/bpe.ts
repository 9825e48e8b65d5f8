import { byteToken, utf8 } from "./bytes.ts";
import {
  type TokenizerJson,
  type TokenizerObject,
  TokenizerError,
  flagAt,
  listAt,
  textAt,
  unexpected,
  vocabularyAt,
} from "./fields.ts";
import { MergeQueue } from "./mergeQueue.ts";
import type { TokenModel } from "./model.ts";
import { PairTable } from "./pairTable.ts";

/** SentencePiece's mark for a space, and the only character whose neighbourhood is looked at for `cutsBefore`. */
const SPACE_MARK = "▁";

/** Byte-pair encoding: neighbours merge in the order of a list (Sennrich et al. 2016, arXiv:1508.07909). */
export function bpe(settings: TokenizerObject): TokenModel {
  const vocabulary = vocabularyAt(settings["vocab"], "model.vocab");
  if (settings["dropout"] !== undefined && settings["dropout"] !== null && settings["dropout"] !== 0) {
    throw unexpected("model.dropout", "null: ids must not depend on chance", settings["dropout"]);
  }
  const merges = mergesOf(settings, vocabulary);
  const isWhole = flagAt(settings["ignore_merges"], "model.ignore_merges", false);
  const symbolsOf = symbols(settings, vocabulary);
  const idsOf = (word: string): readonly number[] => {
    const whole = isWhole ? vocabulary.get(word) : undefined;
    return whole === undefined ? merged(symbolsOf(word), merges) : [whole];
  };
  return { vocabulary, idsOf, cutsBefore: !isWhole && merges.keepsSpaceApart ? SPACE_MARK : undefined };
}

interface Merges {
  /** Rank by the ids of two neighbours. */
  readonly ranks: PairTable;
  /** The id that they become, by rank. */
  readonly results: Int32Array;
  /** True where the mark of a space is a token, and never merges with what stands before it, unless that is one, too. */
  readonly keepsSpaceApart: boolean;
}

function mergesOf(settings: TokenizerObject, vocabulary: ReadonlyMap<string, number>): Merges {
  const list = listAt(settings["merges"], "model.merges");
  const skipped = textAt(settings["continuing_subword_prefix"], "model.continuing_subword_prefix", "").length;
  const hasSuffix = textAt(settings["end_of_word_suffix"], "model.end_of_word_suffix", "") !== "";
  const ranks = new PairTable(list.length);
  const results = new Int32Array(list.length);
  let keepsSpaceApart = vocabulary.has(SPACE_MARK) && skipped === 0 && !hasSuffix;
  const idOf = (token: string): number => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw new TokenizerError(`model.merges: ${JSON.stringify(token)} is not in the vocabulary`);
  };
  for (const [rank, merge] of list.entries()) {
    const [left, right] = pairOf(merge);
    ranks.set(idOf(left), idOf(right), rank);
    results[rank] = idOf(left + right.slice(skipped));
    if (right.startsWith(SPACE_MARK) && !left.endsWith(SPACE_MARK)) keepsSpaceApart = false;
  }
  return { ranks, results, keepsSpaceApart };
}

/** A merge is written as two texts, or, in old files, as one with a space between them. */
function pairOf(merge: TokenizerJson): readonly [string, string] {
  const [left, right, more] = typeof merge === "string" ? merge.split(" ") : listAt(merge, "model.merges");
  if (typeof left !== "string" || typeof right !== "string" || more !== undefined) {
    throw unexpected("model.merges", "two tokens", merge);
  }
  return [left, right];
}

/** Ids of a word's characters, before anything merges. */
function symbols(settings: TokenizerObject, vocabulary: ReadonlyMap<string, number>): (word: string) => number[] {
  const prefix = textAt(settings["continuing_subword_prefix"], "model.continuing_subword_prefix", "");
  const suffix = textAt(settings["end_of_word_suffix"], "model.end_of_word_suffix", "");
  const hasBytes = flagAt(settings["byte_fallback"], "model.byte_fallback", false);
  const isFused = flagAt(settings["fuse_unk"], "model.fuse_unk", false);
  const unknownToken = settings["unk_token"];
  const unknown = typeof unknownToken === "string" ? unknownToken : undefined;
  const bytesOf = (text: string): readonly number[] | undefined => {
    const ids = [...utf8(text)].map((byte) => vocabulary.get(byteToken(byte)));
    return ids.every((id) => id !== undefined) ? ids : undefined;
  };
  return (word) => {
    const ids: number[] = [];
    /** Unknown tokens that are yet to be written: they go before the next known character, but after its bytes. */
    let pending = 0;
    const write = (): void => {
      for (; pending > 0; pending--) ids.push(idOfUnknown(vocabulary, unknown));
    };
    for (let at = 0; at < word.length;) {
      const char = String.fromCodePoint(word.codePointAt(at) ?? 0);
      const isLast = at + char.length === word.length;
      const symbol = (at === 0 ? "" : prefix) + char + (isLast ? suffix : "");
      at += char.length;
      const id = vocabulary.get(symbol);
      const bytes = id === undefined && hasBytes ? bytesOf(symbol) : undefined;
      if (id !== undefined) {
        write();
        ids.push(id);
      } else if (bytes !== undefined) ids.push(...bytes);
      else if (unknown !== undefined) {
        if (!isFused) write();
        pending = 1;
      }
    }
    write();
    return ids;
  };
}

function idOfUnknown(vocabulary: ReadonlyMap<string, number>, token = ""): number {
  const id = vocabulary.get(token);
  if (id !== undefined) return id;
  throw new TokenizerError(`model.unk_token: ${JSON.stringify(token)} is not in the vocabulary, and is needed`);
}

/** Merges neighbours, the first of the list first, and of equals the leftmost; time grows as n log n. */
function merged(ids: number[], { ranks, results }: Merges): readonly number[] {
  const n = ids.length;
  if (n < 2) return ids;
  /** The neighbours of each symbol that is left; a symbol that has merged into the one before it has id -1. */
  const previous = Int32Array.from({ length: n }, (_, at) => at - 1);
  const next = Int32Array.from({ length: n }, (_, at) => at + 1);
  const queue = new MergeQueue();
  const offer = (at: number, right: number): void => {
    const rank = ranks.get(ids[at] ?? 0, ids[right] ?? 0);
    if (rank >= 0) queue.push(rank, at);
  };
  for (let at = 0; at + 1 < n; at++) offer(at, at + 1);
  while (queue.pop()) {
    const { rank, at } = queue;
    const right = next[at] ?? n;
    if (ids[at] === -1 || right >= n) continue;
    // The pair may have changed since; it counts if it still becomes the same.
    const result = results[rank];
    const now = ranks.get(ids[at] ?? 0, ids[right] ?? 0);
    if (result === undefined || now < 0 || results[now] !== result) continue;
    ids[at] = result;
    ids[right] = -1;
    const after = next[right] ?? n;
    next[at] = after;
    if (after < n) previous[after] = at;
    const before = previous[at] ?? -1;
    if (before >= 0) offer(before, at);
    if (after < n) offer(at, after);
  }
  return ids.filter((id) => id !== -1);
}
