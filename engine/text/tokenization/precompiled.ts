import { utf8 } from "./bytes.ts";
import { type TokenizerJson, TokenizerError, textAt } from "./fields.ts";

/** Longest cluster of characters that is looked up as one, in bytes, exclusive. */
const LONGEST_CLUSTER = 6;
const CLUSTERS = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Texts of these characters alone are clusters of one character each, but for a carriage return before a line feed. */
const SIMPLE = /^[\p{ASCII}--\r]*$/v;
/** Normalized characters that are remembered. */
const MOST_REMEMBERED = 10_000;

/**
 * SentencePiece's normalization by a compiled table, as `spm_precompiled` (Rust) reads it: the length of a double-array
 * trie in bytes, the trie, then the replacements, each closed by a zero byte.
 * @throws {TokenizerError} when the table is no such thing.
 */
export function precompiled(value: TokenizerJson | undefined, place: string): (text: string) => string {
  const { units, texts } = tableOf(textAt(value, place), place);
  const remembered = new Map<string, string>();
  const replaced = (cluster: string): string => {
    let known = remembered.get(cluster);
    if (known === undefined) {
      known = replacement(cluster, units, texts);
      if (remembered.size < MOST_REMEMBERED) remembered.set(cluster, known);
    }
    return known;
  };
  return (text) => clusters(text).map(replaced).join("");
}

function clusters(text: string): readonly string[] {
  return SIMPLE.test(text) ? text.split("") : Array.from(CLUSTERS.segment(text), ({ segment }) => segment);
}

/** A short cluster as one where the table has its beginning; else character by character. */
function replacement(cluster: string, units: Uint32Array, texts: Uint8Array): string {
  if (utf8(cluster).length < LONGEST_CLUSTER) {
    const whole = lookUp(utf8(cluster), units, texts);
    if (whole !== undefined) return whole;
  }
  return Array.from(cluster, (char) => lookUp(utf8(char), units, texts) ?? char).join("");
}

/** The replacement of the shortest entry that the bytes begin with: not the longest, which is how the original has it. */
function lookUp(bytes: Uint8Array, units: Uint32Array, texts: Uint8Array): string | undefined {
  let at = offsetOf(units[0] ?? 0);
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    at = (at ^ byte) >>> 0;
    const unit = units[at] ?? 0;
    if ((unit & 0x8000_00ff) >>> 0 !== byte) return undefined;
    at = (at ^ offsetOf(unit)) >>> 0;
    if (((unit >>> 8) & 1) === 1) {
      const start = (units[at] ?? 0) & 0x7fff_ffff;
      const end = texts.indexOf(0, start);
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(texts.subarray(start, end < 0 ? undefined : end));
    }
  }
  return undefined;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function tableOf(text: string, place: string): { readonly units: Uint32Array; readonly texts: Uint8Array } {
  const bytes = Buffer.from(text, "base64");
  const nTrieBytes = bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
  if (nTrieBytes < 4 || nTrieBytes % 4 !== 0 || 4 + nTrieBytes > bytes.length) {
    throw new TokenizerError(`${place}: this is not a table of replacements`);
  }
  const units = Uint32Array.from({ length: nTrieBytes / 4 }, (_, unit) => bytes.readUInt32LE(4 + unit * 4));
  return { units, texts: bytes.subarray(4 + nTrieBytes) };
}
