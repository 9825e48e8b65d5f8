import type { ConfigName } from "./tool.ts";

/** Most configs named in the error when none matches. */
const MOST_NAMED = 20;

/**
 * The config that a language model means: by its path from the workspace, its whole path, or its file's name where only
 * one has it.
 *
 * @throws {Error} when it is none of the workspace's: models do not use what the user does not see.
 */
export function findConfig(configs: readonly ConfigName[], named: string): ConfigName {
  const ofThatName = configs.filter(({ name }) => fileName(name) === named);
  const found =
    configs.find(({ file, name }) => name === named || file === named) ??
    (ofThatName.length === 1 ? ofThatName[0] : undefined);
  if (found !== undefined) return found;
  const known = configs.slice(0, MOST_NAMED).map(({ name }) => name);
  const hint = known.length === 0 ? "There are none." : `There are ${known.join(", ")}.`;
  throw new Error(`${JSON.stringify(named)} is not a run config of this workspace. ${hint}`);
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
