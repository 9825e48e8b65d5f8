import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import * as z from "zod";
import type { BenchmarkKind, PublishedFile } from "../evaluation/benchmarks/benchmark.ts";
import { DataError } from "../protocol/errors.ts";
import { parseJson } from "../common/json.ts";
import { atomicWrite, makeFolder } from "../storage/disk.ts";
import { inputChunks, inputExists, readInput } from "../storage/inputs.ts";
import { discard, moveFile } from "../storage/writing.ts";
import { fill } from "./hub/download.ts";
import { type HubEnvironment, hubEnvironment } from "./hub/environment.ts";
import { type HubSettings, hubSnapshot } from "./hub/files.ts";
import type { HubConnection } from "./hub/requests.ts";

/** Beside the files: what they are, and the hashes that they had when they were fetched. */
const LOCK = "fetched.json";
const MOST_LOCK_BYTES = 256 * 1024;
/** Largest file of a benchmark, in bytes. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Files of repositories on GitHub, as they are. */
const GITHUB = "https://raw.githubusercontent.com";

const lockSchema = z.object({
  files: z.array(z.object({ file: z.string(), from: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).max(100),
});

type Lock = z.output<typeof lockSchema>["files"];

/** Where files are fetched to, and from. */
export interface FetchSettings extends Pick<HubSettings, "progress" | "firstWaitMs"> {
  readonly folder: string;
  readonly environment?: HubEnvironment;
  /** In place of GitHub's own address. */
  readonly github?: string;
}

/** Fate of a file. */
export interface Fetched {
  /** Absolute. */
  readonly file: string;
  readonly from: string;
  readonly sha256: string;
  readonly bytes: number;
  /** False for one that was there. */
  readonly isNew: boolean;
}

/**
 * Fetches the files of a benchmark at their pinned commits, those that are not there. What has come is compared with its
 * hash: the known one, or where none is, that of the first time, which is kept beside it. A download that has stopped
 * goes on where it was.
 *
 * @throws {DataError} when a file there is another, when what comes is, or when nothing may be fetched. {DiskError}
 */
export async function fetchPublished(
  { title, name, published }: Pick<BenchmarkKind, "title" | "name" | "published">,
  settings: FetchSettings,
): Promise<readonly Fetched[]> {
  const { folder } = settings;
  const environment = settings.environment ?? (await hubEnvironment());
  const lockFile = join(folder, LOCK);
  const lock = await readLock(lockFile);
  const fetched: Fetched[] = [];
  for (const wanted of published?.files ?? []) {
    const from = addressOf(wanted);
    const known = wanted.sha256 ?? lock.find((one) => one.file === wanted.file && one.from === from)?.sha256;
    const file = join(folder, ...wanted.file.split("/"));
    const isNew = !(await inputExists(file));
    if (isNew) await fetchOne(wanted, file, { ...settings, environment, known });
    const { sha256, bytes } = await digestOf(file);
    if (known !== undefined && sha256 !== known) throw changed(file, { sha256, known });
    fetched.push({ file, from, sha256, bytes, isNew });
  }
  const files = fetched.map(({ from, sha256, bytes }, at) => ({
    file: published?.files[at]?.file ?? "",
    ...{ from, sha256, bytes },
  }));
  const text = `${JSON.stringify({ benchmark: name, title, licence: published?.licence, files }, undefined, 2)}\n`;
  if (fetched.some(({ isNew }) => isNew) || lock.length === 0) await atomicWrite(lockFile, text);
  return fetched;
}

/** A file's address, for people. */
function addressOf({ site, repository, commit, path }: PublishedFile): string {
  return site === "hub"
    ? `hf:${repository}@${commit}/${path}`
    : `https://github.com/${repository}/blob/${commit}/${path}`;
}

interface OneSettings extends FetchSettings {
  readonly environment: HubEnvironment;
  readonly known: string | undefined;
}

async function fetchOne(wanted: PublishedFile, file: string, settings: OneSettings): Promise<void> {
  await makeFolder(dirname(file));
  if (wanted.site === "hub") return fromHub(wanted, file, settings);
  const { environment, known, github = GITHUB, progress, firstWaitMs } = settings;
  const { repository, commit, path, bytes = MOST_BYTES } = wanted;
  const text = addressOf(wanted);
  if (environment.isOffline) throw offline(text);
  const connection: HubConnection = {
    // Its publisher needs no token, and gets none.
    environment: { ...environment, endpoint: github, token: undefined },
    reference: { text, kind: "dataset", name: repository, revision: commit, site: "GitHub" },
    ...{ progress, firstWaitMs },
  };
  const part = `${file}.incomplete`;
  await fill(connection, part, { url: `${github}/${repository}/${commit}/${path}`, path, size: bytes });
  const { sha256 } = await digestOf(part);
  if (known === undefined || sha256 === known) return moveFile(part, file);
  await discard(part);
  const what = `has come with another content than was published: SHA-256 ${sha256} in place of ${known}`;
  throw new DataError(what, { file: text, remedy: "run again; if it stays so, something on the way changes it" });
}

/** By the hub's client, whose cache keeps it, and which compares it with the hub's own hash. */
async function fromHub(wanted: PublishedFile, file: string, settings: OneSettings): Promise<void> {
  const { repository, commit, path } = wanted;
  const { environment, progress, firstWaitMs } = settings;
  const reference = { text: addressOf(wanted), kind: "dataset", name: repository, revision: commit } as const;
  const choose: Parameters<typeof hubSnapshot>[1] = (paths) =>
    paths.includes(path) ? { names: [path] } : { what: `has no file ${path}`, remedy: "check HF_ENDPOINT" };
  const { files } = await hubSnapshot(reference, choose, {
    environment,
    progress,
    ...(firstWaitMs && { firstWaitMs }),
  });
  const content = await readInput(files[0] ?? "", MOST_BYTES);
  if (content === undefined) throw offline(reference.text);
  await atomicWrite(file, content);
}

async function readLock(file: string): Promise<Lock> {
  const text = (await readInput(file, MOST_LOCK_BYTES))?.toString("utf8");
  if (text === undefined) return [];
  const read = lockSchema.safeParse(parsed(text));
  if (read.success) return read.data.files;
  throw new DataError("is not a list of fetched files", { file, remedy: "remove it, and what stands beside it" });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text, 10_000);
  } catch {
    return undefined;
  }
}

async function digestOf(file: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of inputChunks(file)) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest("hex"), bytes };
}

function changed(file: string, { sha256, known }: { readonly sha256: string; readonly known: string }): DataError {
  const what = `is not the published file: its SHA-256 is ${sha256}, and was to be ${known}`;
  return new DataError(what, { file, remedy: "move it away and fetch again, or name another folder with --out" });
}

function offline(text: string): DataError {
  const remedy = "unset HF_HUB_OFFLINE once, with a network";
  return new DataError("it is not here, and HF_HUB_OFFLINE forbids to download it", { file: text, remedy });
}
