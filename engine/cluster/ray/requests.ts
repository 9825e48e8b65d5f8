import type * as z from "zod";
import { lastLine } from "../../common/lastLine.ts";
import { Secret, isKey } from "../../serving/client/secret.ts";
import { ClusterError } from "./clusterError.ts";
import { type ClusterAnswer, type ClusterRequest, type ClusterStream, ClusterTransport } from "./transport.ts";

/** The oldest Ray whose job server is spoken to: it has token authentication, too. */
export const LEAST_RAY = "2.44";

/** A cluster's address and the token for it. */
export interface ClusterAccess {
  readonly address: string;
  /** Variable of the environment that holds the token. */
  readonly tokenEnv?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Requests to Ray's dashboard, and what their answers mean. */
export class RayRequests {
  private readonly transport: ClusterTransport;
  private readonly tokenEnv: string | undefined;

  /** @throws {ClusterError} when the variable of the token is not set, or holds none. */
  constructor({ address, tokenEnv, env }: ClusterAccess) {
    const url = new URL(address);
    this.tokenEnv = tokenEnv;
    this.transport = new ClusterTransport(url, tokenEnv === undefined ? undefined : tokenOf(tokenEnv, env, url.origin));
  }

  /** For people. */
  get server(): string {
    return this.transport.server;
  }

  /** An error about this cluster. */
  error(what: string, fault: ClusterError["fault"], remedy: string, options?: ErrorOptions): ClusterError {
    return this.transport.error(what, fault, remedy, options);
  }

  /** A text of the cluster's without the token. */
  hide(text: string): string {
    return this.transport.hide(text);
  }

  close(): void {
    this.transport.close();
  }

  /** Opens a WebSocket; undefined where nothing has that path. @throws {ClusterError} @throws the signal's reason. */
  async open(path: string, signal: AbortSignal): Promise<ClusterStream | undefined> {
    const opened = await this.transport.open(path, signal);
    if ("bytes" in opened) return opened;
    if (isPage(opened)) throw this.page(opened);
    if (opened.status === 404) return undefined;
    this.checkStatus(opened);
    const remedy = "does a proxy in between take WebSockets?";
    throw this.error(`opens no WebSocket (${opened.status})`, "refused", remedy);
  }

  /** @throws {ClusterError} where no answer comes. @throws the signal's reason. */
  send(request: ClusterRequest, signal: AbortSignal | undefined): Promise<ClusterAnswer> {
    return this.transport.send(request, signal);
  }

  /** An answer of success in a known form. @throws {ClusterError} @throws the signal's reason. */
  async ask<T>(request: ClusterRequest, form: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T> {
    const answer = await this.send(request, signal);
    this.checkStatus(answer);
    return this.read(answer, form);
  }

  /** @throws {ClusterError} for an answer that is none of success. */
  checkStatus(answer: ClusterAnswer): void {
    const { status } = answer;
    if (status >= 200 && status < 300) return;
    if (status === 401 || status === 403) throw this.tokenError(status);
    if (status >= 300 && status < 400) {
      const remedy = "set runtime.cluster.address to where Ray's dashboard itself answers";
      throw this.error(`redirects elsewhere (${status}), which is not followed`, "notRay", remedy);
    }
    if (isPage(answer)) throw this.page(answer);
    if (status === 502 || status === 503 || status === 504) {
      const remedy = "a proxy answers in its place: is the head node up?";
      throw this.error(`is not there now (${status})`, "unreachable", remedy);
    }
    const said = lastLine(answer.text, 500);
    throw this.error(`answers ${status}${said === "" ? "" : `: ${said}`}`, "refused", "see the dashboard's log");
  }

  /** @throws {ClusterError} for an answer of another form. */
  read<T>(answer: ClusterAnswer, form: z.ZodType<T>): T {
    if (isPage(answer)) throw this.page(answer);
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch {
      throw this.error("answers with something that is no JSON", "notRay", ADDRESS_REMEDY);
    }
    const { success, data, error } = form.safeParse(value);
    if (success) return data;
    const field = error.issues[0]?.path.map(String).join(".") ?? "";
    const remedy = `it takes Ray ${LEAST_RAY} or newer; is this the address of Ray's dashboard?`;
    throw this.error(`answers in an unknown form (${field === "" ? "not an object" : field})`, "notRay", remedy);
  }

  /** The error of a web page in an answer's place. */
  page({ status }: Pick<ClusterAnswer, "status">): ClusterError {
    return this.error(`answers with a web page (${status})`, "notRay", ADDRESS_REMEDY);
  }

  private tokenError(status: number): ClusterError {
    const { tokenEnv } = this;
    if (tokenEnv === undefined) {
      const remedy = "put the token into an environment variable, and name that in runtime.cluster.tokenEnv";
      return this.error(`wants a token (${status})`, "token", remedy);
    }
    const remedy = `give ${tokenEnv} the token that the cluster has now, in the editor with SALSA: Set API Key`;
    return this.error(`does not take the token in ${tokenEnv} (${status})`, "token", remedy);
  }
}

const ADDRESS_REMEDY = "set runtime.cluster.address to Ray's dashboard, http://head:8265 unless it was moved";

function tokenOf(variable: string, env: ClusterAccess["env"], server: string): Secret {
  const token = env[variable]?.trim();
  const remedy = `set it to the cluster's token, in the editor with SALSA: Set API Key`;
  if (token === undefined || token === "") {
    throw new ClusterError(`the environment variable ${variable} is not set`, { fault: "token", server, remedy });
  }
  if (!isKey(token)) throw new ClusterError(`${variable} holds no token`, { fault: "token", server, remedy });
  return new Secret(token);
}

function isPage({ type, text }: ClusterAnswer): boolean {
  return type.startsWith("text/html") || /^\s*<(!doctype|html)/i.test(text);
}
