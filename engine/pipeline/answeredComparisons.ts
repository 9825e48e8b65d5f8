import type { SingleJudgment } from "../evaluation/fastchat/records.ts";
import { markdownOf } from "../evaluation/statistics/style.ts";
import type { GradedAnswer } from "../evaluation/tables/grades.ts";
import type { Comparison } from "../evaluation/winRates.ts";
import type { BenchmarkAnswer } from "../storage/formats/answers.ts";

type Answer = Pick<BenchmarkAnswer, "question" | "text"> &
  Partial<Pick<BenchmarkAnswer, "questionId" | "turn" | "category">>;

/**
 * Comparisons with what their answers say: they depend on each other wherever their question reads the same, also on
 * several lines of its file and in several turns, and each answer has so much Markdown in it.
 */
export function answeredComparisons(
  rows: readonly Comparison[],
  ours: readonly Answer[],
  theirs: readonly Answer[],
): readonly Comparison[] {
  const firstTurns = new Map(
    ours.flatMap(({ questionId, turn, question }) => (turn === 1 ? [[questionId, question]] : [])),
  );
  return rows.map((row) => {
    const [a, b] = [ours[Number(row.prompt)], theirs[Number(row.prompt)]];
    const marks = a === undefined || b === undefined ? undefined : ([markdownOf(a.text), markdownOf(b.text)] as const);
    const { turn, category } = a ?? {};
    const prompt = (turn === undefined ? undefined : firstTurns.get(a?.questionId)) ?? a?.question ?? row.prompt;
    return {
      ...row,
      prompt,
      ...(turn !== undefined && { turn }),
      ...(category !== undefined && { category }),
      ...(marks !== undefined && { marks }),
    };
  });
}

/** Grades with what they depend on: as of comparisons, how the question reads. */
export function gradedAnswers(
  grades: readonly SingleJudgment[],
  answers: readonly Pick<BenchmarkAnswer, "prompt" | "question" | "questionId" | "turn">[],
  place: Pick<GradedAnswer, "benchmark" | "seed"> = {},
): readonly GradedAnswer[] {
  const questions = new Map(
    answers.flatMap(({ prompt, question, questionId, turn = 1 }) =>
      turn === 1 ? [[String(questionId ?? prompt), question]] : [],
    ),
  );
  return grades.map((grade) => {
    const id = String(grade.question_id);
    return { ...grade, ...place, question: questions.get(id) ?? id };
  });
}
