import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A request as it came. */
export interface HubRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Answers a request in place of the hub. @returns False to leave it to the hub. */
export type Interference = (request: HubRequest, response: ServerResponse, index: number) => boolean;

/** A hub on this machine with a data set and a model, both `owner/name`; files that end in `.gz` or `.safetensors` are in LFS. */
export interface LoopbackHub {
  readonly endpoint: string;
  readonly commit: string;
  readonly requests: HubRequest[];
  close(): Promise<void>;
}

/** Starts one. */
export async function startHub(
  files: Readonly<Record<string, string | Buffer>>,
  interfere: Interference = () => false,
  model: Readonly<Record<string, string | Buffer>> = {},
): Promise<LoopbackHub> {
  const requests: HubRequest[] = [];
  const contentsOf = (given: typeof files): Contents =>
    new Map(Object.entries(given).map(([name, content]) => [name, Buffer.from(content)]));
  const repositories = { datasets: contentsOf(files), models: contentsOf(model) };
  const server = createServer((incoming, response) => {
    const request = requestOf(incoming);
    requests.push(request);
    if (interfere(request, response, requests.length - 1)) return;
    answer(request, response, repositories);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    commit: COMMIT,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function requestOf({ url = "", headers }: IncomingMessage): HubRequest {
  return { path: url.replace(/\?.*/, ""), authorization: headers.authorization, range: headers.range };
}

type Contents = ReadonlyMap<string, Buffer>;

function answer(
  { path, range }: HubRequest,
  response: ServerResponse,
  repositories: Readonly<Record<"datasets" | "models", Contents>>,
): void {
  const kind = /^(\/api)?\/datasets\//.test(path) ? "datasets" : "models";
  const contents = repositories[kind];
  const json = (value: unknown): void => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  if (
    /^\/api\/(datasets|models)\/owner\/name\/revision\/(main|v1|0123456789abcdef0123456789abcdef01234567)$/.test(path)
  ) {
    json({ _id: "1", id: "owner/name", sha: COMMIT, lastModified: "2024-01-01T00:00:00.000Z" });
    return;
  }
  if (path === `/api/${kind}/owner/name/tree/${COMMIT}`) {
    json([...contents].map(([name, content]) => entryOf(name, content)));
    return;
  }
  const home = `${kind === "datasets" ? "/datasets" : ""}/owner/name/resolve/${COMMIT}/`;
  const content = path.startsWith(home) ? contents.get(decodeURIComponent(path.slice(home.length))) : undefined;
  if (content === undefined) {
    response.writeHead(404).end('{"error":"not found"}');
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (from > 0) response.writeHead(206, { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(from));
}

function entryOf(path: string, content: Buffer): object {
  const size = content.length;
  const oid = createHash("sha1").update(`blob ${size}\0`).update(content).digest("hex");
  if (!/\.(gz|safetensors)$/.test(path)) return { type: "file", path, size, oid };
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { type: "file", path, size, oid, lfs: { oid: sha256, size, pointerSize: 130 } };
}
