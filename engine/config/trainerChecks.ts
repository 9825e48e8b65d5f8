import { openRlhfRefusals } from "../cluster/openrlhf/refusals.ts";
import type { Complaint } from "./complaint.ts";
import type { RunConfig } from "./resolved.ts";

/** Settings that the trainer which a config asks for cannot do; which one "auto" takes shows when sizes are known. */
export function checkTrainer(config: RunConfig): readonly Complaint[] {
  return config.runtime.cluster?.trainer.use === "openrlhf" ? openRlhfRefusals(config) : [];
}
