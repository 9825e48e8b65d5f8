import { type GameWinner, type Verdict, verdictOf } from "../judges/judge.ts";
import type { Comparison } from "../winRates.ts";
import type { PairJudgment, RecordWinner } from "./records.ts";

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

function sidesOf(record: PairJudgment, a: string, b: string): Readonly<Record<RecordWinner, GameWinner>> | undefined {
  if (record.model_1 === a && record.model_2 === b) return { model_1: "a", model_2: "b", tie: "tie", error: "error" };
  if (record.model_1 === b && record.model_2 === a) return { model_1: "b", model_2: "a", tie: "tie", error: "error" };
  return undefined;
}
