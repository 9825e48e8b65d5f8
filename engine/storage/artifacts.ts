import { createHash } from "node:crypto";
import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import { atomicWrite, isLeftover, isTemporary, onDisk, syncFolder, syncTree, temporaryName } from "./disk.ts";
import { type Json, stableHash } from "./json.ts";
import { type Lock, type LockSettings, takeLock } from "./locks.ts";
import { entryAt, placeBelow, placeIn, refusal } from "./places.ts";
import { checkTree, chunksAt, readText, walkAt } from "./reading.ts";
import { discard, makeFolderAt, makeNewFolder, moveFolder, sweepAt } from "./writing.ts";

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

/** The content of an artifact; written last, so that its presence means the rest is whole. */
export interface Manifest {
  readonly stage: string;
  readonly hash: string;
  /** By path within the artifact, with `/`. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** A stage's working folder, held by this process or by a job that it watches. */
export interface Workspace extends Pick<Lock, "beat" | "release"> {
  readonly folder: string;
}

const ARTIFACTS = "artifacts";
const MANIFEST = "manifest.json";
const WORK = ".work-";
/** Hex digits of the hash in a folder's name: 64 bits, so that two of a million artifacts will not meet. */
const NAME_DIGITS = 16;

/** The key of a stage's result from these ingredients (settings, inputs, code version). */
export function artifactKey(stage: string, ingredients: Json): ArtifactKey {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(stage)) throw new RangeError(`artifactKey: ${stage} is not a stage name`);
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
  path({ stage, hash }: ArtifactKey): string {
    return path.join(this.folder, `${stage}-${hash.slice(0, NAME_DIGITS)}`);
  }

  /**
   * Folder of a finished artifact; undefined when there is none.
   * @throws {CheckpointError} when files of it are missing or have another size.
   */
  async get(key: ArtifactKey): Promise<string | undefined> {
    const folder = this.path(key);
    const manifest = await readManifest(folder);
    if (manifest === undefined) return undefined;
    if (manifest.hash !== key.hash) throw damaged(folder, "it was made from other ingredients");
    for (const [name, { bytes }] of Object.entries(manifest.files)) {
      const file = path.join(folder, name);
      const entry = await entryAt(placeIn(folder, name));
      if (entry?.isFile() === false) throw refusal(file, entry);
      const size = entry?.size;
      if (size !== bytes) throw damaged(file, `${size ?? "no"} bytes where ${bytes} were written`);
    }
    return folder;
  }

  /**
   * Makes an artifact: `build` fills a temporary folder, which gets its name when every file in it is safe on disk.
   * The stage's working folder is removed with that. If another process finished the same one first, its is kept.
   *
   * @returns The artifact's folder.
   * @throws {DiskError} and leaves nothing behind but the working folder.
   */
  async create(key: ArtifactKey, build: (folder: string) => Promise<void>): Promise<string> {
    const folder = this.path(key);
    await makeFolderAt(placeBelow(this.root, ARTIFACTS));
    const temporary = temporaryName(folder);
    try {
      await makeNewFolder(temporary);
      await onDisk("build", folder, () => build(temporary));
      const files = await listFiles(temporary);
      const manifest: Manifest = { ...key, files: Object.fromEntries(files) };
      await syncTree(temporary);
      await atomicWrite(path.join(temporary, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
      await moveInto(temporary, folder);
    } finally {
      await discard(temporary);
    }
    await discard(this.workFolder(key));
    return folder;
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
  async work(key: ArtifactKey, holder: Pick<LockSettings, "job"> = {}): Promise<Workspace> {
    const folder = this.workFolder(key);
    await makeFolderAt(placeIn(folder));
    await checkTree(placeIn(folder)); // everything is written below it without another look
    const lock = await takeLock(path.join(folder, "lock"), holder);
    return { folder, beat: () => lock.beat(), release: () => lock.release() };
  }

  /**
   * Reads every byte of an artifact and compares it with the manifest.
   * @throws {CheckpointError} naming the first file that differs.
   */
  async verify(key: ArtifactKey): Promise<void> {
    const folder = this.path(key);
    const manifest = await readManifest(folder);
    if (manifest === undefined) throw damaged(folder, "it has no manifest");
    const found = new Map(await listFiles(folder));
    for (const [name, { sha256 }] of Object.entries(manifest.files)) {
      const file = found.get(name);
      if (file?.sha256 !== sha256) {
        throw damaged(path.join(folder, name), file === undefined ? "it is missing" : "its content has changed");
      }
    }
  }

  /**
   * Removes temporary folders whose process is gone and working folders of finished artifacts, but never damaged
   * artifacts: those are for people to look at.
   */
  async collect(): Promise<void> {
    await sweepAt(placeBelow(this.root, ARTIFACTS), (file, name) =>
      isTemporary(name) ? isLeftover(file) : this.isDone(name),
    );
  }

  /** True for the name of a working folder whose artifact is finished: its process died before removing it. */
  private async isDone(name: string): Promise<boolean> {
    if (!name.startsWith(WORK)) return false;
    return (await readManifest(path.join(this.folder, name.slice(WORK.length)))) !== undefined;
  }

  private workFolder({ stage, hash }: ArtifactKey): string {
    return path.join(this.folder, `${WORK}${stage}-${hash.slice(0, NAME_DIGITS)}`);
  }
}

function damaged(file: string, what: string): CheckpointError {
  const remedy = "remove the artifact's folder and run again: only this stage is made again";
  return new CheckpointError(`read artifact: ${what}`, { file, remedy });
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  const file = path.join(folder, MANIFEST);
  const text = await readText(placeIn(folder, MANIFEST));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    throw damaged(file, "the manifest is not JSON");
  }
}

type FileRecord = readonly [name: string, content: { readonly bytes: number; readonly sha256: string }];

/** Every file below a folder but the manifest, by name. */
async function listFiles(folder: string): Promise<readonly FileRecord[]> {
  const records: FileRecord[] = [];
  for await (const { file, entry } of walkAt(placeIn(folder))) {
    const name = path.relative(folder, file).replaceAll(path.sep, "/");
    if (!entry.isFile() || name === MANIFEST) continue;
    records.push([name, await fingerprint(folder, name)]);
  }
  return records.sort(([a], [b]) => (a < b ? -1 : 1));
}

async function fingerprint(folder: string, name: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunksAt(placeIn(folder, name))) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Gives a finished folder its name, unless somebody else's stands there already: equal keys mean equal content. */
async function moveInto(temporary: string, folder: string): Promise<void> {
  await moveFolder(temporary, folder, async () => (await readManifest(folder)) !== undefined);
  await syncFolder(path.dirname(folder));
}
