import type { StageState } from "../../engine/protocol/runState.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { fromCatalogue } from "../localize.ts";

/** Name of a run's stage for people; without the run's stages its id. */
export function nameOfStage(run: { readonly stages: readonly StageState[] } | undefined, id: string): string {
  return stageNames(run?.stages ?? [], fromCatalogue)(id);
}
