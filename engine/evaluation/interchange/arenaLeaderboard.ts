import type { Battle } from "../statistics/battles.ts";
import { bradleyTerry, expectedWinRate } from "../statistics/bradleyTerry.ts";
import type { ArenaForm, ArenaJudgment, ArenaScore } from "./arenaJudgments.ts";

/** A `>>` or `<<` counts this often. */
const STRONG = 3;

/** A model's line of an Arena-Hard leaderboard. */
export interface ArenaLine {
  readonly model: string;
  /** Fraction of wins against the baseline; NaN where there is none. */
  readonly score: number;
  /** Judgments that count. */
  readonly n: number;
}

/**
 * Scores as arena-hard-auto's show_result computes them, best first, the baseline included.
 *
 * Until April 2025: Bradley–Terry over the battles of all models, a strong verdict three times, and from it the win rate
 * against the baseline; a game without a verdict is left out. Since: the mean of a model's points, a strong verdict
 * three times; a judgment of which one game has no verdict is left out. (Its own printed score is the mean of 100
 * bootstrap draws of that.)
 */
export function arenaLeaderboard(judgments: readonly ArenaJudgment[], form: ArenaForm): readonly ArenaLine[] {
  const baseline = judgments[0]?.baseline ?? "";
  const lines = form === "before" ? byStrength(judgments, baseline) : byMean(judgments);
  return [...lines, { model: baseline, score: 0.5, n: 0 }].sort((one, other) => other.score - one.score || 0);
}

function byStrength(judgments: readonly ArenaJudgment[], baseline: string): ArenaLine[] {
  const battles = judgments.flatMap(battlesOf);
  const ratings = bradleyTerry(battles, baseline);
  const anchor = ratings.get(baseline)?.estimate ?? 1000;
  return [...Map.groupBy(judgments, ({ model }) => model)].map(([model, of]) => ({
    model,
    score: expectedWinRate(ratings.get(model)?.estimate ?? NaN, anchor),
    n: of.filter(({ scores }) => scores.some((score) => score !== null)).length,
  }));
}

function battlesOf({ questionId, model, baseline, scores }: ArenaJudgment): readonly Battle[] {
  return pointsOf(scores).map(({ points, weight }) => {
    return { a: model, b: baseline, points, weight, question: String(questionId) };
  });
}

function byMean(judgments: readonly ArenaJudgment[]): ArenaLine[] {
  return [...Map.groupBy(judgments, ({ model }) => model)].map(([model, of]) => {
    const whole = of.filter(({ scores }) => scores.every((score) => score !== null));
    const all = whole.flatMap(({ scores }) => pointsOf(scores));
    const weight = all.reduce((sum, one) => sum + one.weight, 0);
    const points = all.reduce((sum, one) => sum + one.weight * one.points, 0);
    return { model, score: points / weight, n: whole.length };
  });
}

/** Points of the model in each game that has a verdict: in the first it sits in seat B, in the second in A. */
function pointsOf(scores: ArenaJudgment["scores"]): readonly { readonly points: number; readonly weight: number }[] {
  return scores.flatMap((score, game) => {
    if (score === null) return [];
    const ofA = pointsOfA(score);
    return [{ points: game === 0 ? 1 - ofA : ofA, weight: /[<>]{2}/.test(score) ? STRONG : 1 }];
  });
}

function pointsOfA(score: ArenaScore): number {
  if (score === "A=B") return 0.5;
  return score.startsWith("A") ? 1 : 0;
}
