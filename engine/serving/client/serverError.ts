/**
 * Kind of failure of a server.
 *
 * `unreachable`: no connection, or it broke off · `slow`: no answer in time · `busy`: 408, 409, 429, 5xx ·
 * `garbled`: an answer that is none of the API's · `request`: this request is refused, others may not be ·
 * `key`: 401, 403 · `credit`: nothing left to pay with · `missing`: no such model or address · `moved`: it redirects
 * elsewhere · `address`: the base URL does not do.
 */
export type ServerFault =
  | "unreachable"
  | "slow"
  | "busy"
  | "garbled"
  | "request"
  | "key"
  | "credit"
  | "missing"
  | "moved"
  | "address";

const PASSING: ReadonlySet<ServerFault> = new Set(["unreachable", "slow", "busy", "garbled"]);

/** Facts of a {@link ServerError}. */
export interface ServerErrorFacts {
  readonly fault: ServerFault;
  /** The server as the config names it; never with a key. */
  readonly server: string;
  readonly remedy: string;
  readonly status?: number | undefined;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number | undefined;
  /** True when only this one request is affected, and others are worth making. */
  readonly isLocal?: boolean;
}

/** A request that a model's server did not answer as it should. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly fault: ServerFault;
  readonly server: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  /** True when only this one request is affected, and others are worth making. */
  readonly isLocal: boolean;
  /** The defect, without place and remedy. */
  readonly what: string;

  // No `cause`: those of Node's requests hold the headers that were sent.
  constructor(what: string, { fault, server, remedy, status, retryAfter, isLocal = false }: ServerErrorFacts) {
    super(`${server}: ${what}; ${remedy}`);
    this.what = what;
    this.fault = fault;
    this.server = server;
    this.status = status;
    this.retryAfter = retryAfter;
    this.isLocal = isLocal;
  }

  /** True if the same request may be answered later. */
  get isPassing(): boolean {
    return PASSING.has(this.fault);
  }
}
