import { basename, join } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { RUN_FILE, type RunDescription, readDescription } from "../../storage/formats/runDescription.ts";
import { entryAt, placeIn, placeInChecked } from "../../storage/places.ts";
import { EVENTS_FILE, newerProblem } from "../../storage/runLog.ts";

/** The part of a run's run.json that is kept for as long as the run is listed: a few short texts. */
export interface ListedRunFacts {
  readonly id: string;
  readonly name: string;
  /** Empty when it is not known. */
  readonly configFile: string;
  /** SHA-256 of the config file as it was, in hexadecimal. */
  readonly configHash?: string;
  /** When run.json was written, in milliseconds since 1970. */
  readonly writtenAt: number;
  readonly problem?: string;
}

/**
 * A run as its run.json describes it, as far as this version can read it. It may take a hundred megabytes, and a folder
 * from somebody else may hold any number of them: nobody keeps it.
 */
export interface DescribedRun {
  readonly facts: ListedRunFacts;
  /** Absent when run.json cannot be read at all. */
  readonly description?: RunDescription;
}

/** Reads run.json; undefined when there is none. Everything else that is wrong becomes the problem. */
export async function readRunFacts(folder: string): Promise<DescribedRun | undefined> {
  const id = basename(folder);
  const file = join(folder, RUN_FILE);
  const found = await entryAt(placeIn(folder, RUN_FILE));
  if (found === undefined) return undefined;
  const unread = { id, name: id, configFile: "", writtenAt: found.mtimeMs };
  let description: RunDescription;
  try {
    description = await readDescription(folder);
  } catch (error) {
    if (error instanceof Error) return { facts: { ...unread, problem: error.message } };
    throw error;
  }
  const { config, configFile, configHash, salsa } = description;
  const source = { configFile, ...(configHash !== undefined && { configHash }) };
  if (config !== undefined && configFile !== "") {
    return { facts: { ...unread, name: config.name, ...source }, description };
  }
  const by = salsa === "" ? "" : ` (SALSA ${salsa})`;
  const problem = newerProblem(`${file}${by} has a config that does not fit`);
  return { facts: { ...unread, ...source, problem }, description };
}

/** The config of a run. @throws {DataError} when it cannot be read. */
export function configOf({ description, facts: { problem } }: DescribedRun, folder: string): RunConfig {
  if (description?.config !== undefined && problem === undefined) return description.config;
  const remedy = "start the run again from its config file";
  throw new DataError(problem ?? "has no config", { file: join(folder, RUN_FILE), remedy });
}

/**
 * Fingerprint of a run's folder, which changes as files come and go and its log grows; undefined when there is no folder.
 * @throws {DataError} when a folder above it, below the root, is a link.
 */
export async function stampOf(folder: string): Promise<string | undefined> {
  const own = await entryAt(placeIn(folder));
  if (own?.isDirectory() !== true) return undefined;
  const events = await entryAt(placeInChecked(folder, EVENTS_FILE));
  return [own.ino, own.mtimeMs, events?.ino, events?.size, events?.mtimeMs].join();
}
