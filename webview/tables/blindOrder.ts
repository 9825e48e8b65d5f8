import type { ComparisonRow } from "../../engine/protocol/verdicts.ts";

/**
 * True if a comparison is read with its answers in the other order in blind mode. Half of them are, and each in the same
 * way whenever it is opened.
 *
 * FNV-1a with the finalizer of MurmurHash3, whose lowest bit depends on every bit of the text.
 */
export function isSwapped(benchmark: string, { seed, index }: Pick<ComparisonRow, "seed" | "index">): boolean {
  let hash = 0x811c9dc5;
  for (const letter of JSON.stringify([benchmark, seed, index])) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) & 1) === 1;
}
