import type { StageState } from "../../engine/protocol/runState.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { fromCatalogue } from "../localize.ts";

/** Display name of a run's stage; its id if the run's stages are not known. */
export function nameOfStage(run: { readonly stages: readonly StageState[] } | undefined, id: string): string {
  return stageNames(run?.stages ?? [], fromCatalogue)(id);
}
