import { ServerError } from "./serverError.ts";

/** Hosts that are this machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address that paths of the API are put behind: `http://127.0.0.1:8000` and `…/v1/chat/completions` both become
 * `…/v1`.
 * @throws {ServerError} for what is no address of http or https, or has a user, a password or a query.
 */
export function baseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === "" && url.password === "" && url.search === "";
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    // The text itself stays out of the message: it may hold a password.
    const remedy = "write it like http://127.0.0.1:8000/v1; a key goes into an environment variable";
    throw new ServerError("is not the address of a server", { fault: "address", server: "baseUrl", remedy });
  }
  url.hash = "";
  const path = url.pathname.replace(/\/+$/, "").replace(/\/(chat\/)?completions$/, "");
  url.pathname = path === "" ? "/v1" : path;
  return url;
}

/** True if an address is this machine's. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.test(hostname);
}

/** True if nobody on the way can read what is sent there. */
export function isPrivate(url: URL): boolean {
  return url.protocol === "https:" || isLoopback(url);
}

/** True if a redirect may take the request along: to the same server, or from http to https on its host. */
export function isSameServer(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  const isDefaultPort = from.port === "" && to.port === "";
  return from.hostname === to.hostname && from.protocol === "http:" && to.protocol === "https:" && isDefaultPort;
}
