import type { StageState } from "../../engine/protocol/runState.ts";
import { t } from "../localize.ts";

/** Runs that are named at once. */
const MOST_NAMED = 2;

/** Names the runs that made cached stages: "from demo-1"; empty where none is known. */
export function originText(stages: readonly Pick<StageState, "from">[]): string {
  const runs = [...new Set(stages.flatMap(({ from }) => (from === undefined ? [] : [from.run])))];
  if (runs.length === 0) return "";
  const named = runs.slice(0, MOST_NAMED).join(", ");
  return runs.length > MOST_NAMED ? t("from {0} and others", named) : t("from {0}", named);
}
