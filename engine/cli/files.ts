import { writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { RunConfig } from "../config/index.ts";
import { DataError, DiskError } from "../protocol/errors.ts";
import { parseConfigFile, readConfigText, withTestPrompts } from "../server/configFile.ts";
import { configsIn, rootsFor } from "../server/mcp/configs.ts";
import { RUN_FILE, readDescription } from "../storage/formats/runDescription.ts";
import { inputExistsSync } from "../storage/inputs.ts";
import { placeBelow } from "../storage/places.ts";
import { foldersWith } from "../storage/reading.ts";
import { UsageError } from "./command.ts";

/** Most folders that a message names. */
const MOST_NAMED = 3;

/** Runtime settings that a command line may put over those of the config. */
export interface RuntimeOverrides {
  readonly directory?: string;
  readonly threads?: number;
  readonly backend?: RunConfig["runtime"]["backend"];
  readonly device?: string;
}

/**
 * Reads and checks a run config, files it names and test prompts beside it included.
 *
 * @throws {UsageError} when it cannot be read.
 * @throws {ConfigError} when something in it is wrong.
 */
export async function loadConfig(file: string, overrides: RuntimeOverrides = {}): Promise<RunConfig> {
  const config = await withTestPrompts(parseConfigFile(await readText(file), file), file);
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
    const found = [resolve(named), join(runs, named)].find((folder) => inputExistsSync(join(folder, RUN_FILE)));
    if (found !== undefined) return found;
  }
  const known = await runFolders(directory);
  const [latest] = known;
  if (latest === undefined) {
    const others = (await directoriesBelow(directory)).slice(0, MOST_NAMED);
    const where = others.length === 0 ? "" : `: there are runs in ${others.join(", ")}`;
    const which = named === undefined ? "" : ` ${JSON.stringify(named)}, nor any other,`;
    throw new UsageError(`there is no run${which} in ${runs}; start one with salsa run, or give --directory${where}`);
  }
  if (named === undefined) return latest;
  const names = known.slice(0, 5).map((one) => basename(one));
  throw new UsageError(`there is no run ${JSON.stringify(named)}; latest are ${names.join(", ")}`);
}

/** Folders that hold runs of the configs further down. */
async function directoriesBelow(directory: string): Promise<readonly string[]> {
  const configs = await configsIn([dirname(resolve(directory))]).catch((error: unknown) => {
    if (error instanceof DataError || error instanceof DiskError) return []; // too many files, or none to be read
    throw error;
  });
  const folders = await rootsFor([], configs);
  const held = await Promise.all(folders.map(async (folder) => (await runFolders(folder).catch(() => [])).length > 0));
  return folders.filter((_, at) => held[at]);
}

/**
 * Folder of a run: as `findRun`, or the latest run of a config that is named by its file.
 *
 * @throws {UsageError} when there is none.
 */
export async function findRunOf(directory: string, named: string | undefined): Promise<string> {
  if (named === undefined || !/\.jsonc?$/.test(named)) return findRun(directory, named);
  const file = resolve(named);
  const { runtime } = await loadConfig(file);
  for (const folder of await runFolders(runtime.directory)) {
    const { configFile } = await readDescription(folder);
    if (resolve(configFile) === file) return folder;
  }
  throw new UsageError(`${named} has no run yet; start one with salsa run ${named}`);
}

async function readText(file: string): Promise<string> {
  if (!inputExistsSync(file)) throw new UsageError(`${file}: there is no such file; correct the path`);
  try {
    return await readConfigText(file);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

/** @throws {UsageError} when the file cannot be written. */
export async function writeText(file: string, text: string): Promise<void> {
  await writeBytes(file, text);
}

/** @throws {UsageError} when the file cannot be written. */
export async function writeBytes(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new UsageError(`${file}: cannot be written (${code}); check the path and its permissions`, { cause: error });
  }
}

/** Latest first. */
async function runFolders(directory: string): Promise<string[]> {
  const runs = await foldersWith(placeBelow(directory, "runs"), RUN_FILE);
  return [...runs].sort((a, b) => b.time - a.time || (a.folder < b.folder ? 1 : -1)).map(({ folder }) => folder);
}
