import { lastTenth } from "../../figures/index.ts";
import type { StageState } from "../../protocol/runState.ts";
import type { FigureFacts } from "./facts.ts";
import type { ArmRole } from "./roles.ts";

/** A training of an arm with one β, in every base seed. */
export interface BetaTraining {
  readonly arm: ArmRole;
  readonly beta: number;
  readonly stages: readonly StageState[];
}

/** Kinds of stages that train an arm as a whole. */
const TRAININGS: readonly string[] = ["rlhf", "dpo"];

/** Every training of the arms, candidates for β included, by arm and β in ascending order. */
export function betaTrainings({ roles, state }: Pick<FigureFacts, "roles" | "state">): readonly BetaTraining[] {
  return roles.flatMap((arm) => {
    const own = state.stages.filter(({ product, kind }) => product === arm.name && TRAININGS.includes(kind));
    const byBeta = Map.groupBy(own, ({ beta }) => beta ?? arm.betas[0] ?? NaN);
    return [...byBeta]
      .filter(([beta]) => Number.isFinite(beta))
      .map(([beta, stages]): BetaTraining => ({ arm, beta, stages }))
      .toSorted((a, b) => a.beta - b.beta);
  });
}

/**
 * Scores by the reward model at the end of a training, for each base seed: of PPO's rollouts an entry a recorded iteration;
 * of DPO an entry an answer of the final policy to the validation prompts, or with one β to the first benchmark.
 */
export async function lastScores(training: BetaTraining, facts: FigureFacts): Promise<readonly (readonly number[])[]> {
  const { arm, beta } = training;
  if (arm.method === "ppo") return lastValues(training, "objective/score", facts.state);
  const [benchmark] = facts.config.evaluation.benchmarks;
  const bySeed: (readonly number[])[] = [];
  for (const stage of facts.state.stages) {
    if (stage.kind !== "answers" || stage.product !== arm.name) continue;
    const isOwn =
      arm.betas.length > 1
        ? stage.role === "validation" && stage.beta === beta
        : stage.role === "result" && stage.benchmark === benchmark;
    const rewards = isOwn ? (await facts.answers(stage))?.rewards : undefined;
    if (rewards !== undefined && rewards.length > 0) bySeed.push(rewards);
  }
  return bySeed;
}

/**
 * A metric over the last tenth of the times that it was recorded, an entry each, for each base seed: PPO records its
 * iterations, DPO, which makes no rollouts, the answers that it samples twenty times.
 */
export function lastValues(
  { stages }: BetaTraining,
  metric: string,
  { metrics }: FigureFacts["state"],
): readonly (readonly number[])[] {
  return stages.flatMap(({ id }) => {
    const values = lastTenth(metrics[id]?.[metric]?.values ?? []);
    return values.length === 0 ? [] : [values];
  });
}
