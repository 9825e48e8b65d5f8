import * as http from "node:http";
import * as https from "node:https";
import { isSameServer } from "./address.ts";
import { ServerError } from "./serverError.ts";

/** Redirections that are followed. */
const MOST_MOVES = 3;

/** A request as it goes out. */
export interface Sent {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How long a server may take. */
export interface Patience {
  /** Milliseconds until the answer must be whole. */
  readonly deadlineMs: number;
  /** Milliseconds that may pass between two pieces of an answer that has begun. */
  readonly silenceMs: number;
}

/** An answer whose body is still on its way. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Ends with an error once it is too long, silent, late or cancelled. */
  readonly body: AsyncIterable<Buffer>;
  /** Drops what has not come yet. */
  close(): void;
}

/** Connections that stay open between requests, to one server. */
export class Connections {
  private readonly plain: http.Agent;
  private readonly safe: https.Agent;
  private readonly server: string;

  constructor(server: string) {
    this.server = server;
    this.plain = new http.Agent({ keepAlive: true });
    this.safe = new https.Agent({ keepAlive: true });
  }

  /**
   * Sends a request; redirections are followed on the same server alone, for elsewhere neither key nor prompt has any
   * business.
   *
   * @throws {ServerError} `unreachable`, `slow` or `moved`; also while the body is read.
   * @throws the signal's reason.
   */
  async send(sent: Sent, { deadlineMs, silenceMs }: Patience, signal: AbortSignal): Promise<Answer> {
    const late = AbortSignal.timeout(deadlineMs);
    const silent = new AbortController();
    const ends = AbortSignal.any([late, silent.signal, signal]);
    const failure = (cause: unknown): Error => this.failure(cause, { signal, late, silent: silent.signal, deadlineMs });
    let { url } = sent;
    for (let moves = 0; ; moves++) {
      const message = await this.once({ ...sent, url }, ends).catch((cause: unknown) => {
        throw failure(cause);
      });
      const status = message.statusCode ?? 0;
      const target = message.headers.location;
      if (status < 300 || status > 399 || target === undefined) {
        return { status, headers: message.headers, body: pieces(message, { silenceMs, silent, failure }), close };
        function close(): void {
          message.destroy();
        }
      }
      message.destroy();
      url = this.moved(url, target, { status, moves });
    }
  }

  close(): void {
    this.plain.destroy();
    this.safe.destroy();
  }

  private async once({ url, method, headers, body }: Sent, signal: AbortSignal): Promise<http.IncomingMessage> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const isSafe = url.protocol === "https:";
    const agent = isSafe ? this.safe : this.plain;
    const request = (isSafe ? https : http).request(url, { method, headers: { ...headers }, agent, signal }, resolve);
    request.on("error", reject);
    request.end(body);
    return promise;
  }

  private moved(url: URL, target: string, { status, moves }: { readonly status: number; readonly moves: number }): URL {
    const next = URL.canParse(target, url.href) ? new URL(target, url.href) : undefined;
    // 303 asks to fetch another page, which is no answer to a prompt.
    if (next !== undefined && isSameServer(url, next) && moves < MOST_MOVES && status !== 303) return next;
    const remedy = "set baseUrl to where the API is";
    throw new ServerError(`redirects elsewhere (${status}), which is not followed`, {
      ...{ fault: "moved", server: this.server, remedy, status },
    });
  }

  private failure(cause: unknown, { signal, late, silent, deadlineMs }: Ends): Error {
    if (signal.aborted) return signal.reason as Error;
    const { server } = this;
    const remedy = "is it overloaded? Its deadline can be set";
    if (silent.aborted) return new ServerError("has stopped in the middle of an answer", slow(server, remedy));
    if (late.aborted) {
      return new ServerError(`has not answered within ${deadlineMs / 1000} s`, slow(server, remedy));
    }
    // Node's codes are words such as ECONNREFUSED; its messages may quote what was sent.
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    const isTls = /CERT|TLS|SSL/.test(code);
    return new ServerError(isTls ? `its certificate is not trusted${code}` : `cannot be reached${code}`, {
      ...{ fault: isTls ? "address" : "unreachable", server },
      remedy: isTls ? "check baseUrl, or the machine's certificates" : "is it running, and is baseUrl right?",
    });
  }
}

interface Ends {
  readonly signal: AbortSignal;
  readonly late: AbortSignal;
  readonly silent: AbortSignal;
  readonly deadlineMs: number;
}

const slow = (server: string, remedy: string) => ({ fault: "slow", server, remedy }) as const;

interface Listening {
  readonly silenceMs: number;
  readonly silent: AbortController;
  readonly failure: (cause: unknown) => Error;
}

async function* pieces(
  message: http.IncomingMessage,
  { silenceMs, silent, failure }: Listening,
): AsyncGenerator<Buffer, undefined> {
  const timer = setTimeout(() => {
    silent.abort();
    message.destroy(new Error("silent"));
  }, silenceMs);
  try {
    for await (const piece of message as AsyncIterable<Buffer>) {
      timer.refresh();
      yield piece;
    }
  } catch (cause) {
    throw failure(cause);
  } finally {
    clearTimeout(timer);
    message.destroy();
  }
}
