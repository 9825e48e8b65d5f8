import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** True where the system has pipes with names, which `mkfifo` makes. */
export const HAS_PIPES = process.platform !== "win32";

/** Puts a pipe that nobody writes to in the place of a file. */
export async function putPipe(file: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  execFileSync("mkfifo", [file]);
}

/** Puts a link in the place of a file or folder. */
export async function putLink(file: string, target: string): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.symlink(target, file);
}

/** A folder of runs, and one beside it that nothing may be written to, read from or removed from. */
export interface Surroundings {
  /** `.salsa` */
  readonly root: string;
  readonly outside: string;
}

/** Works with a root and something outside of it. @returns Names of everything that is outside in the end, sorted. */
export async function besideOthers(work: (around: Surroundings) => Promise<void>): Promise<readonly string[]> {
  return inTemporaryFolder(async (folder) => {
    const outside = path.join(folder, "outside");
    await fs.mkdir(outside);
    await work({ root: path.join(folder, ".salsa"), outside });
    return (await fs.readdir(outside, { recursive: true })).sort();
  });
}
