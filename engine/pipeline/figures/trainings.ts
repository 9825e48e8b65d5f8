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

/** Every training of the arms, candidates for β included, by arm and β in ascending order. */
export function betaTrainings({ roles, state }: Pick<FigureFacts, "roles" | "state">): readonly BetaTraining[] {
  return roles.flatMap((arm) => {
    const own = state.stages.filter(({ product, kind }) => product === arm.name && kind === "rlhf");
    const byBeta = Map.groupBy(own, ({ beta }) => beta ?? arm.betas[0] ?? NaN);
    return [...byBeta]
      .filter(([beta]) => Number.isFinite(beta))
      .map(([beta, stages]): BetaTraining => ({ arm, beta, stages }))
      .toSorted((a, b) => a.beta - b.beta);
  });
}

/** A metric over the last tenth of the iterations, an entry a recorded iteration, for each base seed that recorded it. */
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
