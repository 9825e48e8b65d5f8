import { TRAINERS } from "../cluster/trainers.ts";
import type { Complaint } from "./complaint.ts";
import type { RunConfig } from "./resolved.ts";
import { variantsOf } from "./sweeps/variants.ts";
import { type TrainedKind, TRAINED_KINDS } from "./trainedKinds.ts";
import { useOf } from "./trainer.ts";

/** Settings that the trainers which a config asks for cannot do; which one "auto" takes shows when sizes are known. */
export function checkTrainer(config: RunConfig): readonly Complaint[] {
  const { cluster } = config.runtime;
  if (cluster === undefined) return [];
  return TRAINERS.flatMap((trainer) =>
    trainerRefusals(
      trainer,
      config,
      TRAINED_KINDS.filter((kind) => useOf(cluster.trainer, kind).use === trainer.name),
    ),
  );
}

/** Everything that a trainer cannot do of a config, at any value of its grids. */
export function trainerRefusals(
  { refusals }: Pick<(typeof TRAINERS)[number], "refusals">,
  config: RunConfig,
  kinds: readonly TrainedKind[],
): readonly Complaint[] {
  const all = variantsOf(config).flatMap((one) => refusals(one, kinds));
  return [...new Map(all.map((one) => [JSON.stringify([one.path, one.message]), one])).values()];
}
