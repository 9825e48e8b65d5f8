import type { TrainedKind } from "../../cluster/openrlhf/refusals.ts";
import type { rewardModel } from "../stages/rewardModel.ts";
import type { rlhf } from "../stages/rlhf.ts";
import type { sft } from "../stages/sft.ts";

/** A stage that OpenRLHF trains, with its slice of the config and its inputs. */
export type OpenRlhfStage =
  Trained<"sft", typeof sft> | Trained<"reward", typeof rewardModel> | Trained<"rlhf", typeof rlhf>;

interface Trained<K extends TrainedKind, S extends { run(...args: never): unknown }> {
  readonly kind: K;
  readonly slice: Parameters<S["run"]>[1];
  readonly inputs: Parameters<S["run"]>[2];
}
