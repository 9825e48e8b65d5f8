import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { RunConfig } from "../config/index.ts";
import { parseConfigFile } from "../server/configFile.ts";
import { UsageError } from "./command.ts";

/** Runtime settings that a command line may put over those of the config. */
export interface RuntimeOverrides {
  readonly directory?: string;
  readonly threads?: number;
  readonly backend?: RunConfig["runtime"]["backend"];
}

/**
 * Reads and checks a run config, files it names included.
 *
 * @throws {UsageError} when it cannot be read.
 * @throws {ConfigError} when something in it is wrong.
 */
export async function loadConfig(file: string, overrides: RuntimeOverrides = {}): Promise<RunConfig> {
  const config = parseConfigFile(await readText(file), file);
  return { ...config, runtime: { ...config.runtime, ...overrides } };
}

/**
 * Folder of a run: given by its path, by its id, or the latest.
 *
 * @throws {UsageError} when there is none.
 */
export async function findRun(directory: string, named: string | undefined): Promise<string> {
  const runs = join(directory, "runs");
  if (named !== undefined) {
    const found = [resolve(named), join(runs, named)].find((folder) => existsSync(join(folder, "run.json")));
    if (found !== undefined) return found;
    const known = await runFolders(runs);
    const hint =
      known.length === 0
        ? `${runs} holds no run`
        : `latest are ${known
            .slice(0, 5)
            .map((one) => basename(one))
            .join(", ")}`;
    throw new UsageError(`there is no run ${JSON.stringify(named)}; ${hint}`);
  }
  const [latest] = await runFolders(runs);
  if (latest === undefined)
    throw new UsageError(`there is no run in ${runs}; start one with salsa run, or give --directory`);
  return latest;
}

/** @throws {UsageError} when the file cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file}: ${readProblem(error)}`, { cause: error });
  }
}

/** @throws {UsageError} when the file cannot be written. */
export async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${file}: cannot be written (${code}); check the path and its permissions`, { cause: error });
  }
}

/** Latest first. */
async function runFolders(runs: string): Promise<string[]> {
  const entries = existsSync(runs) ? await readdir(runs) : [];
  const started = await Promise.all(
    entries.map(async (id) => {
      const record = join(runs, id, "run.json");
      return existsSync(record) ? { folder: join(runs, id), time: (await stat(record)).birthtimeMs } : undefined;
    }),
  );
  return started
    .filter((run) => run !== undefined)
    .sort((a, b) => b.time - a.time || (a.folder < b.folder ? 1 : -1))
    .map(({ folder }) => folder);
}

function readProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file; correct the path";
  if (code === "EISDIR") return "is a folder; name the file in it";
  if (code === "EACCES") return "may not be read; change its permissions";
  return `cannot be read (${String(code)})`;
}
