import type { StageInfo } from "./stages.ts";

/** Kinds of stages that make an arm's policy: by training it, or by a choice among candidates. */
const KINDS: ReadonlySet<string> = new Set(["rlhf", "dpo", "choice"]);

/** True if a stage makes an arm's policy, or belongs to one of its candidates. */
export function isOfArm({ kind, role }: Pick<StageInfo, "kind" | "role">): boolean {
  return role !== "result" || KINDS.has(kind);
}
