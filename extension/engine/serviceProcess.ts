import type { CancellationToken, MessageConnection, MessageWriter, ResponseError } from "vscode-jsonrpc";
import type { EditorAnswer } from "../../engine/protocol/editorModels.ts";
import {
  type InitializeResult,
  SERVICE_ERRORS,
  SERVICE_PROTOCOL,
  type ServiceErrorData,
  type ServiceNotifications,
  type ServiceRequests,
} from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { ServiceError } from "./errors.ts";
import { type Ending, deathFailure, isRecent, mismatch, spawnFailure, startFailure, tooOld } from "./failures.ts";
import type { Runtime } from "./runtime.ts";
import { type WritableProcess, startWritableNode } from "./startNode.ts";

/** Milliseconds that a service has to answer the first request: a cold disk on a busy machine is slow. */
const INITIALIZE_TIMEOUT_MS = 60_000;
/** Milliseconds that a service has to end by itself. */
const EXIT_TIMEOUT_MS = 5000;
/** Characters of standard error that are kept for the case of a death. */
const MOST_WORDS = 8000;

const NOTIFICATIONS = ["runs", "runEvents", "runReset", "log"] as const satisfies (keyof ServiceNotifications)[];

/** JSON-RPC's code for a request that its sender has cancelled. */
const CANCELLED = -32800;

/** How a service is started and listened to. */
export interface ServiceSettings {
  /** "vscode 0.1.0". */
  readonly client: string;
  /** True if the user trusts the workspace. */
  readonly isTrusted: boolean;
  /** Answers calls of the editor's models; absent where the client has none. */
  readonly onAskModel?: ((params: unknown, token: CancellationToken) => Promise<EditorAnswer>) | undefined;
  readonly onNotification: <N extends keyof ServiceNotifications>(name: N, params: ServiceNotifications[N]) => void;
  /** Called with the standard error of the process. */
  readonly onText: (text: string) => void;
  /** Milliseconds to wait for the first answer. */
  readonly timeoutMs?: number;
}

/** A service that has shaken hands. */
export interface ServiceProcess {
  readonly info: InitializeResult;
  request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
    token?: CancellationToken,
  ): Promise<ServiceRequests[M]["result"]>;
  /** Resolves when the process has ended, with the error for pending requests. */
  readonly ended: Promise<ServiceError>;
  /** Ends it by closing its standard input. */
  close(): void;
}

/** A spawned process as this file sees it. */
interface Child {
  readonly process: WritableProcess;
  readonly connection: MessageConnection;
  readonly ending: Promise<Ending | NodeJS.ErrnoException>;
}

/**
 * Starts `salsa serve` and completes the handshake.
 * @throws {ServiceError} with the reason why it cannot be used, and the remedy.
 */
export async function startService(runtime: Runtime, settings: ServiceSettings): Promise<ServiceProcess> {
  const child = await open(runtime, settings);
  const startup = child.ending.then(async (ending) =>
    ending instanceof Error ? spawnFailure(ending, runtime) : startFailure(ending, runtime),
  );
  try {
    const info = await unlessEnded(startup, () => shakeHands(child.connection, settings));
    if (info.protocol !== SERVICE_PROTOCOL) throw mismatch(SERVICE_PROTOCOL, info.protocol);
    if (!isRecent(info.node)) throw tooOld(info.node, runtime);
    return started(child, info);
  } catch (error) {
    close(child);
    throw refusal(error, "initialize");
  }
}

function started(child: Child, info: InitializeResult): ServiceProcess {
  const { connection } = child;
  const ended = child.ending.then((ending) => {
    // Deferred, since disposing fails pending requests with an error of its own.
    setImmediate(() => connection.dispose());
    return ending instanceof Error
      ? new ServiceError(t("The engine service has stopped: {0}", ending.message), "gone", { cause: ending })
      : deathFailure(ending);
  });
  return {
    info,
    ended,
    request: async (method, params, token) => {
      try {
        return await unlessEnded(ended, () => unlessCancelled(token, () => send(connection, method, params, token)));
      } catch (error) {
        throw refusal(error, method);
      }
    },
    close: () => close(child),
  };
}

async function open(runtime: Runtime, { onNotification, onAskModel, onText }: ServiceSettings): Promise<Child> {
  // Loaded on first use: an editor that never asks for a run should not wait for it.
  const rpc = await import("./rpc.ts");
  const process = startWritableNode(runtime, [runtime.main, "serve"]);
  const ending = endingOf(process, onText);
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(process.stdout),
    quiet(new rpc.StreamMessageWriter(process.stdin)),
  );
  // After malformed output, the stream cannot be parsed any further.
  connection.onError(() => process.kill());
  for (const name of NOTIFICATIONS) {
    connection.onNotification(name, (params: unknown) => onNotification(name, params as never));
  }
  if (onAskModel !== undefined) connection.onRequest("askModel", onAskModel);
  connection.listen();
  return { process, connection, ending };
}

async function endingOf(
  process: WritableProcess,
  onText: (text: string) => void,
): Promise<Ending | NodeJS.ErrnoException> {
  let words = "";
  process.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-MOST_WORDS);
    onText(text);
  });
  return new Promise((resolve) => {
    process.once("error", resolve);
    // "close", not "exit": the last words come after the exit.
    process.once("close", (code, signal) => resolve({ code, signal, words }));
  });
}

async function shakeHands(
  connection: MessageConnection,
  { client, isTrusted, timeoutMs = INITIALIZE_TIMEOUT_MS }: ServiceSettings,
): Promise<InitializeResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = t(
      "The engine service did not answer within {0} s. Try again, or look into its log",
      timeoutMs / 1000,
    );
    timer = setTimeout(() => reject(new ServiceError(message, "gone")), timeoutMs);
  });
  try {
    const params = { protocol: SERVICE_PROTOCOL, client, isTrusted };
    return await Promise.race([connection.sendRequest<InitializeResult>("initialize", params), late]);
  } finally {
    clearTimeout(timer);
  }
}

function send<M extends keyof ServiceRequests>(
  connection: MessageConnection,
  method: M,
  params: ServiceRequests[M]["params"],
  token: CancellationToken | undefined,
): Promise<ServiceRequests[M]["result"]> {
  return token === undefined ? connection.sendRequest(method, params) : connection.sendRequest(method, params, token);
}

/** Requests of a process that ends are never answered: they fail when it does. */
async function unlessEnded<T>(ended: Promise<ServiceError>, ask: () => Promise<T>): Promise<T> {
  const broken = ended.then((error) => {
    throw error;
  });
  const answer = ask();
  // An end disposes the connection, which would fail the request with a message of its own.
  answer.catch(() => undefined);
  return await Promise.race([broken, answer]);
}

/** Rejects at once on cancellation: a busy service answers a cancelled request late, if ever. */
async function unlessCancelled<T>(token: CancellationToken | undefined, ask: () => Promise<T>): Promise<T> {
  if (token === undefined) return ask();
  const cancelled = new ServiceError(t("Cancelled"), "cancelled");
  if (token.isCancellationRequested) throw cancelled;
  const answer = ask();
  answer.catch(() => undefined);
  let listening: { dispose(): void } | undefined;
  const stopped = new Promise<never>((_, reject) => {
    listening = token.onCancellationRequested(() => reject(cancelled));
  });
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    listening?.dispose();
  }
}

/** Converts the error of a request to a `ServiceError`. */
function refusal(error: unknown, method: string): ServiceError {
  if (error instanceof ServiceError) return error;
  const known = error instanceof Error ? error : new Error(String(error));
  const { code, data } = known as Partial<ResponseError<ServiceErrorData & { readonly protocol?: number }>>;
  if (code === CANCELLED) return new ServiceError(t("Cancelled"), "cancelled", { cause: known });
  if (code === SERVICE_ERRORS.versionMismatch) return mismatch(SERVICE_PROTOCOL, data?.protocol ?? known.message);
  if (method === "initialize") {
    return new ServiceError(t("The engine service cannot be reached: {0}", known.message), "gone", { cause: known });
  }
  return new ServiceError(known.message, "refused", { cause: known, ...(data !== undefined && { data }) });
}

/** Writes as long as it can: vscode-jsonrpc throws a failed write once more where nobody can catch it. */
function quiet(writer: MessageWriter): MessageWriter {
  return {
    onError: writer.onError,
    onClose: writer.onClose,
    write: (message) => writer.write(message).catch(() => undefined), // the end of the process reports the failure
    end: () => writer.end(),
    dispose: () => writer.dispose(),
  };
}

function close({ process, connection }: Child): void {
  connection.dispose();
  process.stdin.end();
  // Nothing of it keeps the editor's process from ending.
  process.unref();
  setTimeout(() => process.kill(), EXIT_TIMEOUT_MS).unref();
}
