import { createHash } from "node:crypto";
import { commitIter, createRepo, HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { DataError } from "../../protocol/errors.ts";
import type { Place } from "../../storage/places.ts";
import { openAt, readRange } from "../../storage/reading.ts";
import { onDisk } from "../../storage/disk.ts";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import { NO_TOKEN, refusal, type SendingConnection, sender, STAND_IN } from "./sending.ts";
import { checkRepositoryName } from "./target.ts";

/** Bytes that are read at a time. */
const PIECE = 1 << 18;
/** Largest file that is held in memory, in bytes: the hub is shown the beginnings of files before their hashes. */
const MOST_HELD_BYTES = 1 << 18;
/** Milliseconds between two reports. */
const REPORT_MS = 250;
/** Milliseconds after which a rate is one. */
const RATE_MS = 1000;

/** A file to be sent, as the card lists it. */
export interface UploadFile {
  /** In the repository. */
  readonly path: string;
  readonly place: Place;
  readonly bytes: number;
  readonly sha256: string;
}

/** How far an upload is. */
export interface UploadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Undefined while no rate is known. */
  readonly secondsLeft?: number;
}

/** Files to upload, and how. */
export interface UploadRequest {
  /** `owner/name` */
  readonly name: string;
  readonly isPublic: boolean;
  readonly files: readonly UploadFile[];
  /** First line of the commit's message. */
  readonly title: string;
  readonly signal: AbortSignal;
  readonly progress?: (progress: UploadProgress) => void;
  /** Called at each wait, in words. */
  readonly note?: (text: string) => void;
  readonly environment?: HubEnvironment;
  /** First wait after a failure, in milliseconds. */
  readonly firstWaitMs?: number;
}

/** An upload that is done. */
export interface Uploaded {
  /** The page of the model. */
  readonly url: string;
  readonly commit: string;
  readonly isPublic: boolean;
  /** Files that were in the repository and stay there. */
  readonly kept: readonly string[];
}

/**
 * Uploads a model to the hub as one commit, into a repository that is made if it is not there. Nothing can be seen
 * before the last byte is there; what was sent before a stop is not sent again.
 *
 * @throws {DataError} with the remedy: where the repository has another visibility than the one that was confirmed, the
 * hub refuses, or a file is no longer the one that was listed.
 * @throws {HubUnreachable} where the hub cannot be reached, or has no time for us.
 * @throws the signal's reason when it is aborted.
 */
export async function uploadModel(request: UploadRequest): Promise<Uploaded> {
  const { name, files, signal, title, firstWaitMs, note } = request;
  checkRepositoryName(name);
  const environment = request.environment ?? (await hubEnvironment());
  const { endpoint, token, isOffline } = environment;
  if (isOffline) throw new DataError("HF_HUB_OFFLINE forbids it", { file: name, remedy: "unset HF_HUB_OFFLINE" });
  if (token === undefined) throw new DataError("there is no token for the hub", { file: name, remedy: NO_TOKEN });
  const connection: SendingConnection = {
    environment,
    name,
    signal,
    firstWaitMs,
    note,
    check: onlyListed(name, files),
  };
  const hub: Hub = {
    connection,
    asked: { accessToken: STAND_IN, hubUrl: endpoint, fetch: sender(connection) },
  };
  return understood(hub, async () => {
    const meter = new Meter(files, request.progress);
    const operations: { operation: "addOrUpdate"; path: string; content: Blob }[] = [];
    for (const file of files)
      operations.push({ operation: "addOrUpdate", path: file.path, content: await contentOf(file, meter) });
    const before = await repositoryFor(hub, request);
    const kept = await otherFiles(hub, before, new Set(files.map(({ path }) => path)));
    const repo = { type: "model", name } as const;
    const steps = commitIter({ ...hub.asked, repo, operations, title, parentCommit: before, abortSignal: signal });
    for (;;) {
      const { done, value } = await steps.next();
      if (done !== true) {
        // Of large files that go out in chunks of the hub's own.
        if (value.event === "fileProgress" && value.state === "uploading") meter.share(value.path, value.progress);
        continue;
      }
      meter.finish();
      const commit = value?.commit.oid ?? "";
      return { url: `${endpoint}/${name}`, commit, isPublic: request.isPublic, kept };
    }
  });
}

interface Hub {
  readonly connection: SendingConnection;
  readonly asked: { readonly accessToken: string; readonly hubUrl: string; readonly fetch: typeof fetch };
}

/**
 * Looks into what the library is about to say: nothing goes out but files that are listed, as they are listed. Their bytes
 * are read again for it, and somebody may have written to them meanwhile.
 */
function onlyListed(name: string, files: readonly UploadFile[]): (url: string, body: string) => void {
  const hashes = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const known = new Set(hashes.values());
  const assert = (isListed: boolean): void => {
    if (isListed) return;
    throw new DataError("a file has changed since it was listed", { file: name, remedy: "publish again" });
  };
  return (url, body) => {
    const { pathname } = new URL(url);
    if (pathname.endsWith("/info/lfs/objects/batch")) {
      const { objects } = JSON.parse(body) as { readonly objects: readonly { readonly oid: string }[] };
      assert(objects.every(({ oid }) => known.has(oid)));
    }
    if (!pathname.includes("/commit/")) return;
    for (const line of body.split("\n")) {
      const { key, value } = JSON.parse(line) as { readonly key: string; readonly value: CommittedFile };
      if (key === "lfsFile") assert(hashes.get(value.path) === value.oid);
      else if (key !== "header") assert(key === "file" && hashes.get(value.path) === contentHash(value.content));
    }
  };
}

/** A line of a commit. */
interface CommittedFile {
  readonly path: string;
  readonly oid?: string;
  /** In base64. */
  readonly content?: string;
}

function contentHash(content = ""): string {
  return createHash("sha256").update(Buffer.from(content, "base64")).digest("hex");
}

/**
 * Makes the repository, or takes the one that is there. Its visibility is looked at before anything is sent: a hub, or an
 * organization's settings, may have made something else of it than was asked for.
 *
 * @returns The commit that it stands at.
 */
async function repositoryFor(hub: Hub, { name, isPublic }: UploadRequest): Promise<string> {
  const visibility = isPublic ? "public" : "private";
  let found = await lookAt(hub, name);
  if (found === undefined) {
    try {
      await createRepo({ ...hub.asked, repo: { type: "model", name }, visibility });
    } catch (error) {
      // Made by somebody else, or by an attempt of ours whose answer was lost.
      if (!(error instanceof DataError && error.what.includes("(409)"))) throw error;
    }
    found = await lookAt(hub, name);
  }
  if (found === undefined) throw refusal(hub.connection, 404);
  if (found.isPrivate === !isPublic) return found.commit;
  const [what, remedy] = found.isPrivate
    ? ["it is private there", "leave out --public, or make it public in its settings on the hub first"]
    : [
        "it is public there: anybody could read what is uploaded",
        "take another name, make it private in its settings on the hub, or add --public if it may be read by anybody",
      ];
  throw new DataError(what, { file: name, remedy });
}

interface Repository {
  readonly isPrivate: boolean;
  readonly commit: string;
}

/** Undefined where there is none that this token may see. */
async function lookAt({ asked, connection }: Hub, name: string): Promise<Repository | undefined> {
  try {
    const found = await modelInfo({ ...asked, name, additionalFields: ["sha"] });
    const { sha } = found as { readonly sha?: unknown };
    if (typeof found.private !== "boolean" || typeof sha !== "string") throw notUnderstood(connection);
    return { isPrivate: found.private, commit: sha };
  } catch (error) {
    if (error instanceof DataError && error.what.includes("(404)")) return undefined;
    throw error;
  }
}

/** Files of the repository that are not replaced, but for the one that says how git keeps them. */
async function otherFiles({ asked, connection }: Hub, commit: string, ours: ReadonlySet<string>): Promise<string[]> {
  const others: string[] = [];
  const repo = { type: "model", name: connection.name } as const;
  for await (const { type, path } of listFiles({ ...asked, repo, revision: commit, recursive: true })) {
    if (type === "file" && !ours.has(path) && path !== ".gitattributes") others.push(path);
    if (others.length > 1000) break;
  }
  return others;
}

/** Answers that the library cannot read, and errors of its own, say so without their content. */
async function understood<T>({ connection }: Hub, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    connection.signal.throwIfAborted();
    if (error instanceof HubApiError) throw refusal(connection, error.statusCode);
    // Errors of this program and of the disk have their own words.
    if (error instanceof Error && /^(?:Data|Disk)Error$/.test(error.name)) throw error;
    throw notUnderstood(connection);
  }
}

function notUnderstood({ name }: SendingConnection): DataError {
  return new DataError("the hub's answer is not understood", { file: name, remedy: "check HF_ENDPOINT" });
}

/** Of a small file its bytes, once they are known to be the listed ones; a large one is read as it is sent. */
async function contentOf(file: UploadFile, meter: Meter): Promise<Blob> {
  const body = new FileBody(file, meter);
  if (file.bytes > MOST_HELD_BYTES) return body;
  const bytes = await body.arrayBuffer();
  if (createHash("sha256").update(new Uint8Array(bytes)).digest("hex") === file.sha256) return new Blob([bytes]);
  throw changed(file);
}

function changed({ place }: UploadFile): DataError {
  return new DataError("has changed since it was listed", { file: place.file, remedy: "publish again" });
}

/** Counts what is sent. */
class Meter {
  private readonly total: number;
  private readonly report: ((progress: UploadProgress) => void) | undefined;
  private readonly began = performance.now();
  private readonly sizes: ReadonlyMap<string, number>;
  private readonly sent = new Map<string, number>();
  private readonly pieces = new Set<string>();
  private told = -Infinity;

  constructor(files: readonly UploadFile[], report: ((progress: UploadProgress) => void) | undefined) {
    this.sizes = new Map(files.map(({ path, bytes }) => [path, bytes]));
    this.total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.report = report;
  }

  /** A piece of a file has gone out; one that is sent again counts once. */
  piece(path: string, at: number, bytes: number): void {
    const name = `${path}\0${at}`;
    if (this.pieces.has(name)) return;
    this.pieces.add(name);
    this.sent.set(path, (this.sent.get(path) ?? 0) + bytes);
    this.tell();
  }

  /** That much of a file has gone out, or was there already. @param share - 0 to 1. */
  share(path: string, share: number): void {
    this.sent.set(path, Math.max(this.sent.get(path) ?? 0, share * (this.sizes.get(path) ?? 0)));
    this.tell();
  }

  private tell(): void {
    const now = performance.now();
    if (now - this.told < REPORT_MS) return;
    this.told = now;
    const doneBytes = Math.min(
      this.total,
      [...this.sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    const seconds = (now - this.began) / 1000;
    const isKnown = doneBytes > 0 && now - this.began > RATE_MS;
    this.report?.({
      doneBytes,
      totalBytes: this.total,
      ...(isKnown && { secondsLeft: (seconds * (this.total - doneBytes)) / doneBytes }),
    });
  }

  finish(): void {
    this.report?.({ doneBytes: this.total, totalBytes: this.total, secondsLeft: 0 });
  }
}

/** A file as the library takes it: read in pieces, when they are wanted, through the checks of the storage. */
class FileBody extends Blob {
  private readonly file: UploadFile;
  private readonly meter: Meter;
  private readonly from: number;
  private readonly to: number;
  private readonly read: ((bytes: number) => void) | undefined;

  constructor(
    file: UploadFile,
    meter: Meter,
    part: { readonly from?: number; readonly to?: number } = {},
    read?: (bytes: number) => void,
  ) {
    super([]);
    this.file = file;
    this.meter = meter;
    this.from = part.from ?? 0;
    this.to = part.to ?? file.bytes;
    this.read = read;
    // Blob has it as a getter, which its type does not tell.
    Object.defineProperty(this, "size", { value: this.to - this.from });
  }

  override slice(start = 0, end = this.size): Blob {
    const clip = (at: number): number => Math.min(this.size, Math.max(0, at < 0 ? this.size + at : at));
    const from = this.from + clip(start);
    return new FileBody(this.file, this.meter, { from, to: Math.max(from, this.from + clip(end)) }, this.read);
  }

  /** For what goes out: hashing reads files, too, and is no progress. */
  observed(read: (bytes: number) => void): Blob {
    return new FileBody(this.file, this.meter, { from: this.from, to: this.to }, (bytes) => {
      read(bytes);
    });
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for await (const piece of this.pieces()) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    return bytes.buffer;
  }

  override async text(): Promise<string> {
    return Buffer.from(await this.arrayBuffer()).toString("utf8");
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = this.pieces();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await pieces.return(undefined);
      },
    });
  }

  private async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
    const { place, path, bytes } = this.file;
    const handle = await openAt(place);
    if (handle === undefined) throw changed(this.file);
    try {
      const { size } = await onDisk("look at", place.file, () => handle.stat());
      if (size !== bytes) throw changed(this.file);
      for (let at = this.from; at < this.to; at += PIECE) {
        const piece = new Uint8Array(Math.min(PIECE, this.to - at));
        const nRead = await onDisk("read", place.file, () => readRange(handle, piece, at));
        if (nRead < piece.byteLength) throw changed(this.file);
        if (this.read !== undefined) {
          this.read(nRead);
          this.meter.piece(path, at, nRead);
        }
        yield piece;
      }
    } finally {
      await handle.close();
    }
  }
}
