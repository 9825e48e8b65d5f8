import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { ResolvedStage } from "../resolve.ts";
import type { StageInputs } from "../stage.ts";
import type { rewardModel } from "../stages/rewardModel.ts";
import type { rlhf } from "../stages/rlhf.ts";
import type { sft } from "../stages/sft.ts";

/** A stage that another trainer makes, with its slice of the config and its inputs. */
export type TrainedStage =
  | Trained<"sft", typeof sft>
  | Trained<"reward", typeof rewardModel>
  | Trained<"rlhf", typeof rlhf>;

/** A declared stage that is sent there, with its inputs: the recipe has declared it with this slice and these inputs. */
export function trainedStageOf(
  { info, declared }: Pick<ResolvedStage, "info" | "declared">,
  inputs: StageInputs,
): TrainedStage {
  return { kind: info.kind, slice: declared.slice, inputs } as unknown as TrainedStage;
}

interface Trained<K extends TrainedKind, S extends { run(...args: never): unknown }> {
  readonly kind: K;
  readonly slice: Parameters<S["run"]>[1];
  readonly inputs: Parameters<S["run"]>[2];
}
