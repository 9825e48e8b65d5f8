import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came, with its body. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

/** Answers a request in place of the hub. @returns False to leave it to the hub. */
export type Interference = (request: SentRequest, response: ServerResponse) => boolean;

/** A model's repository. */
export interface HeldRepository {
  isPrivate: boolean;
  commit: string;
  readonly files: Map<string, Buffer>;
}

/** A hub on this machine that models are published to. Files of weights and pictures go into LFS. */
export interface WritableHub {
  readonly endpoint: string;
  readonly repositories: Map<string, HeldRepository>;
  /** Content of LFS, by its SHA-256. */
  readonly objects: Map<string, Buffer>;
  readonly requests: SentRequest[];
  close(): Promise<void>;
}

/** How a hub behaves. */
export interface HubManners {
  readonly interfere?: Interference;
  /** Bytes of a part, for an upload of LFS in several. */
  readonly partBytes?: number;
  /** The visibility that new repositories get, whatever was asked for. */
  readonly forced?: "public" | "private";
}

const isLarge = (path: string): boolean => /\.(safetensors|png)$/.test(path);
const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** Starts one. */
export async function startWritableHub(manners: HubManners = {}): Promise<WritableHub> {
  const repositories = new Map<string, HeldRepository>();
  const objects = new Map<string, Buffer>();
  const requests: SentRequest[] = [];
  const server = createServer((incoming, response) => {
    void readBody(incoming).then((body) => {
      const { url = "", method = "GET", headers } = incoming;
      const path = decodeURIComponent(url.replace(/\?.*/, ""));
      const request = { method, path, authorization: headers.authorization, body };
      requests.push(request);
      if (manners.interfere?.(request, response) === true) return;
      answer({ hub, parts, manners }, request, response);
    });
  });
  const parts = new Map<string, Buffer[]>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const hub: WritableHub = {
    ...{ endpoint: `http://127.0.0.1:${port}`, repositories, objects, requests },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    // Cut off: what came is what there is.
  }
  return Buffer.concat(chunks);
}

interface Scene {
  readonly hub: WritableHub;
  readonly parts: Map<string, Buffer[]>;
  readonly manners: HubManners;
}

function answer({ hub, parts, manners }: Scene, { method, path, body }: SentRequest, response: ServerResponse): void {
  const json = (value: unknown, status = 200): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const lfs = /^\/lfs\/([0-9a-f]{64})(?:\/(\d+))?$/.exec(path);
  if (lfs !== null && method === "PUT") {
    const [, oid = "", part] = lfs;
    if (part !== undefined) {
      const held = parts.get(oid) ?? [];
      held[Number(part) - 1] = body;
      parts.set(oid, held);
    }
    if (part === undefined && sha256(body) === oid) hub.objects.set(oid, body);
    response.writeHead(200, { etag: `"${sha256(body).slice(0, 8)}"` }).end();
    return;
  }
  if (lfs !== null) {
    const whole = Buffer.concat(parts.get(lfs[1] ?? "") ?? []);
    if (sha256(whole) === lfs[1]) hub.objects.set(lfs[1], whole);
    json({});
    return;
  }
  if (path === "/api/repos/create") {
    const { name, organization, visibility } = JSON.parse(body.toString()) as Record<string, string>;
    const whole = `${organization ?? ""}/${name ?? ""}`;
    if (hub.repositories.has(whole)) {
      json({ error: "You already created this model repo" }, 409);
      return;
    }
    const isPrivate = (manners.forced ?? visibility) === "private";
    hub.repositories.set(whole, {
      isPrivate,
      commit: "0".repeat(40),
      files: new Map([[".gitattributes", Buffer.from("")]]),
    });
    json({ url: `${hub.endpoint}/${whole}`, id: whole });
    return;
  }
  const [, name = "", what = "", revision = ""] =
    /^\/api\/models\/([^/]+\/[^/]+)\/(revision|preupload|commit|tree)\/([^/]+)$/.exec(path) ?? [];
  const large = /^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(path);
  const held = hub.repositories.get(large?.[1] ?? name);
  if (held === undefined) {
    json({ error: "Repository not found" }, 404);
    return;
  }
  if (large !== null) json(batch(hub, manners, body));
  else if (what === "revision")
    json({ _id: "1", id: name, private: held.isPrivate, sha: held.commit, lastModified: "2026-01-01T00:00:00.000Z" });
  else if (what === "tree" && revision === held.commit)
    json(
      [...held.files].map(([file, content]) => ({
        type: "file",
        path: file,
        size: content.length,
        oid: "0".repeat(40),
      })),
    );
  else if (what === "preupload") {
    const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
    json({ files: files.map((file) => ({ path: file.path, uploadMode: isLarge(file.path) ? "lfs" : "regular" })) });
  } else if (what === "commit") commit(hub, held, body, json);
  else json({}, 404);
}

function batch(hub: WritableHub, { partBytes }: HubManners, body: Buffer): object {
  const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
  return {
    transfer: partBytes === undefined ? "basic" : "multipart",
    objects: objects.map(({ oid, size }) => {
      if (hub.objects.has(oid)) return { oid, size };
      const href = `${hub.endpoint}/lfs/${oid}`;
      if (partBytes === undefined) return { oid, size, actions: { upload: { href } } };
      const n = Math.ceil(size / partBytes);
      const places = Array.from({ length: n }, (_, at): [string, string] => [
        String(at + 1).padStart(5, "0"),
        `${href}/${at + 1}`,
      ]);
      const header: Record<string, string> = { chunk_size: String(partBytes), ...Object.fromEntries(places) };
      return { oid, size, actions: { upload: { href, header } } };
    }),
  };
}

interface CommitLine {
  readonly key: string;
  readonly value: { path: string; content: string; oid: string; parentCommit?: string };
}

function commit(
  hub: WritableHub,
  held: HeldRepository,
  body: Buffer,
  json: (value: unknown, status?: number) => void,
): void {
  const lines = body
    .toString()
    .split("\n")
    .map((line) => JSON.parse(line) as CommitLine);
  if (lines.some(({ key, value }) => key === "header" && value.parentCommit !== held.commit)) {
    json({ error: "parent commit" }, 412);
    return;
  }
  for (const { key, value } of lines) {
    const content =
      key === "lfsFile"
        ? hub.objects.get(value.oid)
        : key === "file"
          ? Buffer.from(value.content, "base64")
          : undefined;
    if (key === "lfsFile" && content === undefined) {
      json({ error: "LFS object is missing" }, 400);
      return;
    }
    if (content !== undefined) held.files.set(value.path, content);
  }
  held.commit = sha256(body).slice(0, 40);
  json({ commitUrl: `${hub.endpoint}/x/commit/${held.commit}`, commitOid: held.commit });
}
