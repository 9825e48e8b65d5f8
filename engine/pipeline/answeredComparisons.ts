import { markdownOf } from "../evaluation/statistics/style.ts";
import type { Comparison } from "../evaluation/winRates.ts";
import type { BenchmarkAnswer } from "../storage/formats/answers.ts";

type Answer = Pick<BenchmarkAnswer, "question" | "text">;

/**
 * Comparisons with what their answers say: they depend on each other wherever their question reads the same, also on
 * several lines of its file, and each answer has so much Markdown in it.
 */
export function answeredComparisons(
  rows: readonly Comparison[],
  ours: readonly Answer[],
  theirs: readonly Answer[],
): readonly Comparison[] {
  return rows.map((row) => {
    const [a, b] = [ours[Number(row.prompt)], theirs[Number(row.prompt)]];
    const marks = a === undefined || b === undefined ? undefined : ([markdownOf(a.text), markdownOf(b.text)] as const);
    return { ...row, prompt: a?.question ?? row.prompt, ...(marks !== undefined && { marks }) };
  });
}
