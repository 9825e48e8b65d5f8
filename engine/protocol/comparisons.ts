import type { ComparisonRow } from "./verdicts.ts";

/** Outcomes in the words of votes. */
export const VERDICTS = { win: "a", loss: "b", tie: "tie" } as const;

/** True if the two games name different winners, as a judge that looks at the seat would. */
export function isFlip([one, two]: ComparisonRow["games"]): boolean {
  return (one.winner === "a" && two.winner === "b") || (one.winner === "b" && two.winner === "a");
}
