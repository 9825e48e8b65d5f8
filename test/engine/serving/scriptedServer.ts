import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

/** A server's answer to a request; it may leave it open. */
export type Script = (seen: Seen, response: ServerResponse, index: number) => unknown;

/** A real HTTP server on loopback that plays the habits of others. */
export interface ScriptedServer {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly origin: string;
  /** Requests for replies so far, those for the list of models left out. */
  readonly seen: readonly Seen[];
  /** Of all requests, the list's too. */
  readonly nRequests: number;
  /** Most requests for replies that were open at a time. */
  readonly mostOpen: number;
  close(): Promise<void>;
}

/** Starts one; `models` answers the list of models, with 404 if it is not given. */
export async function scriptedServer(script: Script, models?: Script): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const counts = { requests: 0, open: 0, most: 0 };
  const server = createServer((request, response) => {
    void (async () => {
      counts.requests += 1;
      const pieces: Buffer[] = [];
      for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Seen["body"];
      const one = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      if (one.path.endsWith("/models")) {
        if (models === undefined) json(response, { detail: "Not Found" }, 404);
        else await models(one, response, 0);
        return;
      }
      seen.push(one);
      counts.open += 1;
      counts.most = Math.max(counts.most, counts.open);
      response.on("close", () => (counts.open -= 1));
      await script(one, response, seen.length - 1);
    })().catch(() => request.destroy());
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: `${origin}/v1`,
    origin,
    seen,
    get nRequests() {
      return counts.requests;
    },
    get mostOpen() {
      return counts.most;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a test against a server and closes it. */
export async function withServer<T>(
  script: Script,
  test: (server: ScriptedServer) => Promise<T>,
  models?: Script,
): Promise<T> {
  const server = await scriptedServer(script, models);
  try {
    return await test(server);
  } finally {
    await server.close();
  }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** A chat completion as OpenAI and vLLM send it. */
export function chat(content: unknown, more: { readonly finish?: string; readonly model?: string } = {}): object {
  const { finish = "stop", model = "judge-1" } = more;
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finish }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}

/** Answers with server-sent events: texts as they are, other values as data. */
export function events(response: ServerResponse, ...values: readonly unknown[]): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const value of values) {
    response.write(typeof value === "string" ? value : `data: ${JSON.stringify(value)}\n\n`);
  }
  response.end();
}

/** A piece of a streamed chat completion. */
export function delta(change: object, finish: string | null = null): object {
  return {
    object: "chat.completion.chunk",
    model: "judge-1",
    choices: [{ index: 0, delta: change, finish_reason: finish }],
  };
}

/** The text of the last message of a chat request. */
export function lastMessage({ body }: Seen): string {
  const messages = body["messages"] as readonly { readonly content: string }[] | undefined;
  return messages?.at(-1)?.content ?? "";
}
