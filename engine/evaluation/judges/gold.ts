import { scoreJudgeKind } from "./score.ts";

/** Judges by a task's gold score, which for a generated task is the truth. */
export const gold = scoreJudgeKind({
  name: "gold",
  title: "gold score",
  description: "the task's own true score, which only built-in tasks have",
  needs: ["gold"],
  score: ({ scores }) => scores.gold,
});
