import { arch, cpus, platform, totalmem } from "node:os";
import { simpleGit } from "simple-git";

/** A result's origin: enough to reproduce it. */
export interface Provenance {
  readonly salsa: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memoryBytes: number;
  /** The repository that the config lies in; absent outside of one. */
  readonly git?: { readonly commit: string; readonly branch: string; readonly dirty: boolean; readonly diff: string };
}

/** Longest diff kept, in characters: a run folder should not swallow somebody's data set. */
const LONGEST_DIFF = 1_000_000;

/** Describes this machine, this program and the git state of the config's folder. */
export async function provenance(version: string, folder: string): Promise<Provenance> {
  const git = await gitState(folder);
  return {
    salsa: version,
    node: process.version,
    platform: `${platform()}-${arch()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    ...(git === undefined ? {} : { git }),
  };
}

async function gitState(folder: string): Promise<Provenance["git"]> {
  try {
    const git = simpleGit({ baseDir: folder });
    const commit = (await git.revparse(["HEAD"])).trim();
    const status = await git.status();
    const diff = await git.diff(["HEAD"]);
    const branch = status.current ?? "detached";
    return { commit, branch, dirty: !status.isClean(), diff: diff.slice(0, LONGEST_DIFF) };
  } catch {
    // No git on this machine, no repository, or no commit yet: the run is as valid, only less traceable.
    return undefined;
  }
}
