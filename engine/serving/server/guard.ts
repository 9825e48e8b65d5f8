import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiError } from "./apiError.ts";

/** Clients that may ask. */
export interface GuardSettings {
  /** Token that every request has to bear; undefined for none. */
  readonly token: string | undefined;
  /** The server can be reached from other machines, by names that it does not know. */
  readonly isRemote: boolean;
}

/** True for an interface that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Refuses what web pages and strangers send. */
export class Guard {
  private readonly digest: Buffer | undefined;
  private readonly isRemote: boolean;

  constructor({ token, isRemote }: GuardSettings) {
    this.digest = token === undefined ? undefined : digestOf(token);
    this.isRemote = isRemote;
  }

  /**
   * A page in a browser may send requests to this machine, and by a name of its own that leads here (DNS rebinding) even
   * read the answers; but it cannot hide where it comes from.
   * @throws {ApiError} 403
   */
  checkOrigin({ headers }: IncomingMessage): void {
    const { origin, host = "", "sec-fetch-site": site } = headers;
    if (origin !== undefined || (site !== undefined && site !== "none")) {
      throw new ApiError(403, "web pages may not use this server", { code: "web_page" });
    }
    if (this.isRemote) return;
    const name = host.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
    if (isLoopback(name.toLowerCase())) return;
    throw new ApiError(403, "this server answers under localhost, 127.0.0.1 and [::1] alone", { code: "unknown_host" });
  }

  /** @throws {ApiError} 401 */
  checkToken({ headers: { authorization = "" } }: IncomingMessage): void {
    if (this.digest === undefined) return;
    const [, given] = /^Bearer ([^\s]{1,4096})$/i.exec(authorization) ?? [];
    // Digests are of one length, and comparing them takes the same time wherever they differ.
    if (given !== undefined && timingSafeEqual(digestOf(given), this.digest)) return;
    const headers = { "www-authenticate": "Bearer" };
    throw new ApiError(401, "the token is missing or wrong", { code: "invalid_api_key", headers });
  }
}

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();
