import type { Outcome } from "../../../engine/evaluation/judges/judge.ts";
import type { Comparison } from "../../../engine/evaluation/winRates.ts";

/** Comparisons of different prompts that end as counted. */
export function comparisonsOf(counts: Readonly<Record<Outcome, number>>): readonly Comparison[] {
  const outcomes = Object.entries(counts) as [Outcome, number][];
  return outcomes
    .flatMap(([outcome, n]) => Array.from({ length: n }, () => outcome))
    .map((outcome, at) => ({ prompt: String(at), outcome }));
}
