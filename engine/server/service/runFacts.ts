import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { errorCode, onDisk } from "../../storage/disk.ts";
import { type JsonObject, isJsonObject } from "../../storage/json.ts";
import { readRun } from "../../storage/runFolder.ts";
import { newerProblem } from "./runLog.ts";

const RUN_FILE = "run.json";

/** What a run's run.json tells, as far as this version can read it. */
export interface RunFacts {
  readonly id: string;
  readonly name: string;
  /** Empty when it is not told. */
  readonly configFile: string;
  /** When run.json was written, in milliseconds since 1970. */
  readonly writtenAt: number;
  /** All of run.json; empty when it cannot be read. */
  readonly record: JsonObject;
  /** Absent when it is not what this version can read. */
  readonly config?: RunConfig;
  readonly problem?: string;
}

/** Reads run.json; undefined when there is none. Whatever else is wrong is told as the problem. */
export async function readRunFacts(folder: string): Promise<RunFacts | undefined> {
  const id = basename(folder);
  const file = join(folder, RUN_FILE);
  const found = await statIfThere(file);
  if (found === undefined) return undefined;
  const unread = { id, name: id, configFile: "", writtenAt: found.mtimeMs, record: {} };
  let record: JsonObject;
  try {
    record = await readRun(folder);
  } catch (error) {
    if (error instanceof Error) return { ...unread, problem: error.message };
    throw error;
  }
  const { config, configFile, salsa } = record;
  if (!isRunConfig(config) || typeof configFile !== "string") {
    const by = typeof salsa === "string" ? ` (SALSA ${salsa})` : "";
    const problem = newerProblem(`${file}${by} has a config that does not fit`);
    return { ...unread, configFile: typeof configFile === "string" ? configFile : "", record, problem };
  }
  return { ...unread, name: config.name, configFile, record, config };
}

/** The config of a run. @throws {DataError} when it cannot be read. */
export function configOf({ config, problem }: RunFacts, folder: string): RunConfig {
  if (config !== undefined) return config;
  const remedy = "start the run again from its config file";
  throw new DataError(problem ?? "has no config", { file: join(folder, RUN_FILE), remedy });
}

/** What every part of the service relies on; the engine's own check is of config files and not of resolved configs. */
function isRunConfig(value: unknown): value is RunConfig {
  if (!isJsonObject(value)) return false;
  const { name, seeds, arms, evaluation, runtime, model } = value;
  if (typeof name !== "string" || !Array.isArray(seeds) || !isJsonObject(arms) || !isJsonObject(model)) return false;
  return isJsonObject(evaluation) && typeof evaluation["judge"] === "string" && isJsonObject(runtime);
}

/** Size and times of a file or folder; undefined when there is none. */
export async function statIfThere(
  file: string,
): Promise<{ readonly size: number; readonly mtimeMs: number; readonly ino: number } | undefined> {
  return onDisk("look at", file, async () => {
    try {
      return await stat(file);
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
      throw error;
    }
  });
}
