import { dirname, join, resolve } from "node:path";
import { type RunConfig, parseConfig } from "../config/index.ts";
import { MOST_TEST_PROMPT_BYTES, readTestPrompts } from "../protocol/testPromptsSchema.ts";
import { ConfigError } from "../protocol/errors.ts";
import { TEST_PROMPTS_FILE } from "../protocol/testPrompts.ts";
import { diskError } from "../storage/disk.ts";
import { inputExistsSync, readInput } from "../storage/inputs.ts";

/** Largest run config that is read, in bytes. */
const MOST_CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Checks the text of a run config, and that the files it names are there.
 * @throws {ConfigError} when something in it is wrong.
 */
export function parseConfigFile(text: string, file: string): RunConfig {
  return parseConfig(text, file, { folder: resolve(dirname(file)), exists: inputExistsSync });
}

/**
 * Text of a run config, without a byte order mark: editors show none, and count columns without it.
 * @throws {DataError} when it is too large, or a pipe, a device or a socket.
 * @throws {DiskError} when it cannot be read.
 */
export async function readConfigText(file: string): Promise<string> {
  const bytes = await readInput(file, MOST_CONFIG_BYTES);
  if (bytes === undefined) throw diskError("read config", file, "ENOENT");
  return new TextDecoder().decode(bytes);
}

/**
 * Reads and checks a run config, files it names included.
 * @throws {DataError} {DiskError} when it cannot be read.
 * @throws {ConfigError} when something in it is wrong.
 */
export async function readConfigFile(file: string): Promise<RunConfig> {
  return parseConfigFile(await readConfigText(file), file);
}

/**
 * The same for a run of it: with the test prompts that stand beside it, if any do.
 * @throws {DataError} {DiskError} {ConfigError} as {@link readConfigFile}.
 */
export async function readRunConfig(file: string): Promise<RunConfig> {
  return withTestPrompts(await readConfigFile(file), file);
}

/**
 * A config with the test prompts in the file beside it, which each of its models is to answer.
 * @throws {ConfigError} naming every line that does not fit. @throws {DataError} {DiskError} when it cannot be read.
 */
export async function withTestPrompts(config: RunConfig, file: string): Promise<RunConfig> {
  const place = join(dirname(resolve(file)), TEST_PROMPTS_FILE);
  const bytes = await readInput(place, MOST_TEST_PROMPT_BYTES);
  if (bytes === undefined) return config;
  const { prompts, issues } = readTestPrompts(bytes.toString("utf8"), place);
  if (issues.length > 0) throw new ConfigError(issues);
  return prompts.length === 0 ? config : { ...config, testPrompts: prompts };
}
