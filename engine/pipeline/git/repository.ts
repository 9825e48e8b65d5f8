import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isLocalPath } from "../../common/childEnvironment.ts";
import { runGit } from "./program.ts";

/** A repository that a folder lies in. */
export interface Repository {
  /** Its work tree: the folder with `.git` in it, whatever core.worktree says. */
  readonly top: string;
  /** HEAD and index are in it. */
  readonly gitFolder: string;
  /** Objects, refs and config are in it: another folder for linked work trees alone. */
  readonly commonFolder: string;
}

/** The commit and branch that HEAD is at. */
export interface GitHead {
  readonly commit: string;
  /** "detached" where HEAD is on no branch. */
  readonly branch: string;
  readonly objectFormat: "sha1" | "sha256";
}

/** Longest file that is read for a path, in bytes: a submodule's config is the longest. */
const LONGEST_PATH_FILE = 65_536;

/**
 * The repository that a folder lies in: the nearest folder above with a `.git` of its own, as a folder or as the file of
 * a linked work tree or submodule. Folders that only look like a repository are none, nor are links to one elsewhere.
 */
export async function findRepository(folder: string): Promise<Repository | undefined> {
  let top = await fs.realpath(folder);
  for (;;) {
    const entry = path.join(top, ".git");
    const found = await fs.lstat(entry).catch(() => undefined);
    if (found !== undefined) {
      const repository = found.isDirectory()
        ? { top, gitFolder: entry, commonFolder: entry }
        : await linked(top, entry);
      return repository !== undefined && (await isSelfContained(repository)) ? repository : undefined;
    }
    if (path.dirname(top) === top) return undefined;
    top = path.dirname(top);
  }
}

/**
 * Asks git for HEAD. Nothing that this command reads of a repository's settings names a program, and git itself
 * refuses a repository that belongs to somebody else.
 *
 * @returns Undefined where git finds another repository.
 * @throws {GitError} of simple-git, where there is no commit yet.
 */
export async function readHead({ top, gitFolder }: Repository, program: string): Promise<GitHead | undefined> {
  const question = ["--absolute-git-dir", "--show-object-format", "HEAD", "--abbrev-ref", "HEAD"];
  const { text } = await runGit(["-C", top, "rev-parse", ...question], {
    program,
    variables: { GIT_CEILING_DIRECTORIES: path.dirname(top) },
  });
  const [found = "", objectFormat = "", commit = "", branch = ""] = text.split(/\r?\n/);
  const isOther = (await fs.realpath(found)) !== (await fs.realpath(gitFolder));
  if (isOther || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  return {
    commit,
    branch: branch === "HEAD" ? "detached" : branch,
    objectFormat: objectFormat === "sha256" ? "sha256" : "sha1",
  };
}

/** A repository keeps all it has itself: links could show another one, and a pipe would hold git up. */
async function isSelfContained({ gitFolder, commonFolder }: Repository): Promise<boolean> {
  const files = ["HEAD", "config", "index", "objects", "packed-refs", "refs"];
  for (const file of new Set(
    [gitFolder, commonFolder].flatMap((folder) => files.map((name) => path.join(folder, name))),
  )) {
    const found = await fs.lstat(file).catch(() => undefined);
    if (found?.isFile() === false && !found.isDirectory()) return false;
  }
  return (await fs.lstat(path.join(commonFolder, "commondir")).catch(() => undefined)) === undefined;
}

/** A `.git` file counts if what it names, a linked work tree's folder or a submodule's, names this work tree in turn. */
async function linked(top: string, entry: string): Promise<Repository | undefined> {
  const [, named] = /^gitdir: (.+?)\r?\n?$/.exec((await readPathFile(entry)) ?? "") ?? [];
  if (named === undefined) return undefined;
  const gitFolder = path.resolve(top, named);
  if (!isLocalPath(gitFolder, process.platform)) return undefined;
  const back = (await readPathFile(path.join(gitFolder, "gitdir")))?.trim();
  const tree = back === undefined ? await submoduleTree(gitFolder) : path.dirname(path.resolve(gitFolder, back));
  if (tree === undefined || !isLocalPath(tree, process.platform)) return undefined;
  if ((await fs.realpath(tree).catch(() => undefined)) !== top) return undefined;
  // A linked work tree's folder is <common>/worktrees/<name>.
  const commonFolder = back === undefined ? gitFolder : path.dirname(path.dirname(gitFolder));
  const common = (await readPathFile(path.join(gitFolder, "commondir")))?.trim() ?? ".";
  return path.resolve(gitFolder, common) === commonFolder ? { top, gitFolder, commonFolder } : undefined;
}

/** The work tree that a submodule's own config names. */
async function submoduleTree(gitFolder: string): Promise<string | undefined> {
  const config = (await readPathFile(path.join(gitFolder, "config"))) ?? "";
  let tree: string | undefined;
  for (const line of config.split("\n")) tree = /^[ \t]*worktree[ \t]*=(.*)$/i.exec(line)?.[1] ?? tree;
  return tree === undefined ? undefined : path.resolve(gitFolder, tree.trim().replace(/^"(.*)"$/, "$1"));
}

async function readPathFile(file: string): Promise<string | undefined> {
  const found = await fs.lstat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size > LONGEST_PATH_FILE) return undefined;
  return fs.readFile(file, "utf8");
}
