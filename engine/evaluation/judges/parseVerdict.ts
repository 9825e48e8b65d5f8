import type { SeatWinner } from "./judge.ts";

/** Characters at a reply's end among which a verdict is looked for: a pattern of one's own may be slow. */
const MOST_READ = 50_000;
/** FastChat's `TIE_DELTA`: grades this near to each other are a tie. */
export const TIE_DELTA = 0.1;

/** The form in which a verdict is given. */
export interface VerdictForm {
  /** Its first group, or all of it where there is none, is the verdict. */
  readonly pattern: RegExp;
  /** The winner that a verdict names, or the grade; undefined for a word that is no verdict. */
  readonly read: (verdict: string) => SeatWinner | number | undefined;
  /** Of grades: the pattern where that one finds nothing; then the first finding counts, not the last. */
  readonly otherwise?: RegExp;
}

/** `[[A]]`, `[[B]]`, or `[[C]]` for a tie. */
export const THREE_WAY: VerdictForm = { pattern: /\[\[([ABC])\]\]/g, read: winnerOf };
/** Arena-Hard's: `[[A>>B]]`, `[[A>B]]`, `[[A=B]]`, `[[B>A]]` or `[[B>>A]]`. */
export const FIVE_WAY: VerdictForm = { pattern: /\[\[([AB<>=]{3,4})\]\]/g, read: winnerOf };
/**
 * A grade, `[[7]]` or `[[7.5]]`, read as FastChat does: the first one counts, and without any the first `[7]`. `[[ 7 ]]`
 * and `[[8/10]]` are no grades there, nor here.
 */
export const RATING: VerdictForm = {
  pattern: /\[\[(\d{1,9}(?:\.\d{0,9})?)\]\]/g,
  otherwise: /\[(\d{1,9}(?:\.\d{0,9})?)\]/g,
  read: Number,
};

/** A form of one's own: `pattern` is a regular expression whose first group names A, B, C, A>B and the like. */
export function ownForm(pattern: string): VerdictForm {
  return { pattern: new RegExp(pattern, "g"), read: winnerOf };
}

/** Findings in a reply. */
export interface ReadVerdict<T> {
  /** Undefined where there is none. */
  readonly verdict: T | undefined;
  /** True where it holds two that are different; the last one counts, of grades the first. */
  readonly isDouble: boolean;
  /** True where the grade that counts is none from 1 to 10: FastChat averages it like the others, and we leave it out. */
  readonly isOutOfRange: boolean;
}

/**
 * The verdict in a reply. The last well-formed one counts, since replies quote the format before they decide; FastChat
 * looks for `[[A]]` anywhere first, and Arena-Hard v0.1 rejects replies that hold two different ones. Of grades the first
 * counts, so that means are FastChat's.
 */
export function parseVerdict(reply: string, form: VerdictForm): ReadVerdict<SeatWinner | number> {
  const { otherwise } = form;
  if (otherwise === undefined) {
    const found = findings(reply.slice(-MOST_READ), form);
    return { verdict: found.at(-1), isDouble: new Set(found).size > 1, isOutOfRange: false };
  }
  const well = findings(reply, form);
  const found = well.length > 0 ? well : findings(reply, { ...form, pattern: otherwise });
  const [grade] = found;
  const isOutOfRange = typeof grade === "number" && (grade < 1 || grade > 10);
  // Single brackets may hold anything, such as a source: two of them are no two verdicts.
  return { verdict: isOutOfRange ? undefined : grade, isDouble: new Set(well).size > 1, isOutOfRange };
}

function findings(text: string, { pattern, read }: VerdictForm): readonly (SeatWinner | number)[] {
  return [...text.matchAll(pattern)].flatMap((match) => read((match[1] ?? match[0]).trim()) ?? []);
}

const WORDS: Readonly<Record<string, SeatWinner>> = {
  ...{ A: "first", B: "second", C: "tie", TIE: "tie" },
  ...{ "A>>B": "first", "A>B": "first", "B<A": "first", "B<<A": "first" },
  ...{ "B>>A": "second", "B>A": "second", "A<B": "second", "A<<B": "second" },
  ...{ "A=B": "tie", "B=A": "tie" },
};

function winnerOf(verdict: string): SeatWinner | undefined {
  const word = verdict.toUpperCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}
