import * as path from "node:path";
import {
  atomicWrite,
  isDiskFull,
  isLeftover,
  isTemporary,
  onDisk,
  syncFolder,
  syncTree,
  temporaryName,
} from "./disk.ts";
import { type Json, stableHash } from "./json.ts";
import { type LockOwner, LockedError, type LockSettings } from "./locks.ts";
import {
  DamagedArtifact,
  type FoundManifest,
  MANIFEST_FILE,
  type Manifest,
  checkDoubt,
  contentDigest,
  contentOf,
  findManifest,
  hasManifest,
  timeOf,
  writeDoubt,
} from "./manifest.ts";
import { entryAt, placeBelow, placeIn } from "./places.ts";
import { listAt } from "./reading.ts";
import { recordFolder } from "./recordFolder.ts";
import { makeRoot } from "./rootFolder.ts";
import { type ReadProgress, checkContent, forget, rememberNew } from "./verified.ts";
import {
  type Workspace,
  holdWorkspace,
  removeUnheld,
  takeWorkspace,
  workFolder,
  workedAt,
  workerOf,
} from "./workspaces.ts";
import { discard, makeFolderAt, makeNewFolder, moveAside, moveFolder, removeAt, removeUnless } from "./writing.ts";

/** Names a stage's result by everything that it depends on. */
export interface ArtifactKey {
  /** Such as `sft`: letters, digits and dashes. */
  readonly stage: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** True if a key, which may come from a file, names an artifact and is no way out of the folder of artifacts. */
export function isArtifactKey(key: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(key);
}

const ARTIFACTS = "artifacts";
/** Hex digits of the hash in a folder's name: 64 bits, so that two of a million artifacts will not meet. */
const NAME_DIGITS = 16;

/** The key of a stage's result from these ingredients (settings, inputs, code version). */
export function artifactKey(stage: string, ingredients: Json): ArtifactKey {
  if (!isArtifactKey(stage)) throw new RangeError(`artifactKey: ${stage} is not a stage name`);
  return { stage, hash: stableHash({ stage, ingredients }) };
}

/** Finished results of stages under `<root>/artifacts`, each in a folder named by its ingredients' hash. */
export class Artifacts {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  readonly folder: string;

  constructor(root: string) {
    this.root = root;
    this.folder = path.join(root, ARTIFACTS);
  }

  /** Where a finished artifact stands, whether it exists or not. */
  path(key: ArtifactKey): string {
    return path.join(this.folder, nameOf(key));
  }

  /** Names of the folders that stand here: artifacts, also damaged and unfinished ones, and working folders. */
  async names(): Promise<readonly string[]> {
    const entries = await listAt(placeBelow(this.root, ARTIFACTS));
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  /** True if a finished artifact is there, as far as a look at its files can show; nothing is read or written. */
  async has(key: ArtifactKey): Promise<boolean> {
    try {
      const { folder, found } = await this.find(key);
      if (found === undefined) return false;
      const sizes = await Promise.all(
        Object.entries(found.manifest.files).map(([name, { bytes }]) => hasSize(folder, name, bytes)),
      );
      return sizes.every(Boolean);
    } catch (error) {
      if (error instanceof DamagedArtifact) return false;
      throw error;
    }
  }

  /**
   * Folder of a finished artifact with the content that was written; undefined when there is none. Its bytes are read
   * unless it is remembered how its files looked when they were last read.
   *
   * @throws {DamagedArtifact} when it must not be used.
   * @throws {DataError} when it, or something in it, is a link, a pipe, a device or a socket.
   */
  async get(key: ArtifactKey, progress?: ReadProgress): Promise<string | undefined> {
    const { folder, found } = await this.find(key);
    if (found === undefined) return undefined;
    await checkContent({ root: this.root, folder }, found, { isFull: false, progress });
    return folder;
  }

  /**
   * Reads every byte of an artifact and compares it with the manifest.
   * @throws {DamagedArtifact} naming the first file that differs.
   */
  async verify(key: ArtifactKey | string, progress?: ReadProgress): Promise<void> {
    const { folder, found } = await this.find(key);
    if (found === undefined) throw new DamagedArtifact(folder, "it is missing", 0);
    await checkContent({ root: this.root, folder }, found, { isFull: true, progress });
  }

  /** Digests of those of some artifacts that stand here, by name: a result records them as what it was computed from. */
  async digests(names: Iterable<string>): Promise<Readonly<Record<string, string>>> {
    const digests: [string, string][] = [];
    for (const name of [...new Set(names)].sort()) {
      const found = await findManifest(path.join(this.folder, name));
      if (found !== undefined) digests.push([name, contentDigest(found.manifest)]);
    }
    return Object.fromEntries(digests);
  }

  /**
   * Makes an artifact: `build` fills a temporary folder, which gets its name when every file in it is safe on disk. If
   * another process finished the same one first, its is kept.
   *
   * @param key - Names it.
   * @param build - Fills a folder.
   * @param inputs - Digests of the artifacts that it is computed from, by their keys.
   * @returns The artifact's folder.
   * @throws {DiskError} and leaves nothing behind but the working folder.
   */
  async create(
    key: ArtifactKey,
    build: (folder: string) => Promise<void>,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const folder = this.path(key);
    await makeRoot(this.root);
    await makeFolderAt(placeBelow(this.root, ARTIFACTS));
    const temporary = temporaryName(folder);
    try {
      await makeNewFolder(temporary);
      await onDisk("build", folder, () => build(temporary));
      const manifest: Manifest = { ...key, inputs, files: await contentOf(temporary) };
      await syncTree(temporary);
      await atomicWrite(path.join(temporary, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`);
      const isOurs = await moveInto(temporary, folder);
      if (isOurs) await rememberNew({ root: this.root, folder });
    } finally {
      await discard(temporary);
    }
    return folder;
  }

  /**
   * Moves an artifact that must not be used aside, for people to look at, so that it can be made again. Its key's
   * workspace must be held.
   * @returns Its new place; undefined when it was gone.
   */
  async setAside(key: ArtifactKey): Promise<string | undefined> {
    const folder = this.path(key);
    const aside = `${folder}.damaged-${new Date().toISOString().replaceAll(/[^0-9TZ]/g, "")}`;
    await forget({ root: this.root, folder });
    return (await moveAside("move aside", placeIn(folder), aside)) ? aside : undefined;
  }

  /** Everything that belongs to an artifact, by its name: itself, its stage's working folder, its record. */
  foldersOf(name: string): readonly string[] {
    const artifact = path.join(this.folder, name);
    return [artifact, workFolder(artifact), recordFolder(this.root, name)];
  }

  /** The living process that works at an artifact, by the artifact's name; undefined when none does. */
  worker(name: string): Promise<LockOwner | undefined> {
    return workerOf(path.join(this.folder, name));
  }

  /**
   * Removes an artifact, by its name, with all that belongs to it, unless somebody works at it, or needs it when nobody
   * finds it any longer.
   */
  async remove(name: string, isNeeded: () => Promise<boolean>): Promise<void> {
    const artifact = path.join(this.folder, name);
    let workspace: Pick<Workspace, "release">;
    try {
      workspace = await holdWorkspace(artifact, () => Promise.resolve(true));
    } catch (error) {
      if (error instanceof LockedError) return;
      // A full disk has no room for anybody's lock: nobody comes to work at it, if nobody is there.
      if (!isDiskFull(error)) throw error;
      if ((await this.worker(name)) !== undefined) return;
      workspace = { release: () => removeAt(placeIn(workFolder(artifact))) };
    }
    try {
      if (await removeUnless(placeIn(artifact), isNeeded)) await removeAt(placeIn(recordFolder(this.root, name)));
    } finally {
      await workspace.release();
    }
  }

  /**
   * Marks an artifact, by its name, as computed from one that was damaged: from now on it is not used any more. State
   * that was saved while it was being made is removed, unless somebody works at it.
   */
  async doubt(name: string, from: string): Promise<void> {
    const artifact = path.join(this.folder, name);
    await writeDoubt(artifact, from);
    await removeUnheld(workFolder(artifact));
  }

  /**
   * The folder where a stage keeps its state for resuming after a crash. It survives until the artifact is finished.
   *
   * A job holds it in place of this process where an executor has stages made elsewhere: the executor then signals with
   * `beat` that the job is alive.
   *
   * @throws {LockedError} when another process or job works on the same artifact.
   * @throws {DataError} when it holds a link, or anything else that is no file or folder.
   */
  work(key: ArtifactKey, holder: Pick<LockSettings, "job"> = {}): Promise<Workspace> {
    return takeWorkspace(this.path(key), () => this.has(key), holder);
  }

  /**
   * Removes temporary folders whose process is gone and working folders of finished artifacts that nobody holds, but
   * never damaged artifacts: those are for people to look at.
   */
  async collect(): Promise<void> {
    for (const { name } of await listAt(placeBelow(this.root, ARTIFACTS))) {
      const file = path.join(this.folder, name);
      if (isTemporary(name)) {
        if (await isLeftover(file)) await discard(file);
        continue;
      }
      // A working folder whose artifact is finished: its process died before removing it.
      const finished = workedAt(name);
      if (finished === undefined) continue;
      if (await hasManifest(path.join(this.folder, finished))) await removeUnheld(file);
    }
  }

  private async find(key: ArtifactKey | string): Promise<Found> {
    const folder = typeof key === "string" ? path.join(this.folder, key) : this.path(key);
    let found = await findManifest(folder);
    if (found === undefined) {
      const place = placeIn(folder);
      if ((await entryAt(place)) === undefined) return { folder, found };
      found = await findManifest(folder); // it may just have got its name
      if (found === undefined) throw new DamagedArtifact(folder, "it has no manifest", await timeOf(place));
    }
    const { stage, hash } = found.manifest;
    const isOther = typeof key === "string" ? nameOf({ stage, hash }) !== key : hash !== key.hash;
    if (isOther) throw new DamagedArtifact(folder, "it was made from other ingredients", 0);
    await checkDoubt(folder, found);
    return { folder, found };
  }
}

interface Found {
  readonly folder: string;
  readonly found: FoundManifest | undefined;
}

/** Name of an artifact's folder. */
function nameOf({ stage, hash }: ArtifactKey): string {
  return `${stage}-${hash.slice(0, NAME_DIGITS)}`;
}

async function hasSize(folder: string, name: string, bytes: number): Promise<boolean> {
  const entry = await entryAt(placeIn(folder, name)).catch(() => undefined);
  return entry?.isFile() === true && entry.size === bytes;
}

/**
 * Gives a finished folder its name, unless somebody else's stands there already: equal keys mean equal content.
 * @returns False if somebody else's does.
 */
async function moveInto(temporary: string, folder: string): Promise<boolean> {
  const isOurs = await moveFolder(temporary, folder, () => hasManifest(folder));
  await syncFolder(path.dirname(folder));
  return isOurs;
}
