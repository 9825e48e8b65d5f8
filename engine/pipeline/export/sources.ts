import { dirname } from "node:path";
import type { RunState } from "../../protocol/runState.ts";
import { runTitle } from "../../protocol/runTitle.ts";
import { readRunnable } from "../../storage/formats/runDescription.ts";
import { readRunState } from "../../storage/runHistory.ts";
import { type StageCurves, readStageCurves, withBorrowed } from "../../storage/stageRecords.ts";
import type { ExportedRun } from "./table.ts";

/**
 * Reads a run, whatever state it is in, with the curves of stages that earlier runs made.
 *
 * @param folder - Of the run.
 * @param all - Folders of all runs that are exported together.
 * @throws {DataError} when there is no run in the folder, or its log cannot be read.
 */
export async function readExported(folder: string, all: readonly string[]): Promise<ExportedRun> {
  const { config } = await readRunnable(folder);
  const root = dirname(dirname(folder));
  const own = await readRunState(folder);
  const state = withBorrowed(own, await borrowedCurves(root, own));
  return { title: runTitle(folder, all), folder, root, config, state };
}

async function borrowedCurves(root: string, { stages }: RunState): Promise<ReadonlyMap<string, StageCurves>> {
  const found = new Map<string, StageCurves>();
  for (const { id, key, status } of stages) {
    const curves = status === "cached" ? await readStageCurves(root, key) : undefined;
    if (curves !== undefined) found.set(id, curves);
  }
  return found;
}
