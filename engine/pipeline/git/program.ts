import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { simpleGit } from "simple-git";
import { type Environment, childEnvironment, localFolders } from "../../protocol/childEnvironment.ts";

/** Milliseconds without output after which a command is ended: a repository may hold a pipe where git expects a file. */
const GIT_TIMEOUT_MS = 10_000;
/** Most bytes of a short answer, such as a commit. */
const SHORT = 65_536;

/** Git writes nothing into the repository, asks nobody, and fetches nothing by any protocol. */
const GUARDS = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  LC_ALL: "C",
} as const;

/** How a git command is run. */
export interface GitOptions {
  /** The program, absolute. */
  readonly program: string;
  /** Added to the environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Most bytes of output; the command is ended when it has printed more. */
  readonly most?: number;
}

/** Output of a git command; `isWhole` is false where it was longer than allowed. */
export interface GitOutput {
  readonly text: string;
  readonly isWhole: boolean;
}

/**
 * Runs git with an environment of our own, outside of the workspace.
 * @throws {GitError} of simple-git, when the command fails or is silent for too long.
 */
export async function runGit(
  args: readonly string[],
  { program, variables = {}, most = SHORT }: GitOptions,
): Promise<GitOutput> {
  const added = { ...GUARDS, ...variables };
  const abort = new AbortController();
  const kept: Buffer[] = [];
  let bytes = 0;
  const git = simpleGit({
    abort: abort.signal,
    allowEnvironment: Object.keys(added),
    baseDir: tmpdir(),
    binary: program,
    // Not a while after the exit, as by default: on a busy machine, output may still be on its way.
    completion: { onClose: true, onExit: false },
    config: ["safe.bareRepository=explicit"],
    timeout: { block: GIT_TIMEOUT_MS },
    // Paths in the arguments and the program's own are ours.
    unsafe: { allowUnsafeCustomBinary: true, allowUnsafeConfigPaths: true },
  })
    .env({ ...childEnvironment(process.env, process.platform), ...added })
    .outputHandler((_command, stdout) => {
      stdout.on("data", (chunk: Buffer) => {
        if (bytes <= most) kept.push(chunk);
        bytes += chunk.length;
        if (bytes > most) abort.abort();
      });
    });
  try {
    await git.raw([...args]);
  } catch (error) {
    if (bytes <= most) throw error;
  }
  return { text: Buffer.concat(kept).toString("utf8", 0, Math.min(bytes, most)), isWhole: bytes <= most };
}

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

/** The git to run for a workspace; undefined where there is none. */
export async function findGit(workspace: string): Promise<string | undefined> {
  const search: Search = { env: process.env, platform: process.platform, workspace };
  for (const file of programCandidates("git", search)) {
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

/** True if a path is a folder or below it; nothing counts as inside of the root of a disk, which holds everything. */
function isInside(folder: string, file: string, platform: NodeJS.Platform): boolean {
  const system = platform === "win32" ? path.win32 : path.posix;
  if (system.dirname(folder) === folder) return false;
  const way = system.relative(folder, file);
  return way !== ".." && !way.startsWith(`..${system.sep}`) && !system.isAbsolute(way);
}
