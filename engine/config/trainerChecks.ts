import { openRlhfRefusals } from "../cluster/openrlhf/refusals.ts";
import type { Complaint } from "./complaint.ts";
import type { RunConfig } from "./resolved.ts";
import { variantsOf } from "./sweeps/variants.ts";
import { type TrainedKind, TRAINED_KINDS, useOf } from "./trainer.ts";

/** Settings that the trainer which a config asks for cannot do; which one "auto" takes shows when sizes are known. */
export function checkTrainer(config: RunConfig): readonly Complaint[] {
  const { cluster } = config.runtime;
  if (cluster === undefined) return [];
  const kinds = TRAINED_KINDS.filter((kind) => useOf(cluster.trainer, kind) === "openrlhf");
  return trainerRefusals(config, kinds);
}

/** Everything that OpenRLHF cannot do of a config, at any value of its grids. */
export function trainerRefusals(config: RunConfig, kinds: readonly TrainedKind[]): readonly Complaint[] {
  const all = variantsOf(config).flatMap((one) => openRlhfRefusals(one, kinds));
  return [...new Map(all.map((one) => [JSON.stringify([one.path, one.message]), one])).values()];
}
