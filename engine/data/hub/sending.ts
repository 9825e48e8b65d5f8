import { setTimeout } from "node:timers/promises";
import { DataError } from "../../protocol/errors.ts";
import type { HubEnvironment } from "./environment.ts";
import { ATTEMPTS, FIRST_WAIT_MS, HubUnreachable, LONGEST_WAIT_MS, bounded, waitOf } from "./requests.ts";

/** Milliseconds without a byte in either direction after which a request is made again. */
const SILENCE_MS = 60_000;
/** Largest answer that is held in memory, in bytes. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

/** Stands for the token where the library wants one: the real one is put in here, and goes to the endpoint alone. */
export const STAND_IN = "hf_standIn";

/** A connection over which a repository is changed. */
export interface SendingConnection {
  readonly environment: HubEnvironment;
  /** `owner/name` */
  readonly name: string;
  readonly signal: AbortSignal;
  /** First wait after a failure, in milliseconds. */
  readonly firstWaitMs?: number | undefined;
  /** Called at each wait, in words. */
  readonly note?: ((text: string) => void) | undefined;
  /** Looks at a request's body before it goes out. @throws to keep it here. */
  readonly check?: ((url: string, body: string) => void) | undefined;
}

/** A body that is read from the disk as it is sent. */
export interface ObservedBody extends Blob {
  /** The same content, which tells of every piece as it is read. */
  observed(read: (bytes: number) => void): Blob;
}

/**
 * For Hugging Face's library: sends a request, again after an error that passes. No error has anything of the answer in
 * it, for a hub may send back what it was sent.
 *
 * @throws {DataError} with the remedy, where the hub refuses.
 * @throws {HubUnreachable} where it cannot be reached, or has no time for us.
 */
export function sender(connection: SendingConnection): typeof fetch {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const { signal, firstWaitMs = FIRST_WAIT_MS, name, note, check } = connection;
    if (typeof init.body === "string") check?.(url, init.body);
    const headers = headersFor(connection, url, init.headers);
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const answer = await attemptOf(url, { ...init, headers }, signal);
      if (answer?.ok === true) return bounded(answer, MOST_ANSWER_BYTES);
      signal.throwIfAborted();
      const status = answer?.status;
      const asked = answer === undefined ? undefined : waitOf(answer);
      await answer?.body?.cancel().catch(() => undefined);
      if (status !== undefined && status < 500 && status !== 408 && status !== 429) throw refusal(connection, status);
      if (attempt === ATTEMPTS) throw unreachable(name, status);
      const wait = Math.min(LONGEST_WAIT_MS, asked ?? firstWaitMs * 2 ** (attempt - 1));
      const why = status === undefined ? "does not answer" : `answers ${status}`;
      note?.(`${name}: the hub ${why}; again in ${(wait / 1000).toFixed(1)} s`);
      await setTimeout(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };
}

/** The token goes to the endpoint alone; stores of large files have their own, or a signed address. */
function headersFor(
  { environment: { endpoint, token } }: SendingConnection,
  url: string,
  given: RequestInit["headers"],
): Headers {
  const headers = new Headers(given);
  const isHub = new URL(url).origin === new URL(endpoint).origin;
  const isOurs = headers.get("authorization")?.includes(STAND_IN) === true;
  if (isOurs) headers.delete("authorization");
  if (isHub && isOurs && token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return headers;
}

/** @returns The answer, or nothing where none came in time. */
async function attemptOf(url: string, init: RequestInit, signal: AbortSignal): Promise<Response | undefined> {
  const control = new AbortController();
  let timer = globalThis.setTimeout(() => control.abort(), SILENCE_MS);
  const alive = (): void => {
    clearTimeout(timer);
    timer = globalThis.setTimeout(() => control.abort(), SILENCE_MS);
  };
  const body = isObserved(init.body) ? init.body.observed(alive) : init.body;
  try {
    // Redirections of what is sent would lead it, and the token, elsewhere.
    const both = AbortSignal.any([control.signal, signal, ...(init.signal ? [init.signal] : [])]);
    return await fetch(url, { ...init, body: body ?? null, signal: both, redirect: "manual" });
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function isObserved(body: unknown): body is ObservedBody {
  return body instanceof Blob && "observed" in body;
}

/** The error for an answer that stays the same however often it is asked for. */
export function refusal({ name, environment: { token } }: SendingConnection, status: number): DataError {
  const owner = name.split("/", 1)[0] ?? name;
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308: {
      const remedy = "look at it on the hub, and publish to its new name";
      return new DataError("it has been moved or renamed there", { file: name, remedy });
    }
    case 401: {
      const remedy =
        token === undefined
          ? NO_TOKEN
          : "the token is not valid, or no longer: make one that may write at huggingface.co/settings/tokens";
      return new DataError("the hub does not know who is asking (401)", { file: name, remedy });
    }
    case 403: {
      const remedy = `use a token that may write to what ${owner} owns, and see that its storage is not full`;
      return new DataError("the hub refuses it (403)", { file: name, remedy });
    }
    case 404: {
      const remedy = `check that ${owner} is you or an organization of yours, and that the token may write there`;
      return new DataError("there is no such owner or repository for this token (404)", { file: name, remedy });
    }
    case 409:
    case 412: {
      const remedy = "look at it on the hub, and publish again: what has been sent already is not sent twice";
      return new DataError(`somebody else has changed it meanwhile (${status})`, { file: name, remedy });
    }
    default: {
      const remedy = "check the name and HF_ENDPOINT; the hub's page of its status may say more";
      return new DataError(`the hub answers ${status}`, { file: name, remedy });
    }
  }
}

/** How a token is given. */
export const NO_TOKEN = "set HF_TOKEN, log in with `hf auth login`, or run SALSA: Set Hugging Face Token in the editor";

function unreachable(name: string, status: number | undefined): HubUnreachable {
  const remedy = "publish again later: what has been sent already is not sent twice";
  if (status === 429) return new HubUnreachable("the hub has had too many requests (429)", { file: name, remedy });
  const what = status === undefined ? "the hub cannot be reached" : `the hub answers ${status}`;
  return new HubUnreachable(what, { file: name, remedy });
}
