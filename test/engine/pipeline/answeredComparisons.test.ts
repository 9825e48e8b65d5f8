import assert from "node:assert/strict";
import { winRateTable } from "../../../engine/evaluation/table.ts";
import type { Comparison } from "../../../engine/evaluation/winRates.ts";
import { answeredComparisons } from "../../../engine/pipeline/answeredComparisons.ts";

const QUESTIONS = ["one?", "two?", "one?", "three?", "four?", "five?"];

const rows = QUESTIONS.map((_, at): Comparison => {
  return { prompt: String(at), outcome: at % 2 === 0 ? "win" : "loss", lengths: [10 + at, 12] };
});
const answers = (text: (at: number) => string): { question: string; text: string }[] =>
  QUESTIONS.map((question, at) => ({ question, text: text(at) }));

describe("comparisons with what their answers say", () => {
  it("depend on each other where their question reads the same, on whatever line", () => {
    const joined = answeredComparisons(rows, answers(String), answers(String));
    assert.deepEqual(
      joined.map(({ prompt }) => prompt),
      QUESTIONS,
    );
    const [row] = winRateTable([{ benchmark: "in", a: "x", b: "y", comparisons: joined }]);
    assert.equal(row?.nQuestions, 5);
  });

  it("count the Markdown of each side, from which the rate at equal style is made", () => {
    const marked = answers((at) => (at % 2 === 0 ? "# Title\n- **bold**" : "plain"));
    const joined = answeredComparisons(
      rows,
      marked,
      answers(() => "- plain"),
    );
    const plain = { headers: 0, lists: 1, bold: 0 };
    assert.deepEqual(joined[0]?.marks, [{ headers: 1, lists: 1, bold: 1 }, plain]);
    assert.deepEqual(joined[1]?.marks, [{ headers: 0, lists: 0, bold: 0 }, plain]);
    const [row] = winRateTable([{ benchmark: "in", a: "x", b: "y", comparisons: joined }]);
    assert.ok(row?.styleControlled !== undefined && row.styleControlled > 0 && row.styleControlled < 1);
  });

  it("stay as they are where answers are missing", () => {
    assert.deepEqual(answeredComparisons(rows, [], []), rows);
  });
});
