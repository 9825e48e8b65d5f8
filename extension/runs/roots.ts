import { dirname, join, resolve } from "node:path";

/** The folder of runs and artifacts unless a config names another. */
const DEFAULT = ".salsa";

/**
 * The folder of runs and artifacts of a config.
 *
 * @param configFile - Absolute path.
 * @param text - As it is on disk, however broken.
 */
export async function rootOf(configFile: string, text: string): Promise<string> {
  // Loaded on first use, to keep activation short.
  const { nodeFinder, readSyntax } = await import("../../engine/config/syntax.ts");
  const directory = nodeFinder(readSyntax(text).root)(["runtime", "directory"])?.value as unknown;
  return resolve(dirname(configFile), typeof directory === "string" && directory !== "" ? directory : DEFAULT);
}

/** Every folder to look for runs in, each once, sorted: those of the configs, and those of folders without one. */
export function rootsOf(configRoots: Iterable<string>, folders: readonly string[]): readonly string[] {
  return [...new Set([...configRoots, ...folders.map((folder) => join(folder, DEFAULT))])].sort();
}
