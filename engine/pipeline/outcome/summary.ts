import { basename, dirname } from "node:path";
import { runProgress } from "../../protocol/runProgress.ts";
import type { RunState } from "../../protocol/runState.ts";
import type { RunResultLine, RunSummary } from "../../protocol/service.ts";

/** The folder of runs and artifacts that a run lies in. @param folder - `<root>/runs/<id>`. */
export function rootOf(folder: string): string {
  return dirname(dirname(folder));
}

/** Parts of a summary. */
export interface SummaryParts {
  readonly folder: string;
  readonly facts: Pick<RunSummary, "name" | "configFile" | "configHash">;
  /** With or without curves. */
  readonly state: RunState;
  readonly createdAt: number;
  readonly result?: RunResultLine | undefined;
  readonly problem?: string | undefined;
}

/** A run in one line. */
export function summaryOf({ folder, facts, state, createdAt, result, problem }: SummaryParts): RunSummary {
  const { status, device, ahead, reason, download, waits, startedAt, updatedAt, alarms, failure, tables } = state;
  const { pausedSeconds, pausedSince } = state;
  const alarm = alarms[alarms.length - 1];
  return {
    folder,
    root: rootOf(folder),
    id: basename(folder),
    name: facts.name,
    configFile: facts.configFile,
    ...(facts.configHash !== undefined && { configHash: facts.configHash }),
    status,
    device,
    ...(ahead !== undefined && { ahead }),
    ...(reason !== undefined && { reason }),
    ...(download !== undefined && { download }),
    ...(waits !== undefined && { waits }),
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(updatedAt !== undefined && { updatedAt }),
    ...(pausedSeconds !== undefined && { pausedSeconds }),
    ...(pausedSince !== undefined && { pausedSince }),
    progress: runProgress(state),
    nAlarms: alarms.length,
    ...(alarm !== undefined && { alarm }),
    ...(failure !== undefined && { failure }),
    tables: tables.map(({ name }) => name),
    ...(result !== undefined && { result }),
    ...(problem !== undefined && { problem }),
  };
}
