import { openRlhfRefusals } from "../cluster/openrlhf/refusals.ts";
import type { Complaint } from "./complaint.ts";
import type { RunConfig } from "./resolved.ts";
import { TRAINED_KINDS, useOf } from "./trainer.ts";

/** Settings that the trainer which a config asks for cannot do; which one "auto" takes shows when sizes are known. */
export function checkTrainer(config: RunConfig): readonly Complaint[] {
  const { cluster } = config.runtime;
  if (cluster === undefined) return [];
  const kinds = TRAINED_KINDS.filter((kind) => useOf(cluster.trainer, kind) === "openrlhf");
  return openRlhfRefusals(config, kinds);
}
