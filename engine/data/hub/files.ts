import { datasetInfo, listFiles, modelInfo } from "@huggingface/hub";
import { DataError } from "../../protocol/errors.ts";
import type { DownloadState } from "../../protocol/runState.ts";
import { type Pick, type Picked, pickFiles } from "../rows/pick.ts";
import { CachedRepository, missingShard } from "./cache.ts";
import { type RemoteFile, download } from "./download.ts";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import { type HubReference, hubReference, isSafePath } from "./reference.ts";
import { fetchFor, type HubConnection, HubUnreachable } from "./requests.ts";

/** Called with the progress of downloads, in words, and in numbers while a file comes. */
export type Progress = (text: string, download?: DownloadState) => void;

/** Most files of a repository. */
const MOST_FILES = 100_000;

/** Requests to the hub, and how they are made. */
export interface HubSettings {
  readonly progress?: Progress | undefined;
  /** Takes what is in the cache, and asks nobody. */
  readonly isOffline?: boolean | undefined;
  readonly environment?: HubEnvironment;
  /** First wait after a failure, in milliseconds. */
  readonly firstWaitMs?: number;
}

/** Files of a repository at a commit, by their paths in it, in the cache. */
export interface HubSnapshot {
  readonly commit: string;
  /** Holds them, and maybe others that were downloaded before. */
  readonly folder: string;
  /** Absolute, in the order in which they were chosen. */
  readonly files: readonly string[];
}

/**
 * Files of a data set on the hub, in the order in which they are read, in the cache of Hugging Face's library: downloaded
 * if they are not there. Where the hub cannot be reached, or with HF_HUB_OFFLINE, those that are there have to do.
 *
 * @throws {DataError} with the remedy: of a wrong name or revision, a missing permission, a hub without time.
 * @throws {DiskError}
 */
export async function hubFiles(
  source: Pick & { readonly from: string },
  settings: HubSettings = {},
): Promise<readonly string[]> {
  return (await hubSnapshot(hubReference(source.from), (paths) => pickFiles(paths, source), settings)).files;
}

/** Which of a repository's files are wanted, by their paths; it is asked of the cache's, too. */
export type Choose = (paths: readonly string[]) => Picked;

/**
 * The chosen files of a repository, downloaded if they are not in the cache.
 *
 * @throws {DataError} like {@link hubFiles}.
 * @throws {DiskError}
 */
export async function hubSnapshot(
  reference: HubReference,
  choose: Choose,
  settings: HubSettings = {},
): Promise<HubSnapshot> {
  const environment = settings.environment ?? (await hubEnvironment());
  const repository = new CachedRepository(environment.cache, reference);
  if (environment.isOffline || settings.isOffline === true) {
    const [why, remedy] = environment.isOffline
      ? [
          "it is not in the cache, and HF_HUB_OFFLINE forbids to download it",
          "unset HF_HUB_OFFLINE once, with a network",
        ]
      : ["it is not in the cache", "a whole plan of the config, or a run, downloads it"];
    return cachedFiles(repository, { reference, choose }, new DataError(why, { file: reference.text, remedy }));
  }
  const { progress, firstWaitMs } = settings;
  const connection: HubConnection = { environment, reference, progress, firstWaitMs };
  try {
    return await freshFiles(connection, repository, choose);
  } catch (error) {
    if (!(error instanceof HubUnreachable)) throw error;
    return cachedFiles(repository, { reference, choose }, error);
  }
}

async function freshFiles(
  connection: HubConnection,
  repository: CachedRepository,
  choose: Choose,
): Promise<HubSnapshot> {
  const { reference } = connection;
  const commit = await commitOf(connection);
  const remote = await remoteFiles(connection, commit);
  const picked = choose([...remote.keys()]);
  if (picked.names === undefined) throw new DataError(picked.what, { file: reference.text, remedy: picked.remedy });
  const files: string[] = [];
  for (const path of picked.names) {
    const file = remote.get(path);
    if (file === undefined) continue;
    await download(connection, repository, { commit, file });
    files.push(await repository.link(commit, path, file.etag));
  }
  await repository.remember(reference.revision, commit);
  return { commit, folder: repository.snapshot(commit), files };
}

async function commitOf(connection: HubConnection): Promise<string> {
  const { environment, reference } = connection;
  const { kind, name, revision } = reference;
  const asked = { name, revision, hubUrl: environment.endpoint, fetch: fetchFor(connection) };
  const { sha } = await understood(connection, () =>
    kind === "model"
      ? modelInfo({ ...asked, additionalFields: ["sha"] })
      : datasetInfo({ ...asked, additionalFields: ["sha"] }),
  );
  if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) return sha;
  throw notUnderstood(reference);
}

async function remoteFiles(connection: HubConnection, commit: string): Promise<ReadonlyMap<string, RemoteFile>> {
  const { environment, reference } = connection;
  const repo = { type: reference.kind, name: reference.name } as const;
  const asked = { repo, revision: commit, recursive: true, hubUrl: environment.endpoint, fetch: fetchFor(connection) };
  return understood(connection, async () => {
    const files = new Map<string, RemoteFile>();
    for await (const { type, path, size, oid, lfs } of listFiles(asked)) {
      const etag = lfs?.oid ?? oid ?? "";
      if (type !== "file" || !isSafePath(path)) continue;
      if (!/^[0-9a-f]{40,64}$/.test(etag) || !(size >= 0)) throw notUnderstood(reference);
      files.set(path, { path, size: lfs?.size ?? size, etag, isLfs: lfs !== undefined });
      if (files.size > MOST_FILES) throw notUnderstood(reference);
    }
    return files;
  });
}

/** Answers that the library cannot read say so without their content, for a hub may send back what it was sent. */
async function understood<T>({ reference }: HubConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DataError ? error : notUnderstood(reference);
  }
}

function notUnderstood({ text }: HubReference): DataError {
  return new DataError("the hub's answer is not understood", { file: text, remedy: "check HF_ENDPOINT" });
}

/** Files that are in the cache. @throws The error that led here, where they are not, or not all. */
async function cachedFiles(
  repository: CachedRepository,
  { reference, choose }: { readonly reference: HubReference; readonly choose: Choose },
  otherwise: DataError,
): Promise<HubSnapshot> {
  const commit = await repository.commitOf(reference.revision);
  if (commit === undefined) throw otherwise;
  const { names = [] } = choose(await repository.paths(commit));
  if (names.length === 0 || missingShard(names) !== undefined) throw otherwise;
  return { commit, folder: repository.snapshot(commit), files: names.map((name) => repository.file(commit, name)) };
}
