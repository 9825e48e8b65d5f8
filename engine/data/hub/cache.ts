import { dirname, join, posix, relative, sep } from "node:path";
import { atomicWrite, makeFolder } from "../../storage/disk.ts";
import { inputExists, inputTree, isInputFolder, readInput } from "../../storage/inputs.ts";
import { linkTo } from "../../storage/writing.ts";
import type { HubReference } from "./reference.ts";

const COMMIT = /^[0-9a-f]{40}$/;
/** Ends the name of a file of several. */
const SHARD = /-(\d{5})-of-(\d{5})/;

/**
 * A repository in the cache of Hugging Face's library, whose layout is followed: `blobs/<etag>` have the content,
 * `snapshots/<commit>/<path>` are links to them, and `refs/<revision>` has the commit that a revision was when last seen.
 */
export class CachedRepository {
  readonly folder: string;
  readonly locks: string;

  constructor(cache: string, { kind, name }: Pick<HubReference, "kind" | "name">) {
    const unit = [`${kind}s`, ...name.split("/")].join("--");
    this.folder = join(cache, unit);
    this.locks = join(cache, ".locks", unit);
  }

  blob(etag: string): string {
    return join(this.folder, "blobs", etag);
  }

  /** The folder of a commit's files, whether it is there or not. */
  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Where a file of a commit stands, whether it is there or not. */
  file(commit: string, path: string): string {
    return join(this.snapshot(commit), ...path.split("/"));
  }

  /** Gives a blob its name in a commit. @throws {DiskError} */
  async link(commit: string, path: string, etag: string): Promise<string> {
    const file = this.file(commit, path);
    if (await inputExists(file)) return file;
    await makeFolder(dirname(file));
    await linkTo(relative(dirname(file), this.blob(etag)), file);
    return file;
  }

  /** Remembers the commit of a revision. @throws {DiskError} */
  async remember(revision: string, commit: string): Promise<void> {
    if (COMMIT.test(revision)) return;
    const file = join(this.folder, "refs", ...revision.split("/"));
    await makeFolder(dirname(file));
    await atomicWrite(file, commit);
  }

  /** The commit that a revision was when last seen; undefined if it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (COMMIT.test(revision)) return revision;
    const text = (await readInput(join(this.folder, "refs", ...revision.split("/")), 1024))?.toString("utf8").trim();
    return text !== undefined && COMMIT.test(text) ? text : undefined;
  }

  /** Paths of a commit's files that are here. */
  async paths(commit: string): Promise<readonly string[]> {
    const folder = this.snapshot(commit);
    if (!(await isInputFolder(folder))) return [];
    return (await inputTree(folder)).map((file) => relative(folder, file).split(sep).join(posix.sep));
  }
}

/** The first of several shards that is not among the files; undefined where all are. */
export function missingShard(paths: readonly string[]): string | undefined {
  const known = new Map<string, Set<number>>();
  for (const path of paths) {
    const [all, index, total] = SHARD.exec(path) ?? [];
    if (all === undefined) continue;
    // Hashes behind the numbers differ.
    const name = `${path.slice(0, path.indexOf(all))}|${total}`;
    known.set(name, (known.get(name) ?? new Set()).add(Number(index)));
  }
  for (const [name, found] of known) {
    const [start = "", total = ""] = name.split("|");
    const missing = Array.from({ length: Number(total) }, (_, index) => index).find((index) => !found.has(index));
    if (missing !== undefined) return `${start}-${String(missing).padStart(5, "0")}-of-${total}`;
  }
  return undefined;
}
