import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type RunConfig, parseConfig } from "../config/index.ts";
import { onDisk } from "../storage/disk.ts";

/**
 * Checks the text of a run config, and that the files it names are there.
 * @throws {ConfigError} when something in it is wrong.
 */
export function parseConfigFile(text: string, file: string): RunConfig {
  return parseConfig(text, file, { folder: resolve(dirname(file)), exists: existsSync });
}

/**
 * Reads and checks a run config, files it names included.
 * @throws {DiskError} when it cannot be read.
 * @throws {ConfigError} when something in it is wrong.
 */
export async function readConfigFile(file: string): Promise<RunConfig> {
  return parseConfigFile(await onDisk("read config", file, () => readFile(file, "utf8")), file);
}
