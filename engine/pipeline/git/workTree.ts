import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type GitOptions, runGit } from "./program.ts";
import type { GitHead, Repository } from "./repository.ts";
import { NO_SECRETS, ONLY_SECRETS, leftOut, withoutTokens } from "./secrets.ts";

/** Changes in a work tree since its commit. */
export interface Changes {
  readonly dirty: boolean;
  /** Of files that git follows, those with secrets left out. */
  readonly diff: string;
}

/** Longest diff kept, in bytes: a run folder should not swallow somebody's data set. */
const LONGEST_DIFF = 1_000_000;
/** Most bytes of the list of all files. */
const LONGEST_LIST = 64 * 2 ** 20;
const LARGEST_INDEX = 512 * 2 ** 20;

/** Neither programs that show or convert files, nor anything within submodules, whose settings are their own. */
const DIFF = [
  ...["--no-pager", "diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color"],
  ...["--submodule=short", "--ignore-submodules=dirty"],
];

/** Settings of a repository that say how its files lie on this disk: words and nothing else. */
const DISK_SETTINGS =
  "^core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol|trustctime|checkstat|longpaths)$";

/**
 * Compares a work tree with its commit.
 *
 * Git obeys a repository's settings, many of which name programs to be run: monitors, filters, hooks, transports of
 * objects that are missing. So it is not shown them: it works on a repository of our own in a temporary folder, which
 * has the other's objects, a copy of its index and its work tree. What the commit lacks is not fetched, and files that
 * only a filter (such as LFS's) could compare count as changed when they were touched.
 *
 * @throws {Error} when they cannot be compared.
 */
export async function workTreeChanges(repository: Repository, head: GitHead, program: string): Promise<Changes> {
  const own = await fs.mkdtemp(path.join(tmpdir(), "salsa-git-"));
  try {
    await furnish(own, { repository, head, settings: await diskSettings(repository, program) });
    const variables = {
      GIT_DIR: own,
      GIT_WORK_TREE: repository.top,
      GIT_OBJECT_DIRECTORY: path.join(repository.commonFolder, "objects"),
    };
    const options = { program, variables };
    await checkNames(options);
    const changed = await runGit([...DIFF, "--name-only", head.commit, "--"], options);
    if (changed.text === "") return { dirty: await hasUntracked(options), diff: "" };
    return { dirty: true, diff: await diffOf(head, options) };
  } finally {
    await fs.rm(own, { recursive: true, force: true });
  }
}

interface Furnishing {
  readonly repository: Repository;
  readonly head: GitHead;
  readonly settings: readonly string[];
}

async function furnish(own: string, { repository, head, settings }: Furnishing): Promise<void> {
  await fs.mkdir(path.join(own, "refs"));
  await fs.mkdir(path.join(own, "info"));
  await fs.mkdir(path.join(own, "hooks"));
  const hooks = path.join(own, "hooks").replaceAll("\\", "/").replaceAll('"', '\\"');
  const core = ["repositoryFormatVersion = 1", "bare = false", "fsmonitor = false", `hooksPath = "${hooks}"`];
  const lines = ["[core]", ...core, ...settings, "[extensions]", `objectFormat = ${head.objectFormat}`];
  await fs.writeFile(path.join(own, "config"), `${lines.join("\n")}\n`);
  await fs.writeFile(path.join(own, "HEAD"), `${head.commit}\n`);
  // Comes before every .gitattributes: no filter is run, wherever it is defined.
  await fs.writeFile(path.join(own, "info", "attributes"), "* -filter\n");
  await copyFile(path.join(repository.gitFolder, "index"), path.join(own, "index"), LARGEST_INDEX);
  await copyFile(
    path.join(repository.commonFolder, "info", "exclude"),
    path.join(own, "info", "exclude"),
    LONGEST_DIFF,
  );
}

/** Copies a file unless it is missing; of a repository that has no such file, nothing is tracked. */
async function copyFile(from: string, to: string, most: number): Promise<void> {
  const found = await fs.lstat(from).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile() || found.size > most) throw new Error(`${from} is not a file, or too large`);
  await fs.copyFile(from, to, constants.COPYFILE_FICLONE);
}

async function diskSettings({ commonFolder }: Repository, program: string): Promise<readonly string[]> {
  const file = path.join(commonFolder, "config");
  const { text } = await runGit(["config", "--file", file, "--no-includes", "-z", "--get-regexp", DISK_SETTINGS], {
    program,
  });
  return text.split("\0").flatMap((entry) => {
    const [, name, value] = /^core\.([a-z]+)\n([a-z]+)$/i.exec(entry) ?? [];
    return name === undefined || value === undefined ? [] : [`${name} = ${value}`];
  });
}

/** An index may name any path, and git would follow it out of the work tree. @throws {Error} */
async function checkNames(options: GitOptions): Promise<void> {
  const { text, isWhole } = await runGit(["ls-files", "-z", "--cached"], { ...options, most: LONGEST_LIST });
  if (!isWhole) throw new Error("it has too many files");
  if (namesOutside(text, process.platform)) throw new Error("its index names files outside");
}

/** True if one of the names, each with a zero at its end, leads out of the folder that it is relative to. */
export function namesOutside(names: string, platform: NodeJS.Platform): boolean {
  return platform === "win32"
    ? /(?:^|\0)(?:[/\\]|[A-Za-z]:)|(?:^|[\0/\\])\.\.?(?:[\0/\\]|$)/.test(names)
    : /(?:^|\0)\/|(?:^|[\0/])\.\.?(?:[\0/]|$)/.test(names);
}

async function hasUntracked(options: GitOptions): Promise<boolean> {
  const others = ["ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory"];
  return (await runGit(others, options)).text !== "";
}

async function diffOf({ commit }: GitHead, options: GitOptions): Promise<string> {
  const secret = await runGit([...DIFF, "--name-only", commit, "--", ...ONLY_SECRETS], options);
  const names = secret.text.split("\n").filter((name) => name !== "");
  const { text, isWhole } = await runGit([...DIFF, commit, "--", ...NO_SECRETS], { ...options, most: LONGEST_DIFF });
  // A token that is cut off would not be recognized.
  const whole = isWhole ? text : text.slice(0, text.lastIndexOf("\n") + 1);
  return `${leftOut(names)}${withoutTokens(whole)}`;
}
