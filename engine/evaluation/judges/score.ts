import { nonNegative, optionalSetting } from "../../config/setting.ts";
import type { Judge, JudgedAnswer, SeatWinner } from "./judge.ts";
import type { JudgeKind } from "./kind.ts";

/** How good an answer is; higher is better, undefined and NaN are no score. */
export type Score = (answer: JudgedAnswer) => number | undefined;

/** Settings of every judge that compares scores. */
export interface ScoreJudgeSettings {
  /** Scores at most this far apart are a tie. */
  readonly tieMargin: number;
}

const settings = {
  tieMargin: optionalSetting(nonNegative(), {
    description: "Score differences up to this are ties",
    unit: "score",
    otherwise: "the judge's own: 0, so that only equal scores tie",
  }),
};

/** A kind of judge that prefers the higher score. Margin 0 calls only equal scores a tie. */
export function scoreJudgeKind<const Name extends string>(
  kind: Pick<JudgeKind, "title" | "description" | "needs"> & { readonly name: Name; readonly score: Score },
): JudgeKind<ScoreJudgeSettings> & { readonly name: Name; readonly settings: typeof settings } {
  const { score, ...texts } = kind;
  return {
    ...texts,
    settings,
    defaults: { tieMargin: 0 },
    isReproducible: true,
    validationScore: score,
    create: ({ tieMargin }) => scoreJudge(score, tieMargin),
  };
}

/**
 * A judge that answers at once: its two games agree by construction, and an answer without a finite score is an
 * error.
 */
function scoreJudge(score: Score, tieMargin: number): Judge {
  return {
    concurrency: 1,
    play: ({ first, second }) => ({ winner: winnerByScore(score(first), score(second), tieMargin) }),
  };
}

function winnerByScore(first = NaN, second = NaN, tieMargin: number): SeatWinner {
  if (!Number.isFinite(first) || !Number.isFinite(second)) return "error";
  if (Math.abs(first - second) <= tieMargin) return "tie";
  return first > second ? "first" : "second";
}
