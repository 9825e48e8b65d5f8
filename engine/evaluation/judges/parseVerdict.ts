// Kept for the evaluation issue: verdicts of judges that are language models.
import type { SeatWinner } from "./judge.ts";

/**
 * The verdict in a reply to a `pair-v2` prompt: `[[A]]`, `[[B]]`, or `[[C]]` for a tie.
 *
 * The last well-formed one counts, since replies quote the format before they decide; FastChat looks for `[[A]]`
 * anywhere first.
 */
export function parsePairVerdict(reply: string): SeatWinner {
  const winners = { A: "first", B: "second", C: "tie" } as const;
  const last = [...reply.matchAll(/\[\[([ABC])\]\]/g)].at(-1)?.[1];
  return last === undefined ? "error" : winners[last as keyof typeof winners];
}

/** An Arena-Hard verdict: who, and whether by much (`>>`), which counts three times. */
export interface GradedVerdict {
  readonly winner: SeatWinner;
  readonly weight: 1 | 3;
}

/**
 * The verdict in a reply to Arena-Hard's prompt: `[[A>>B]]`, `[[A>B]]`, `[[A=B]]`, `[[B>A]]` or `[[B>>A]]`; the
 * last well-formed one counts. Arena-Hard v0.1 rejects replies that hold two different ones.
 */
export function parseGradedVerdict(reply: string): GradedVerdict {
  const last = [...reply.matchAll(/\[\[(A>>B|A>B|A=B|B=A|B>A|B>>A)\]\]/g)].at(-1)?.[1];
  if (last === undefined) return { winner: "error", weight: 1 };
  if (last.includes("=")) return { winner: "tie", weight: 1 };
  return { winner: last.startsWith("A") ? "first" : "second", weight: last.includes(">>") ? 3 : 1 };
}
