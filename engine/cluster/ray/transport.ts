import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";
import { WebSocket } from "ws";
import type { Secret } from "../../serving/client/secret.ts";
import { ClusterError, type ClusterFault } from "./clusterError.ts";

/** A request to a cluster. */
export interface ClusterRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query below the address. */
  readonly path: string;
  readonly body?: string | Uint8Array;
  /** Milliseconds until the answer must be whole. */
  readonly deadlineMs?: number;
}

/** A whole answer. */
export interface ClusterAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A WebSocket whose messages come one after the other. */
export interface ClusterStream {
  /** The messages' bytes; while nobody reads them, none are taken from the network. */
  readonly bytes: Readable;
  /** Why `bytes` has ended: the cluster has closed it in good order, or would send more at once than is taken. */
  readonly end: "closed" | "lost" | "tooLong";
}

/** Bytes of an answer that are read: nodes of a large cluster take some kilobytes each. */
const MOST_ANSWER_BYTES = 16 * 2 ** 20;
/** Milliseconds that the dashboard has: it answers in some, and takes seconds while jobs start. */
const DEADLINE_MS = 30_000;
/** Milliseconds after which a WebSocket that brings nothing is asked for a sign of life, as other machines may vanish. */
const PROBE_MS = 30_000;
/** Milliseconds that a kept connection may be idle: the dashboard closes them after 75 s. */
const IDLE_MS = 30_000;

/**
 * Requests to Ray's dashboard, over connections that stay open. Node's `fetch` is not used: Ray answers its POST with 405,
 * taking it for a browser's.
 */
export class ClusterTransport {
  /** For people: the address without anything that could be secret. */
  readonly server: string;
  private readonly base: URL;
  private readonly token: Secret | undefined;
  private readonly agent: http.Agent;

  constructor(address: URL, token: Secret | undefined) {
    this.base = address;
    this.server = address.origin;
    this.token = token;
    const settings = { keepAlive: true, timeout: IDLE_MS, maxSockets: 8 };
    this.agent = address.protocol === "https:" ? new https.Agent(settings) : new http.Agent(settings);
  }

  /**
   * Sends a request and reads the answer whole. Redirections are not followed: the token has no business elsewhere.
   * @throws {ClusterError} where no answer comes, or one that is no answer of Ray's.
   * @throws the signal's reason.
   */
  async send(request: ClusterRequest, signal?: AbortSignal): Promise<ClusterAnswer> {
    const { deadlineMs = DEADLINE_MS } = request;
    const late = AbortSignal.timeout(deadlineMs);
    const ends = signal === undefined ? late : AbortSignal.any([late, signal]);
    try {
      return await this.once(request, ends);
    } catch (cause) {
      if (cause instanceof ClusterError) throw cause;
      if (signal?.aborted === true) throw signal.reason as Error;
      if (late.aborted) throw this.late(deadlineMs);
      throw this.unreachable(cause);
    }
  }

  /**
   * Opens a WebSocket, with the same token, time limit and rules as for requests.
   *
   * @param path - Below the address.
   * @param signal - Closes it, later too.
   * @returns It, or the answer that came in its place.
   * @throws {ClusterError} where no answer comes. @throws the signal's reason.
   */
  async open(path: string, signal: AbortSignal): Promise<ClusterStream | ClusterAnswer> {
    signal.throwIfAborted();
    const late = AbortSignal.timeout(DEADLINE_MS);
    const url = this.url(path);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // A connection of its own: those that are kept are few, and requests need them. Ray sends at most 4 MiB at once.
    const socket = new WebSocket(url, {
      headers: this.headers(),
      ...{ maxPayload: MOST_ANSWER_BYTES, perMessageDeflate: false, skipUTF8Validation: true },
    });
    const end = (): void => socket.terminate();
    signal.addEventListener("abort", end);
    late.addEventListener("abort", end);
    socket.once("close", () => signal.removeEventListener("abort", end));
    const { promise, resolve, reject } = Promise.withResolvers<ClusterStream | http.IncomingMessage>();
    socket.once("upgrade", (message) => message.socket.setKeepAlive(true, PROBE_MS));
    socket.once("unexpected-response", (_, message) => resolve(message));
    // At once: messages that nobody hears are lost.
    socket.once("open", () => resolve(streamOf(socket)));
    socket.on("error", reject);
    let isOpen = false;
    try {
      const opened = await promise;
      if (opened instanceof http.IncomingMessage) return await this.whole(opened);
      isOpen = true;
      return opened;
    } catch (cause) {
      if (cause instanceof ClusterError) throw cause;
      signal.throwIfAborted();
      throw late.aborted ? this.late(DEADLINE_MS) : this.unreachable(cause);
    } finally {
      late.removeEventListener("abort", end);
      if (!isOpen) end();
    }
  }

  /** A text of the cluster's without the token. */
  hide(text: string): string {
    return this.token?.hide(text) ?? text;
  }

  /** An error about this cluster; what a server has said goes without the token. */
  error(what: string, fault: ClusterFault, remedy: string, options?: ErrorOptions): ClusterError {
    return new ClusterError(this.hide(what), { fault, server: this.server, remedy }, options);
  }

  close(): void {
    this.agent.destroy();
  }

  private async once(request: ClusterRequest, signal: AbortSignal): Promise<ClusterAnswer> {
    const { method, path, body } = request;
    signal.throwIfAborted();
    const { agent } = this;
    const url = this.url(path);
    const headers = {
      ...this.headers(),
      ...(typeof body === "string" && { "content-type": "application/json" }),
      ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const sent = (url.protocol === "https:" ? https : http).request(url, { method, headers, agent, signal }, resolve);
    sent.on("error", reject);
    sent.end(body);
    return this.whole(await promise);
  }

  private url(path: string): URL {
    const { base } = this;
    const url = new URL(base);
    const [pathname = "", search = ""] = path.split("?", 2);
    url.pathname = `${base.pathname.replace(/\/+$/, "")}${pathname}`;
    url.search = search;
    return url;
  }

  private headers(): Readonly<Record<string, string>> {
    return { accept: "application/json", ...(this.token !== undefined && { authorization: this.token.header() }) };
  }

  private async whole(message: http.IncomingMessage): Promise<ClusterAnswer> {
    const { statusCode: status = 0, headers: got } = message;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_ANSWER_BYTES) {
        message.destroy();
        const remedy = "is this the address of Ray's dashboard?";
        throw this.error(`answers with more than ${MOST_ANSWER_BYTES} bytes`, "notRay", remedy);
      }
      chunks.push(chunk);
    }
    return { status, type: got["content-type"] ?? "", text: Buffer.concat(chunks).toString("utf8") };
  }

  private late(deadlineMs: number): ClusterError {
    const remedy = "is the head node overloaded, or a proxy in between?";
    return this.error(`has not answered within ${deadlineMs / 1000} s`, "unreachable", remedy);
  }

  private unreachable(cause: unknown): ClusterError {
    // Node's codes are words such as ECONNREFUSED; its messages may quote what was sent.
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    if (/CERT|TLS|SSL|WRONG_VERSION/.test(code)) {
      const remedy = "check http or https in runtime.cluster.address, or this machine's certificates";
      return this.error(`no secure connection can be made${code}`, "unreachable", remedy);
    }
    const remedy =
      "is Ray running there (ray start --head)? Its dashboard listens on the head node alone: ssh -L 8265:localhost:8265 " +
      "head brings it to http://127.0.0.1:8265";
    return this.error(`cannot be reached${code}`, "unreachable", remedy);
  }
}

/** An end that is an error's comes behind all that was sent before it. */
function streamOf(socket: WebSocket): ClusterStream {
  let end: ClusterStream["end"] = "lost";
  const bytes = new Readable({
    read: () => socket.resume(),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on("message", (message: Buffer) => {
    if (!bytes.push(message)) socket.pause();
  });
  socket.on("error", (error) => {
    if ("code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") end = "tooLong";
  });
  socket.on("close", (code) => {
    if (code === 1000 && end === "lost") end = "closed";
    bytes.push(null);
  });
  return {
    bytes,
    get end() {
      return end;
    },
  };
}
