import type { RunSummary } from "../../../engine/protocol/service.ts";
import { summary as named } from "../commands/summaries.ts";

/** A run of which only the given values matter. */
export function summary(given: Partial<RunSummary>): RunSummary {
  return named(given.id ?? "demo-1", given);
}
