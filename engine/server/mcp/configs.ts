import { dirname, join, relative, sep } from "node:path";
import { isOnOtherMachine } from "../../common/childEnvironment.ts";
import { inputTree } from "../../storage/inputs.ts";
import type { ConfigName } from "../../tools/tool.ts";
import { readConfigFile } from "../configFile.ts";

const ENDING = ".salsa.json";
const DEFAULT_ROOT = ".salsa";

/**
 * Run configs in folders and below, but for packages and what begins with a dot; each is named by its path from the
 * first of the folders that holds it.
 * @throws {DataError} when a folder holds too much to be gone through.
 */
export async function configsIn(folders: readonly string[]): Promise<readonly ConfigName[]> {
  const found = new Map<string, ConfigName>();
  for (const folder of folders) {
    const isWanted = (name: string, isFolder: boolean): boolean =>
      isFolder ? name !== "node_modules" : name.endsWith(ENDING);
    for (const file of await inputTree(folder, isWanted, { isSearch: true })) {
      const name = relative(folder, file).split(sep).join("/");
      if (!found.has(file)) found.set(file, { file, name });
    }
  }
  return [...found.values()];
}

/** Folders of runs: those of the configs, and those of the folders themselves. */
export async function rootsFor(folders: readonly string[], configs: readonly ConfigName[]): Promise<readonly string[]> {
  const own = await Promise.all(configs.map(({ file }) => rootOfConfig(file)));
  return [...new Set([...own, ...folders.map((folder) => join(folder, DEFAULT_ROOT))])].sort();
}

/** A config with mistakes keeps its runs beside it, and so does one that names a folder on another machine. */
async function rootOfConfig(file: string): Promise<string> {
  const beside = join(dirname(file), DEFAULT_ROOT);
  try {
    const { directory } = (await readConfigFile(file)).runtime;
    return isOnOtherMachine(directory, file, process.platform) ? beside : directory;
  } catch {
    return beside;
  }
}
