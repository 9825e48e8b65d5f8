import { basename } from "node:path";
import type { Table as WinRates } from "../../evaluation/table.ts";
import type { RunConfig } from "../../config/index.ts";
import type { RunState } from "../../protocol/runState.ts";
import { type RunDescription, readRunnable } from "../../storage/formats/runDescription.ts";
import { type SampleHead, readLastSamples } from "../../storage/formats/samples.ts";
import { readRunState } from "../../storage/runHistory.ts";
import { readWinRates } from "../winRateFile.ts";
import { type ArmChoice, readChoices } from "./choices.ts";

/** A run's origin, from its run.json; what an older version did not write is empty. */
export type Origin = Omit<RunDescription, "config" | "configFile">;

/** Everything that a report is written from. */
export interface RunFacts {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly origin: Origin;
  readonly state: RunState;
  readonly choices: readonly ArmChoice[];
  /** Rows with every digit; none while there is no table. */
  readonly winRates: WinRates;
  /** Rollouts of each stage's last kept step. */
  readonly samples: readonly SampleHead[];
}

/**
 * Reads a run's folder, whatever state the run is in.
 * @throws {DataError} when there is no run in it, or what it holds cannot be read.
 */
export async function readFacts(folder: string): Promise<RunFacts> {
  const { config, configFile, ...origin } = await readRunnable(folder);
  const state = await readRunState(folder);
  return {
    id: basename(folder),
    folder,
    config,
    configFile,
    origin,
    state,
    choices: await readChoices(folder, state),
    winRates: (await readWinRates(folder)) ?? [],
    samples: await readLastSamples(folder),
  };
}
