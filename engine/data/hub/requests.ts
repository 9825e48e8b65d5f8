import { setTimeout } from "node:timers/promises";
import { DataError } from "../../protocol/errors.ts";
import type { DownloadState } from "../../protocol/runState.ts";
import type { HubEnvironment } from "./environment.ts";
import { type HubReference, KIND_TITLES } from "./reference.ts";

/** Times that a request is made before it is given up. */
export const ATTEMPTS = 4;
/** First wait between two of them, in milliseconds; it doubles. */
export const FIRST_WAIT_MS = 500;
/** Longest wait that a hub may ask for, in milliseconds. */
export const LONGEST_WAIT_MS = 60_000;
/** Milliseconds until a hub must have begun to answer. */
const ANSWER_MS = 30_000;
/** Largest answer that is held in memory, in bytes. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

/** The hub did not answer, or not now: what is in the cache may do. */
export class HubUnreachable extends DataError {}

/** A connection to the hub on behalf of one repository. */
export interface HubConnection {
  readonly environment: HubEnvironment;
  readonly reference: HubReference;
  /** First wait after a failure, in milliseconds. */
  readonly firstWaitMs?: number | undefined;
  readonly progress?: ((text: string, download?: DownloadState) => void) | undefined;
}

/**
 * Asks the hub, again after an error that passes. The token goes to the endpoint alone; redirections to other hosts lose
 * it. No error has anything of the answer in it, for a hub may send back what it was sent.
 *
 * @throws {DataError} with the remedy, for 401, 403 and 404.
 * @throws {HubUnreachable} when it cannot be reached, or has no time for us.
 */
export async function ask(
  connection: HubConnection,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { environment, reference, firstWaitMs = FIRST_WAIT_MS } = connection;
  const { endpoint, token } = environment;
  if (new URL(url).origin !== new URL(endpoint).origin) {
    throw new DataError("the hub names an address elsewhere", { file: reference.text, remedy: "check HF_ENDPOINT" });
  }
  const sent = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  for (let attempt = 1; ; attempt++) {
    const answer = await attemptOf(url, sent);
    if (answer instanceof Response && answer.ok) return answer;
    const status = answer instanceof Response ? answer.status : undefined;
    const asked = answer instanceof Response ? waitOf(answer) : undefined;
    if (answer instanceof Response) await answer.body?.cancel().catch(() => undefined);
    if (status !== undefined && status < 500 && status !== 408 && status !== 429)
      throw refused(reference, status, token);
    if (attempt === ATTEMPTS) throw unreachable(reference, status);
    const wait = Math.min(LONGEST_WAIT_MS, asked ?? firstWaitMs * 2 ** (attempt - 1));
    connection.progress?.(
      `${reference.text}: ${siteOf(reference)} ${status === undefined ? "does not answer" : `answers ${status}`}; again in ${(wait / 1000).toFixed(1)} s`,
    );
    await setTimeout(wait);
  }
}

/** For Hugging Face's library, with answers of a bounded length. */
export function fetchFor(connection: HubConnection): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const accept = new Headers(init?.headers).get("accept");
    const answer = await ask(connection, url, accept === null ? {} : { accept });
    return bounded(answer, MOST_ANSWER_BYTES);
  };
}

/** The same answer, whose body fails once it has more bytes than that. */
export function bounded(answer: Response, mostBytes: number): Response {
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > mostBytes) controller.error(new RangeError("an answer of the hub is too long"));
      else controller.enqueue(chunk);
    },
  });
  const { status, headers } = answer;
  const body = (answer.body as ReadableStream<Uint8Array> | null)?.pipeThrough(limit) ?? null;
  return new Response(body, { status, headers });
}

/** @returns The answer, or nothing where none came in time. */
async function attemptOf(url: string, headers: Readonly<Record<string, string>>): Promise<Response | undefined> {
  const control = new AbortController();
  const timer = globalThis.setTimeout(() => control.abort(), ANSWER_MS);
  try {
    return await fetch(url, { headers, signal: control.signal });
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds that a hub asks to wait. */
export function waitOf(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

const siteOf = ({ site = "the hub" }: HubReference): string => site;

function refused(reference: HubReference, status: number, token: string | undefined): DataError {
  const { text, kind, revision, site } = reference;
  if (site !== undefined) {
    const remedy = "check the network, such as a proxy; the address is pinned and was right";
    return new DataError(`${site} answers ${status}`, { file: text, remedy });
  }
  if (status === 404) {
    const remedy = `check the name and the revision ${JSON.stringify(revision)}`;
    return new DataError(`there is no such ${KIND_TITLES[kind]} or revision on the hub`, { file: text, remedy });
  }
  if (status === 401 || status === 403) {
    const remedy =
      token === undefined
        ? "log in with `hf auth login`, or set HF_TOKEN, if it is private or gated; else check its name"
        : "accept its conditions on the hub's page, or use a token that may read it (HF_TOKEN)";
    return new DataError(`the hub refuses it (${status})`, { file: text, remedy });
  }
  return new DataError(`the hub answers ${status}`, { file: text, remedy: "check the name and HF_ENDPOINT" });
}

function unreachable(reference: HubReference, status: number | undefined): HubUnreachable {
  const { text } = reference;
  const site = siteOf(reference);
  if (status === 429) {
    const remedy = "wait some minutes and run again; with a token (HF_TOKEN) the hub allows more";
    return new HubUnreachable(`${site} has had too many requests (429)`, { file: text, remedy });
  }
  const what = status === undefined ? `${site} cannot be reached` : `${site} answers ${status}`;
  return new HubUnreachable(what, { file: text, remedy: "check the network and run again, or name a local file" });
}
