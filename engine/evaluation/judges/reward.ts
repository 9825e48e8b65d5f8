import type { Judge } from "./judge.ts";
import { scoreJudge, type ScoreJudgeSettings } from "./score.ts";

/**
 * Judges by a reward model's score. If PPO was trained on the same reward model the verdict flatters whoever fooled
 * it most: use a model that training has not seen. Scores within 0.1 tie, as in FastChat's comparison of grades
 * (`TIE_DELTA`).
 */
export const reward = {
  name: "reward",
  description: "a reward model's score; the higher one wins",
  tieMargin: 0.1,
  create: (settings: ScoreJudgeSettings): Judge => scoreJudge("reward", settings),
} as const;
