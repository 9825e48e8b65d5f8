import { legacyStage } from "../../engine/protocol/legacyStages.ts";
import type { PlannedStage, PlanOutput } from "../../engine/protocol/toolOutput.ts";

/** A stage of a plan, its facts read from an id such as "seed-2/salsa (β 0.1)"; to do, unless more is said. */
export function planned(id: string, more: Partial<PlannedStage> = {}): PlannedStage {
  const cost = { parameters: 1e6, memoryBytes: 1, estimatedSeconds: 60 };
  return { ...legacyStage(id), ...cost, key: "", cached: false, ...more };
}

/** The backend of a plan: with the limit of 32-bit addresses, or with none. */
export function plannedBackend(name: "wasm" | "tfjs" = "wasm"): PlanOutput["backend"] {
  const limits = name === "wasm" ? { maxBytes: 4 * 2 ** 30 } : {};
  return { name, title: name, device: "cpu", deviceName: "wasm, 2 threads", limits, reason: "asked for" };
}
