import { once } from "node:events";
import { type Socket, connect as connectSocket } from "node:net";
import { basename } from "node:path";
import { type MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import type { EditorAnswer, EditorCall } from "../protocol/editorModels.ts";
import { readEditorCall } from "../protocol/editorModelsSchema.ts";
import type { RunEvent } from "../protocol/events.ts";
import { type HandshakeResult, PROTOCOL_VERSION, RPC_ERRORS } from "../protocol/rpc.ts";
import type { RunState } from "../protocol/runState.ts";
import { parseEvents, parseRunState } from "../protocol/runStateSchema.ts";
import { type LockOwner, isSameOwner, ownerName } from "../storage/locks.ts";
import { readDescription } from "../storage/formats/runDescription.ts";
import { isLocal } from "../storage/processes.ts";
import { runOwner } from "../storage/runFolder.ts";
import { readRunState } from "../storage/runHistory.ts";
import { checkAddress } from "./address.ts";
import { openChannel } from "./channel.ts";
import { ElsewhereError, NotRunningError, ProtocolError, UnreachableError, VersionMismatchError } from "./errors.ts";
import { NOTIFICATIONS, QUESTIONS, REQUESTS } from "./messages.ts";
import { withSignal } from "./withSignal.ts";

/** Milliseconds that an engine has to answer a handshake: it has a thread for that, however busy it is. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** The same for other requests: a snapshot of millions of recorded values takes its time. */
const ANSWER_TIMEOUT_MS = 120_000;
/** Bytes of a message before the engine has shaken hands. */
const MOST_HANDSHAKE = 2 ** 16;
/** And after that: a snapshot takes some 40 bytes a recorded value, so this has six million; more are read from the log. */
const MOST_MESSAGE = 2 ** 28;
const MOST_WAITING = 100;

/** The client that connects, and how. */
export interface ClientSettings {
  /** "vscode 0.1.0". */
  readonly client: string;
  /** For tests: another version than this program's. */
  readonly protocol?: number;
  /** Milliseconds for every answer, if not the usual ones. */
  readonly timeoutMs?: number;
}

/** Answers a call of the editor's models. */
export type EditorAnswerer = (call: EditorCall, signal: AbortSignal) => Promise<EditorAnswer>;

/** A connection to the engine of a run. Listeners are called from the next turn of the event loop on. */
export interface RunConnection {
  readonly handshake: HandshakeResult;
  /** The run as it stands; events are sent from then on. */
  snapshot(): Promise<RunState>;
  onEvents(listener: (events: readonly RunEvent[]) => void): void;
  /** Events were missed: ask for a snapshot again. */
  onBehind(listener: () => void): void;
  /** The engine has ended, or the connection has. */
  onClose(listener: () => void): void;
  /** Answers calls of the editor's models from now on; or again, where something has kept it from that. */
  offerModels(answer: EditorAnswerer): Promise<void>;
  /** Asks for a graceful stop; the run says when it has stopped. */
  stop(): Promise<void>;
  close(): void;
}

/**
 * Connects to the engine that works on a run.
 *
 * @param folder - The run's: `.salsa/runs/<id>`.
 * @throws {DataError} when there is no such run.
 * @throws {NotRunningError} when no process works on it; a lock or socket that a dead one left changes nothing.
 * @throws {ElsewhereError} when its process lives on another machine, or in the foreground of a terminal.
 * @throws {UnreachableError} when it lives and does not answer.
 * @throws {VersionMismatchError} when it speaks another version.
 */
export async function connect(folder: string, settings: ClientSettings): Promise<RunConnection> {
  const owner = await runOwner(folder);
  if (owner === undefined) {
    await readDescription(folder);
    throw new NotRunningError(folder, await readRunState(folder));
  }
  const { pid, socket: address } = owner;
  if (address === undefined) {
    const what = `it runs in the foreground of ${ownerName(owner)}: salsa attach and salsa stop reach it by its folder`;
    throw new ElsewhereError(folder, { pid, what });
  }
  try {
    await checkAddress(address);
    const connection = await connectTo(address, settings);
    const { run, pid: itsPid } = connection.handshake;
    if (run === basename(folder) && itsPid === pid) return connection;
    connection.close();
    throw new ProtocolError("another run's engine answers");
  } catch (error) {
    throw await explained(error, folder, owner);
  }
}

/**
 * Connects to the engine that listens at an address. One that a file names is checked before.
 * @throws the system's error, or the engine's.
 */
export async function connectTo(address: string, settings: ClientSettings): Promise<RunConnection> {
  const { client, protocol = PROTOCOL_VERSION, timeoutMs } = settings;
  let isEngine = false;
  const socket = connectSocket(address);
  const connection = openChannel({
    input: socket,
    output: socket,
    mostBytes: () => (isEngine ? MOST_MESSAGE : MOST_HANDSHAKE),
    mostWaiting: MOST_WAITING,
    broken: (error) => socket.destroy(error),
  });
  connection.listen();
  try {
    const result = await answered(socket, timeoutMs ?? HANDSHAKE_TIMEOUT_MS, async () => {
      if (socket.connecting) await once(socket, "connect");
      return connection.sendRequest(REQUESTS.handshake, { protocol, client });
    });
    isEngine = true;
    return connected(result, { connection, socket, timeoutMs: timeoutMs ?? ANSWER_TIMEOUT_MS });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

interface Connected {
  readonly connection: MessageConnection;
  readonly socket: Socket;
  readonly timeoutMs: number;
}

function connected(result: HandshakeResult, { connection, socket, timeoutMs }: Connected): RunConnection {
  return {
    handshake: result,
    snapshot: async () =>
      parseRunState(await answered(socket, timeoutMs, () => connection.sendRequest(REQUESTS.snapshot, {}))),
    onEvents: (listener) =>
      void connection.onNotification(NOTIFICATIONS.events, ({ events }) => listener(parseEvents(events))),
    onBehind: (listener) => void connection.onNotification(NOTIFICATIONS.behind, listener),
    onClose: (listener) => {
      if (socket.closed) setImmediate(listener);
      else socket.once("close", listener);
    },
    offerModels: async (answer) => {
      connection.onRequest(QUESTIONS.askModel, (call: unknown, token) =>
        withSignal(token, (signal) => answer(readEditorCall(call), signal)),
      );
      await answered(socket, timeoutMs, () => connection.sendRequest(REQUESTS.offerModels, {}));
    },
    stop: async () => {
      await answered(socket, timeoutMs, () => connection.sendRequest(REQUESTS.stop, {}));
    },
    close: () => {
      socket.destroy();
    },
  };
}

/** Requests of a connection that breaks are never answered: they fail when it does, or when their time is over. */
async function answered<T>(socket: Socket, timeoutMs: number, ask: () => Promise<T>): Promise<T> {
  if (socket.destroyed) throw socket.errored ?? new ProtocolError("the connection to the engine is closed");
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const onClose = (): void => reject(socket.errored ?? new ProtocolError("the engine closed the connection"));
  const late = new ProtocolError(`no answer within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => socket.destroy(late), timeoutMs);
  socket.once("close", onClose);
  const answer = ask().catch((cause: unknown) => {
    // The system's errors and refusals have codes; a message that is no answer has none.
    if (!(cause instanceof Error) || "code" in cause) throw cause;
    throw new ProtocolError(`the engine's answer: ${cause.message}`, { cause });
  });
  answer.catch(() => undefined); // a connection that breaks fails it, too
  try {
    return await Promise.race([answer, broken]);
  } finally {
    clearTimeout(timer);
    socket.off("close", onClose);
  }
}

/** Explains a failed connection: mostly, the engine has just ended. */
async function explained(error: unknown, folder: string, owner: LockOwner): Promise<Error> {
  const { pid, socket } = owner;
  if (error instanceof ResponseError && error.code === RPC_ERRORS.versionMismatch) {
    const { protocol } = (error.data ?? {}) as { readonly protocol?: unknown };
    if (typeof protocol === "number") return new VersionMismatchError(folder, { protocol, message: error.message });
  }
  if (!isSameOwner(await runOwner(folder), owner)) return new NotRunningError(folder, await readRunState(folder));
  const reason = error instanceof Error ? error.message : String(error);
  if (!isLocal(owner)) {
    const what = `it is at work on another machine (${ownerName(owner)}): watch it there, or in the editor`;
    return new ElsewhereError(folder, { pid, what }, { cause: error });
  }
  const what = `${ownerName(owner)} does not answer at ${socket ?? "any socket"} (${reason}); see its engine.log`;
  return new UnreachableError(folder, { pid, what }, { cause: error });
}
