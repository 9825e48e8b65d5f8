import { legacyStage } from "../../../engine/protocol/legacyStages.ts";
import type { StageState } from "../../../engine/protocol/runState.ts";

/** A stage's state, its facts read from an id such as "seed-2/salsa (β 0.1)"; waiting, unless more is said. */
export function stageState(id: string, more: Partial<StageState> = {}): StageState {
  return { ...legacyStage(id), key: "", status: "waiting", step: 0, total: 0, ...more };
}
