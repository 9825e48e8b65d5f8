import type { SeatWinner } from "./judge.ts";
import { type Judge, twoGameJudge } from "./judge.ts";

/** How good an answer is; higher is better, NaN is no score. */
export type Score = (prompt: string, response: string) => number | Promise<number>;

/** What a judge that compares scores needs. */
export interface ScoreJudgeSettings {
  readonly score: Score;
  /** Scores at most this far apart are a tie. */
  readonly tieMargin: number;
}

/**
 * A judge that prefers the higher score. Its two games agree by construction; an answer without a finite score is
 * an error.
 */
export function scoreJudge(name: string, { score, tieMargin }: ScoreJudgeSettings): Judge {
  return twoGameJudge(name, async (prompt, first, second) => ({
    winner: winnerByScore(await score(prompt, first), await score(prompt, second), tieMargin),
  }));
}

function winnerByScore(first: number, second: number, tieMargin: number): SeatWinner {
  if (!Number.isFinite(first) || !Number.isFinite(second)) return "error";
  if (Math.abs(first - second) <= tieMargin) return "tie";
  return first > second ? "first" : "second";
}
