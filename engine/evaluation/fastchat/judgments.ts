import { type GameWinner, type Verdict, verdictOf } from "../judges/judge.ts";
import type { Comparison } from "../winRates.ts";
import type { PairJudgment, RecordWinner, SingleJudgment } from "./records.ts";

/**
 * Comparisons of model a with model b among pair judgments, whichever of the two a record names first; records of
 * other pairs are left out. The question is the cluster, so the turns of one question stay together.
 */
export function comparisonsOf(judgments: readonly PairJudgment[], a: string, b: string): readonly Comparison[] {
  return judgments.flatMap((record) => {
    const sides = sidesOf(record, a, b);
    if (sides === undefined) return [];
    const games = [sides[record.g1_winner], sides[record.g2_winner]] as const;
    const { outcome } = verdictOf([{ winner: games[0] }, { winner: games[1] }]);
    const { question_id, turn, category } = record;
    return [{ prompt: String(question_id), outcome, games, turn, ...(category !== undefined && { category }) }];
  });
}

/** Fields that a line of a judgment file has beside the verdict. */
export type JudgmentContext = Pick<
  PairJudgment,
  "question_id" | "model_1" | "model_2" | "judge" | "turn" | "category" | "tstamp"
>;

/** A verdict, with a as `model_1`, as the record that FastChat writes and reads. */
export function pairJudgment({ games: [one, two] }: Verdict, context: JudgmentContext): PairJudgment {
  const names = { a: "model_1", b: "model_2", tie: "tie", error: "error" } as const;
  return {
    question_id: context.question_id,
    model_1: context.model_1,
    model_2: context.model_2,
    g1_winner: names[one.winner],
    g2_winner: names[two.winner],
    judge: context.judge,
    g1_user_prompt: one.userPrompt ?? "",
    g1_judgment: one.judgment ?? "",
    g2_user_prompt: two.userPrompt ?? "",
    g2_judgment: two.judgment ?? "",
    turn: context.turn,
    ...(context.category !== undefined && { category: context.category }),
    tstamp: context.tstamp,
  };
}

/**
 * The grades of both answers, as the records that FastChat writes and reads, a grade a judge. Both games show the judge the
 * same; the second one's count where the first failed.
 */
export function singleJudgments({ games }: Verdict, context: JudgmentContext): readonly SingleJudgment[] {
  const models = { a: context.model_1, b: context.model_2 } as const;
  const records = games.flatMap(({ grades = [] }) =>
    grades.map(({ answer, judge, score, userPrompt, judgment }) => ({
      ...{ question_id: context.question_id, model: models[answer], judge, user_prompt: userPrompt, judgment },
      ...{ score: score ?? NO_GRADE, turn: context.turn, tstamp: context.tstamp },
    })),
  );
  return gradedOnce(records);
}

/** Each answer once by each judge, though it stood in several games or pairs: the first grade that is one, else none. */
export function gradedOnce(judgments: readonly SingleJudgment[]): readonly SingleJudgment[] {
  const byAnswer = Map.groupBy(judgments, ({ question_id: id, model, judge, turn }) =>
    JSON.stringify([id, model, judge[0], turn]),
  );
  return [...byAnswer.values()].flatMap((of) => of.find(isGraded) ?? of.slice(0, 1));
}

/** FastChat's word for an answer without a grade. */
const NO_GRADE = -1;

/** False for an answer that the judge gave no grade. */
export function isGraded({ score }: Pick<SingleJudgment, "score">): boolean {
  return score !== NO_GRADE;
}

function sidesOf(record: PairJudgment, a: string, b: string): Readonly<Record<RecordWinner, GameWinner>> | undefined {
  if (record.model_1 === a && record.model_2 === b) return { model_1: "a", model_2: "b", tie: "tie", error: "error" };
  if (record.model_1 === b && record.model_2 === a) return { model_1: "b", model_2: "a", tie: "tie", error: "error" };
  return undefined;
}
