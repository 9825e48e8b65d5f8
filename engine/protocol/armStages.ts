import type { StageInfo } from "./stages.ts";

/** Kinds of stages that train a policy. Add that of a new algorithm here: graph, curves and tables follow. */
const TRAININGS: ReadonlySet<string> = new Set(["rlhf", "dpo"]);

/** True if a stage trains an arm's policy, or one of its candidates. */
export function trainsArm({ kind }: Pick<StageInfo, "kind">): boolean {
  return TRAININGS.has(kind);
}

/** True if a stage makes an arm's policy, by training it or by a choice, or belongs to one of its candidates. */
export function isOfArm({ kind, role }: Pick<StageInfo, "kind" | "role">): boolean {
  // A rung of successive halving decides about several arms.
  return kind !== "halving" && (role !== "result" || kind === "choice" || TRAININGS.has(kind));
}
