import { isOfArm } from "../../protocol/armStages.ts";
import type { RunResultLine } from "../../protocol/service.ts";
import type { StageInfo } from "../../protocol/stages.ts";
import type { StageState } from "../../protocol/runState.ts";
import { type LastValues, endsOf } from "../../storage/runLog.ts";
import { borrowedCurves } from "../../storage/stageRecords.ts";

/** Scores of a run's arms that its win rates do not depend on, and where they come from. */
export interface ArmScores {
  readonly by: Exclude<NonNullable<RunResultLine["among"]>["by"], "winRate">;
  /** Mean over the base seeds, by arm. */
  readonly scores: ReadonlyMap<string, number>;
}

/** Metrics that arms are compared by, the most telling first; none of them is of a benchmark's prompts. */
const BASES = [
  { by: "validation", metric: "choice/score" },
  { by: "training", metric: "objective/gold" },
  { by: "training", metric: "objective/score" },
] as const;

/**
 * The scores of some arms by which the best of them can be chosen: those on the validation split where every arm has one,
 * else the last of their trainings; undefined where neither is known of all of them.
 * `lastValues` gives those of a stage's metrics, by its id; `isShared` is false of metrics of which the arms have no common scale.
 */
export function armScores(
  arms: ReadonlySet<string>,
  stages: readonly Pick<StageInfo, "id" | "kind" | "product" | "role">[],
  lastValues: (stage: string) => LastValues | undefined,
  isShared: (metric: string) => boolean = () => true,
): ArmScores | undefined {
  const own = stages.filter((stage) => stage.role === "result" && arms.has(stage.product) && isOfArm(stage));
  for (const { by, metric } of BASES) {
    if (!isShared(metric)) continue;
    const scores = new Map<string, number>();
    for (const [arm, trainings] of Map.groupBy(own, ({ product }) => product)) {
      const values = trainings.map(({ id }) => lastValues(id)?.[metric] ?? NaN);
      scores.set(arm, values.reduce((sum, value) => sum + value, 0) / values.length);
    }
    if (scores.size === arms.size && [...scores.values()].every(Number.isFinite)) return { by, scores };
  }
  return undefined;
}

/**
 * The last values of the arms' stages that a run took from an earlier one, by stage: they are recorded beside the artifacts.
 *
 * @param root - The folder of runs and artifacts: `.salsa`.
 * @throws {DiskError}
 */
export async function borrowedValues(
  root: string,
  stages: readonly StageState[],
): Promise<ReadonlyMap<string, LastValues>> {
  const curves = await borrowedCurves(
    root,
    stages.filter((stage) => stage.role === "result" && isOfArm(stage)),
  );
  return new Map([...curves].map(([id, { metrics }]) => [id, endsOf(metrics)]));
}
