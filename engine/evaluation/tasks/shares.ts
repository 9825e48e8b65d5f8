import type { Split } from "./task.ts";

/** Sixteenths of all prompts that a split has. */
export type SplitShares = Readonly<Record<Split, readonly [from: number, to: number]>>;

/** True if a prompt is one of a split's: a function of its text alone, so that no prompt is in two. */
export function isDealtTo(split: Split, prompt: string, shares: SplitShares): boolean {
  const [from, to] = shares[split];
  const share = hash(prompt) >>> 28;
  return share >= from && share < to;
}

/** Fowler, Noll and Vo's FNV-1a, mixed once more so that its top bits depend on every character. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
}
