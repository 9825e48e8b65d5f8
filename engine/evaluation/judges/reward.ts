import { scoreJudgeKind } from "./score.ts";

/**
 * Judges by a reward model's score. If PPO was trained on the same reward model, the verdict favours the policy that
 * exploits it most: use a model that training has not seen.
 *
 * Only equal scores tie. FastChat's margin of 0.1 (`TIE_DELTA`) is on grades from 1 to 10 that are nearly always whole
 * numbers, where it, too, calls only equal ones a tie.
 */
export const reward = scoreJudgeKind({
  name: "reward",
  title: "reward model",
  description: "the run's reward model, which the policies were trained to please",
  needs: ["reward"],
  score: ({ scores }) => scores.reward,
});
