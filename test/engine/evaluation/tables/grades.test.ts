import assert from "node:assert/strict";
import { gradedOnce } from "../../../../engine/evaluation/fastchat/judgments.ts";
import { readSingleJudgment } from "../../../../engine/evaluation/fastchat/records.ts";
import { type GradedAnswer, gradesSheet } from "../../../../engine/evaluation/tables/grades.ts";

const NINE = [-1, 0, 1].flatMap((row) => [-1, 0, 1].map((column) => [row, column] as const));

const answer = (model: string, question: number, score: number, more: Partial<GradedAnswer> = {}): GradedAnswer => ({
  ...{ benchmark: "mt", model, judge: ["judge-1", "single-v1"], question: `q${question}`, turn: 1, score },
  ...more,
});

describe("mean grades", () => {
  it("are clustered by question and seed, with a line for each seed before that over all, best model first", () => {
    // Over nine answers V_seed = V_question = 1/3 and V_both = 1/6, so the mean has √½, times t(2) = 4.303.
    const good = NINE.map(([seed, question]) => answer("good", question, 5 + seed + question, { seed: 2 + seed }));
    const bad = NINE.map(([seed, question]) => answer("bad", question, 2, { seed: 2 + seed }));
    const { columns, rows } = gradesSheet([...bad, ...good]);
    assert.deepEqual(
      columns.map(({ header }) => header),
      ["benchmark", "judge", "model", "seed", "grade", "95 % interval", "n", "without a grade"],
    );
    assert.deepEqual(
      rows.filter(([, , model]) => model === "good").map((row) => row.slice(3)),
      [
        [1, "4.00", "1.52 to 6.48", 3, 0],
        [2, "5.00", "2.52 to 7.48", 3, 0],
        [3, "6.00", "3.52 to 8.48", 3, 0],
        ["all", "5.00", "1.96 to 8.04", 9, 0],
      ],
    );
    // Grades that are all the same show no spread, and none is made up.
    assert.deepEqual(rows.at(-1), ["mt", "judge-1", "bad", "all", "2.00", "–", 9, 0]);
  });

  it("are kept apart by benchmark and by judge of a panel", () => {
    const grades = [
      answer("m", 1, 4),
      answer("m", 2, 6),
      answer("m", 1, 9, { judge: ["judge-2", "single-v1"] }),
      answer("m", 1, 8, { benchmark: "other" }),
    ];
    assert.deepEqual(
      gradesSheet(grades).rows.map((row) => row.slice(0, 4)),
      [
        ["mt", "judge-2", "m", "9.00"],
        ["mt", "judge-1", "m", "5.00"],
        ["other", "judge-1", "m", "8.00"],
      ],
    );
  });

  it("count an answer once by each judge, and by a grade where one of its games has one", () => {
    const record = (model: string, score: number, judge = "judge-1"): ReturnType<typeof readSingleJudgment> =>
      readSingleJudgment({
        ...{ question_id: 1, model, judge: [judge, "single-v1"], user_prompt: "p", judgment: "j", score, tstamp: 0 },
      });
    const [none, seven, six, ofOther] = [record("a", -1), record("a", 7), record("a", 6), record("a", 3, "judge-2")];
    assert.deepEqual(gradedOnce([none, seven, six, ofOther, record("b", -1)]), [seven, ofOther, record("b", -1)]);
  });
});
