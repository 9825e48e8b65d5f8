import { releaseOf } from "../cluster/trainer/trainer.ts";
import { TRAINERS } from "../cluster/trainers.ts";
import type { RunConfig } from "../config/index.ts";
import type { Table } from "../protocol/events.ts";
import { sentNames, trainerDifferences, trainersIn } from "./trainer/trainerPlan.ts";
import type { ResolvedRecipe } from "./resolve.ts";

/** Begins the note under the tables of a run with models of another trainer, whatever its version. */
const STARTS: readonly string[] = TRAINERS.map(({ title }) => `Trained by ${title} `);

/** Lines under every table that models of another trainer have gone into: which, and what it does otherwise. */
export function trainedNotes(config: RunConfig, { stages }: Pick<ResolvedRecipe, "stages">): readonly string[] {
  const placed = stages.map(({ info, placement }) => ({ ...info, placement }));
  return trainersIn(placed).flatMap((trainer) => [
    `Trained by ${releaseOf(trainer)}: ${sentNames(trainer, placed).join(", ")}. What it does otherwise than this engine:`,
    ...trainerDifferences(trainer, config, placed).map((text) => `– ${text}.`),
  ]);
}

/** The same lines as a run has recorded them; none where this engine has trained everything. */
export function recordedTrainedNotes(tables: readonly Pick<Table, "note">[]): readonly string[] {
  for (const { note } of tables) {
    const lines = note?.split("\n") ?? [];
    const at = lines.findIndex((line) => STARTS.some((start) => line.startsWith(start)));
    if (at >= 0) return lines.slice(at);
  }
  return [];
}
