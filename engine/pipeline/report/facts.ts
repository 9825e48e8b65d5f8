import { basename, dirname } from "node:path";
import type { Table as WinRates } from "../../evaluation/table.ts";
import type { RunConfig } from "../../config/index.ts";
import type { RunState } from "../../protocol/runState.ts";
import { type RunDescription, readRunnable } from "../../storage/formats/runDescription.ts";
import { type SampleHead, readLastSamples } from "../../storage/formats/samples.ts";
import { readRunState } from "../../storage/runHistory.ts";
import { recordFolder } from "../../storage/recordFolder.ts";
import { readStageCurves } from "../../storage/stageRecords.ts";
import { readWinRates } from "../winRateFile.ts";
import { type ArmChoice, readChoices } from "./choices.ts";

/** A run's origin, from its run.json; fields that an older version did not write are empty. */
export type Origin = Omit<RunDescription, "config" | "configFile">;

/** Everything that a report is written from. */
export interface RunFacts {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly origin: Origin;
  /** With the curves of stages that earlier runs made, as far as their records are there. */
  readonly state: RunState;
  readonly choices: readonly ArmChoice[];
  /** Rows with every digit; none while there is no table. */
  readonly winRates: WinRates;
  /** Rollouts of each stage's last kept step. */
  readonly samples: readonly SampleHead[];
}

/**
 * Reads a run's folder, whatever state the run is in.
 * @throws {DataError} when there is no run in it, or its content cannot be read.
 */
export async function readFacts(folder: string): Promise<RunFacts> {
  const { config, configFile, ...origin } = await readRunnable(folder);
  const state = await readRunState(folder);
  const samples = [...(await readLastSamples(folder)), ...(await takeRecords(dirname(dirname(folder)), state))];
  return {
    id: basename(folder),
    folder,
    config,
    configFile,
    origin,
    state,
    choices: await readChoices(folder, state),
    winRates: (await readWinRates(folder)) ?? [],
    samples,
  };
}

/**
 * Adds the curves of cached stages to a run's state, from the records beside their artifacts.
 * @returns The last rollouts of these stages.
 */
async function takeRecords(root: string, state: RunState): Promise<SampleHead[]> {
  const samples: SampleHead[] = [];
  for (const stage of state.stages) {
    const record = stage.status === "cached" ? await readStageCurves(root, stage.key) : undefined;
    if (record === undefined) continue;
    stage.from = { run: record.run };
    if (Object.keys(record.metrics).length > 0) state.metrics[stage.id] = record.metrics;
    const last = await readLastSamples(recordFolder(root, stage.key));
    samples.push(...last.map((sample) => ({ ...sample, stage: stage.id })));
  }
  return samples;
}
