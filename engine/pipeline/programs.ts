import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Environment, localFolders } from "../common/childEnvironment.ts";
import { isInside } from "../storage/isInside.ts";

/** Where programs are looked for. */
export interface Search {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** Folder whose files are not to be run. */
  readonly workspace: string;
}

/**
 * Files that may be the program of that name, in the order of PATH: never in the workspace, in a folder that PATH names
 * relatively, or on another machine. On Windows that is an .exe, since others are run by a shell.
 */
export function programCandidates(name: string, { env, platform, workspace }: Search): readonly string[] {
  const system = platform === "win32" ? path.win32 : path.posix;
  const list = Object.entries(env).find(
    ([key]) => key === "PATH" || (platform === "win32" && /^path$/i.test(key)),
  )?.[1];
  return localFolders(list ?? "", platform)
    .filter((folder) => !isInside(workspace, folder, platform))
    .map((folder) => system.join(folder, platform === "win32" ? `${name}.exe` : name));
}

/** The program of that name to run for a workspace; undefined where there is none. */
export async function findProgram(name: string, workspace: string): Promise<string | undefined> {
  const search: Search = { env: process.env, platform: process.platform, workspace };
  for (const file of programCandidates(name, search)) {
    const real = await fs.realpath(file).catch(() => undefined);
    if (real !== undefined && !isInside(workspace, real, process.platform) && (await isProgram(real))) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await fs.access(file, constants.X_OK);
    return (await fs.stat(file)).isFile();
  } catch {
    return false;
  }
}
