import { studentQuantile } from "../../figures/distributions.ts";
import type { SingleJudgment } from "../fastchat/records.ts";
import { clustersOf } from "../statistics/clusters.ts";
import { clusteredVariance, mean } from "../statistics/mean.ts";
import { NONE, type Sheet } from "./sheet.ts";

/**
 * Mean grades of models, best first, over all turns and by turn, as FastChat's `show_result --mode single` has them: answers
 * whose judge gave no grade are left out. The interval is Student's over questions, whose turns depend on each other.
 */
export function gradesSheet(judgments: readonly SingleJudgment[]): Sheet {
  const turns = [...new Set(judgments.map(({ turn }) => turn))].sort((a, b) => a - b);
  const parts = turns.length > 1 ? turns : [];
  const byModel = [...Map.groupBy(judgments, ({ judge, model }) => JSON.stringify([judge, model])).values()];
  const rows = byModel.map((of) => ({ of, grade: meanGrade(of) }));
  rows.sort((one, other) => other.grade - one.grade || 0);
  return {
    columns: [
      ...["judge", "model"].map((header) => ({ header, align: "left" }) as const),
      ...[...parts.map((turn) => `turn ${turn}`), "grade", "95 % interval", "n", "without a grade"].map(
        (header) => ({ header, align: "right" }) as const,
      ),
    ],
    rows: rows.map(({ of, grade }) => {
      const byTurn = parts.map((turn) => shown(meanGrade(of.filter((one) => one.turn === turn))));
      const graded = of.filter(isGraded);
      const [{ judge, model } = { judge: NONE, model: NONE }] = of;
      return [judge, model, ...byTurn, shown(grade), intervalOf(graded), graded.length, of.length - graded.length];
    }),
  };
}

/** FastChat writes −1 where it found none. */
const isGraded = ({ score }: SingleJudgment): boolean => score !== -1;

const meanGrade = (of: readonly SingleJudgment[]): number => mean(of.filter(isGraded).map(({ score }) => score));

const shown = (grade: number): string => (Number.isFinite(grade) ? grade.toFixed(2) : NONE);

function intervalOf(graded: readonly SingleJudgment[]): string {
  const grades = graded.map(({ score }) => score);
  const questions = clustersOf(graded.map(({ question_id: id }) => String(id)));
  const half = studentQuantile(0.95, questions.count - 1) * Math.sqrt(clusteredVariance(grades, questions));
  return Number.isFinite(half) ? `${shown(mean(grades) - half)} to ${shown(mean(grades) + half)}` : NONE;
}
