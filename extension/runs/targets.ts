import { trainsArm } from "../../engine/protocol/armStages.ts";
import type { DashboardView } from "../../engine/protocol/dashboard.ts";
import type { StageState } from "../../engine/protocol/runState.ts";
import { stagesOfArm } from "./arms.ts";

/** Part of the dashboard that a click on a line of a run shows. */
export interface LineTarget {
  readonly view: DashboardView;
  /** Of the curves only those of these stages; all if it is empty. */
  readonly stages: readonly string[];
}

/** An arm's curves, those of its candidates included. */
export function armTarget(stages: readonly StageState[], name: string): LineTarget {
  const own = stagesOfArm(stages, { name }).filter(({ role }) => role !== "validation");
  return { view: "metrics", stages: own.map(({ id }) => id) };
}

/** The output of a stage: answers, judgments or curves; of one that has none of them, its place in the pipeline. */
export function stageTarget({ id, kind }: StageState): LineTarget {
  if (trainsArm({ kind })) return { view: "metrics", stages: [id] };
  switch (kind) {
    case "answers":
      return { view: "samples", stages: [] };
    case "judgments":
      return { view: "winRates", stages: [] };
    case "base":
    case "sft":
    case "reward":
      return { view: "metrics", stages: [id] };
    default:
      return { view: "pipeline", stages: [] };
  }
}

/** Reads a target as a line of the view passes it to a command. */
export function readTarget(value: unknown): LineTarget | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { view, stages } = value as Partial<LineTarget>;
  return typeof view === "string" && Array.isArray(stages) ? { view, stages } : undefined;
}
