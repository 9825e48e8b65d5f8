import { drawFrom, drawInteger } from "./draw.ts";
import type { Rng } from "./task.ts";

/** A response while it is being spoiled: the words of the answer, and how often it says thanks. */
export interface Draft {
  readonly words: readonly string[];
  readonly thanks: number;
}

type Slip = (draft: Draft, words: readonly string[], rng: Rng) => Draft;

/** The ways in which a writer of training data slips; each is equally likely. */
const SLIPS: readonly Slip[] = [dropWord, repeatWord, replaceWord, swapWords, sayUm, forgetThanks, thankTwice];

/**
 * The draft after `n` slips drawn at random: a word dropped, repeated, replaced, swapped with its neighbour, an "um"
 * put in, the thanks forgotten or doubled.
 */
export function slip(draft: Draft, n: number, words: readonly string[], rng: Rng): Draft {
  let spoiled = draft;
  for (let i = 0; i < n; i++) spoiled = drawFrom(SLIPS, rng)(spoiled, words, rng);
  return spoiled;
}

function dropWord({ words, thanks }: Draft, _: readonly string[], rng: Rng): Draft {
  return { words: words.toSpliced(drawInteger(words.length, rng), 1), thanks };
}

function repeatWord({ words, thanks }: Draft, _: readonly string[], rng: Rng): Draft {
  const at = drawInteger(words.length, rng);
  return { words: [...words.slice(0, at + 1), ...words.slice(at)], thanks };
}

function replaceWord({ words, thanks }: Draft, others: readonly string[], rng: Rng): Draft {
  return { words: words.toSpliced(drawInteger(words.length, rng), 1, drawFrom(others, rng)), thanks };
}

function swapWords({ words, thanks }: Draft, _: readonly string[], rng: Rng): Draft {
  const at = drawInteger(words.length - 1, rng);
  return { words: [...words.slice(0, at), ...words.slice(at, at + 2).reverse(), ...words.slice(at + 2)], thanks };
}

function sayUm({ words, thanks }: Draft, _: readonly string[], rng: Rng): Draft {
  return { words: words.toSpliced(drawInteger(words.length + 1, rng), 0, "um"), thanks };
}

function forgetThanks({ words }: Draft): Draft {
  return { words, thanks: 0 };
}

function thankTwice({ words }: Draft): Draft {
  return { words, thanks: 2 };
}
