import type { Judge } from "./judge.ts";
import { scoreJudge, type ScoreJudgeSettings } from "./score.ts";

/**
 * Judges by a task's gold score, which for a generated task is the truth. Margin 0 calls only equal scores a tie.
 */
export const gold = {
  name: "gold",
  description: "the task's own gold score; the higher one wins",
  tieMargin: 0,
  create: (settings: ScoreJudgeSettings): Judge => scoreJudge("gold", settings),
} as const;
