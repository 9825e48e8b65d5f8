import { findGit, runGit } from "./program.ts";
import { type GitHead, findRepository, readHead } from "./repository.ts";
import { type Changes, workTreeChanges } from "./workTree.ts";

/** State of a repository: the commit that a run started from, and what had been changed since. */
export interface GitState extends Pick<GitHead, "commit" | "branch">, Changes {}

/**
 * State of the repository that a folder lies in. Nothing that a repository holds or sets is executed.
 *
 * @returns Undefined without git, a repository or a commit: a run is as valid, only less traceable.
 */
export async function gitState(folder: string): Promise<GitState | undefined> {
  const repository = await findRepository(folder).catch(() => undefined);
  if (repository === undefined) return undefined;
  const program = await findGit(repository.top);
  if (program === undefined) return undefined;
  const head = await readHead(repository, program).catch(() => undefined);
  if (head === undefined) return undefined;
  const { commit, branch } = head;
  try {
    return { commit, branch, ...(await workTreeChanges(repository, head, program)) };
  } catch {
    return { commit, branch, dirty: true, diff: NOT_COMPARED };
  }
}

/** The words with which the git for a folder names its version. @throws {Error} when there is none. */
export async function gitVersion(folder: string): Promise<string> {
  const program = await findGit((await findRepository(folder))?.top ?? folder);
  if (program === undefined) throw new Error("git is not found");
  return (await runGit(["--version"], { program })).text.trim();
}

/** Stands for a diff; those who want to make the run again have to know that there may have been changes. */
const NOT_COMPARED = "left out: the files could not be compared with the commit\n";
