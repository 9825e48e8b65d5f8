import { tmpdir } from "node:os";
import { simpleGit } from "simple-git";
import { childEnvironment } from "../../common/childEnvironment.ts";
import { findProgram } from "../programs.ts";

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

/** The git to run for a workspace; undefined where there is none. */
export function findGit(workspace: string): Promise<string | undefined> {
  return findProgram("git", workspace);
}
