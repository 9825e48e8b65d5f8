import { join, posix, win32 } from "node:path";
import { isOnOtherMachine } from "../../engine/common/childEnvironment.ts";

/** The folder of runs and artifacts unless a config names another. */
const DEFAULT = ".salsa";

/**
 * The folder of runs and artifacts of a config.
 *
 * @param configFile - Absolute path.
 * @param text - As it is on disk, however broken. A folder on a server that it names is not looked at: a workspace that
 * is only opened could name one.
 */
export async function rootOf(
  configFile: string,
  text: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string> {
  // Loaded on first use, to keep activation short.
  const { nodeFinder, readSyntax } = await import("../../engine/config/syntax.ts");
  const directory = nodeFinder(readSyntax(text).root)(["runtime", "directory"])?.value as unknown;
  const system = platform === "win32" ? win32 : posix;
  const rootAt = (folder: string): string => system.resolve(system.dirname(configFile), folder);
  const root = rootAt(typeof directory === "string" && directory !== "" ? directory : DEFAULT);
  return isOnOtherMachine(root, configFile, platform) ? rootAt(DEFAULT) : root;
}

/** Every folder to look for runs in, each once, sorted: those of the configs, and those of folders without one. */
export function rootsOf(configRoots: Iterable<string>, folders: readonly string[]): readonly string[] {
  return [...new Set([...configRoots, ...folders.map((folder) => join(folder, DEFAULT))])].sort();
}
