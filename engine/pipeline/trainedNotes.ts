import { OPENRLHF_VERSION } from "../cluster/openrlhf/flags.ts";
import type { RunConfig } from "../config/index.ts";
import type { Table } from "../protocol/events.ts";
import { openRlhfNames, trainerDifferences } from "./openrlhf/trainerPlan.ts";
import type { ResolvedRecipe } from "./resolve.ts";

/** Begins the note under the tables of a run with models of another trainer, whatever its version. */
const START = "Trained by OpenRLHF ";

/** Lines under every table that models of another trainer have gone into: which, and what it does otherwise. */
export function trainedNotes(config: RunConfig, { stages }: Pick<ResolvedRecipe, "stages">): readonly string[] {
  const placed = stages.map(({ info, placement }) => ({ ...info, placement }));
  const names = openRlhfNames(placed);
  if (names.length === 0) return [];
  return [
    `${START}${OPENRLHF_VERSION}: ${names.join(", ")}. What it does otherwise than this engine:`,
    ...trainerDifferences(config, placed).map((text) => `– ${text}.`),
  ];
}

/** The same lines as a run has recorded them; none where this engine has trained everything. */
export function recordedTrainedNotes(tables: readonly Pick<Table, "note">[]): readonly string[] {
  for (const { note } of tables) {
    const lines = note?.split("\n") ?? [];
    const at = lines.findIndex((line) => line.startsWith(START));
    if (at >= 0) return lines.slice(at);
  }
  return [];
}
