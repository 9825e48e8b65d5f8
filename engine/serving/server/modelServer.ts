import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { ApiError } from "./apiError.ts";
import { type AskedPrompt, answer, asApiError, sendJson } from "./exchange.ts";
import { CHAT_FORMAT, COMPLETION_FORMAT } from "./formats.ts";
import { Guard, type GuardSettings } from "./guard.ts";
import { MOST_BODY_BYTES, bodyObject, readChatRequest, readCompletionRequest } from "./requests.ts";
import type { ServedModel } from "./servedModel.ts";

const MOST_CONNECTIONS = 256;
/** Bodies that are read at a time: each may take megabytes. */
const MOST_BODIES = 32;
/** Milliseconds that a request's headers, and the whole of it, may take to come. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;

/** Where the server listens. */
export interface ListenSettings extends GuardSettings {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Called with errors that callers see as 500. */
  readonly report?: (error: unknown) => void;
}

/** A port or an address that cannot be had. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/**
 * The OpenAI API over HTTP for models of this process.
 *
 * Models take turns on their device, one round each; between rounds sockets are served.
 */
export class ModelServer {
  private readonly models: ReadonlyMap<string, ServedModel>;
  private readonly guard: Guard;
  private readonly server: Server;
  private readonly report: (error: unknown) => void;
  private nBodies = 0;
  private isClosing = false;
  private work: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  private constructor(models: readonly ServedModel[], { report, ...guard }: ListenSettings) {
    this.models = new Map(models.map((model) => [model.id, model]));
    this.guard = new Guard(guard);
    this.report = report ?? (() => undefined);
    const limits = { maxHeaderSize: 16 * 1024, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
    this.server = createServer({ ...limits, keepAliveTimeout: 5000 }, (request, response) => {
      void this.handle(request, response);
    });
    this.server.maxConnections = MOST_CONNECTIONS;
  }

  /** Starts one. @throws {ListenError} when the port is taken, or the address is not this machine's. */
  static async listen(models: readonly ServedModel[], settings: ListenSettings): Promise<ModelServer> {
    const made = new ModelServer(models, settings);
    const { host, port } = settings;
    made.server.listen(port, host);
    try {
      await once(made.server, "listening");
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "";
      throw new ListenError(`serve models: cannot listen on port ${port} of ${host} (${code}); give another`, {
        cause,
      });
    }
    return made;
  }

  /** With `/v1`. */
  get baseUrl(): string {
    const { address, port, family } = this.server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/v1`;
  }

  /** Ends all answers and connections; once, however often it is called. */
  close(): Promise<void> {
    return (this.closed ??= this.closeNow());
  }

  private async closeNow(): Promise<void> {
    this.isClosing = true;
    const error = new ApiError(503, "the server is shutting down", { code: "shutting_down", retryAfter: 5 });
    await this.work;
    for (const { scheduler } of this.models.values()) scheduler.fail(error);
    // A response that was sent just now goes out first.
    await setImmediate();
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeIdleConnections();
    const last = setTimeout(() => this.server.closeAllConnections(), 500);
    await closed;
    clearTimeout(last);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.route(request, response);
    } catch (cause) {
      const error = asApiError(cause);
      if (error.status >= 500) this.report(error.cause ?? error);
      request.resume(); // what is left of a body that was refused
      if (response.headersSent) response.destroy();
      else sendJson(response, error.status, error.body, error.headers);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.guard.checkOrigin(request);
    const { method = "", url = "" } = request;
    const [path = ""] = url.split("?");
    if (path === "/health") {
      allow(["GET", "HEAD"], method);
      sendJson(response, this.isClosing ? 503 : 200, { status: this.isClosing ? "closing" : "ok" });
      return;
    }
    this.guard.checkToken(request);
    if (path === "/v1/models") {
      allow(["GET", "HEAD"], method);
      sendJson(response, 200, { object: "list", data: [...this.models.values()].map(({ listing }) => listing) });
    } else if (path.startsWith("/v1/models/")) {
      allow(["GET", "HEAD"], method);
      sendJson(response, 200, this.model(decoded(path.slice("/v1/models/".length))).listing);
    } else if (path === "/v1/chat/completions") {
      allow(["POST"], method);
      await this.chat(await this.body(request), response);
    } else if (path === "/v1/completions") {
      allow(["POST"], method);
      await this.complete(await this.body(request), response);
    } else throw new ApiError(404, `there is nothing at ${path.slice(0, 200)}`, { code: "not_found" });
  }

  private async chat(body: Readonly<Record<string, unknown>>, response: ServerResponse): Promise<void> {
    const settings = readChatRequest(body);
    const model = this.model(settings.model);
    const prompts = [{ tokens: model.chatTokens(settings) }];
    await answer({ model, settings, prompts, format: CHAT_FORMAT, wake: () => this.wake() }, response);
  }

  private async complete(body: Readonly<Record<string, unknown>>, response: ServerResponse): Promise<void> {
    const settings = readCompletionRequest(body);
    const model = this.model(settings.model);
    const { tokenizer } = model.settings.format;
    const prompts = settings.prompts.map((prompt): AskedPrompt => {
      const tokens = model.promptTokens(prompt);
      if (!settings.echoes) return { tokens };
      return { tokens, echo: typeof prompt === "string" ? prompt : tokenizer.decode(tokens) };
    });
    await answer({ model, settings, prompts, format: COMPLETION_FORMAT, wake: () => this.wake() }, response);
  }

  private model(id: string): ServedModel {
    const model = this.models.get(id);
    if (model !== undefined) return model;
    const served = [...this.models.keys()].join(", ");
    const what = `the model ${JSON.stringify(id.slice(0, 200))} is not served; models are ${served}`;
    throw new ApiError(404, what, { param: "model", code: "model_not_found" });
  }

  private async body(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
    if (this.isClosing) throw new ApiError(503, "the server is shutting down", { retryAfter: 5 });
    if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
      throw new ApiError(415, "the body must be JSON, with the content type application/json");
    }
    if (this.nBodies >= MOST_BODIES) throw new ApiError(503, "too many requests come at a time", { retryAfter: 1 });
    this.nBodies += 1;
    try {
      return bodyObject(await text(request));
    } finally {
      this.nBodies -= 1;
    }
  }

  /** Starts the rounds, unless they go on already. */
  private wake(): void {
    this.work ??= this.rounds().finally(() => {
      this.work = undefined;
      // A request may have come when the last round had just found nothing to do.
      if (!this.isClosing && [...this.models.values()].some(({ scheduler }) => scheduler.hasWork)) this.wake();
    });
  }

  private async rounds(): Promise<void> {
    const all = [...this.models.values()].map(({ scheduler }) => scheduler);
    while (!this.isClosing) {
      const busy = all.filter(({ hasWork }) => hasWork);
      if (busy.length === 0) return;
      for (const scheduler of busy) {
        await scheduler.turn();
        // Computing may block this thread: requests and disconnections are seen between rounds.
        await setImmediate();
      }
    }
  }
}

function allow(methods: readonly string[], method: string): void {
  if (methods.includes(method)) return;
  const headers = { allow: methods.join(", ") };
  throw new ApiError(405, `${method} is not possible here; use ${methods.join(" or ")}`, { headers });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const tooLong = new ApiError(413, `the body has more than ${MOST_BODY_BYTES} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > MOST_BODY_BYTES) throw tooLong;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    // A client that sent too much still gets an answer.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MOST_BODY_BYTES) throw tooLong;
      pieces.push(piece);
    }
  } catch (cause) {
    throw cause === tooLong ? tooLong : new ApiError(400, "the body broke off", {}, { cause });
  }
  return Buffer.concat(pieces).toString("utf8");
}
