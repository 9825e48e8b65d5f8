import { once } from "node:events";
import { type Socket, connect as connectSocket } from "node:net";
import {
  type Message,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import type { RunEvent } from "../protocol/events.ts";
import { type HandshakeResult, PROTOCOL_VERSION, RPC_ERRORS } from "../protocol/rpc.ts";
import type { RunState } from "../protocol/runState.ts";
import { parseEvents, parseRunState } from "../protocol/runStateSchema.ts";
import { type LockOwner, isSameOwner, ownerName } from "../storage/locks.ts";
import { readDescription } from "../storage/formats/runDescription.ts";
import { runOwner } from "../storage/runFolder.ts";
import { readRunState } from "../storage/runHistory.ts";
import { NotRunningError, UnreachableError, VersionMismatchError } from "./errors.ts";
import { NOTIFICATIONS, REQUESTS } from "./messages.ts";

/** Milliseconds that an engine has to answer a handshake: it has a thread for that, however busy it is. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Who connects, and how. */
export interface ClientSettings {
  /** "vscode 0.1.0". */
  readonly client: string;
  /** For tests: another version than this program's. */
  readonly protocol?: number;
}

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
 * @throws {UnreachableError} when its process lives and does not answer.
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
    const what = `it runs in the foreground of ${ownerName(owner)}: watch and stop it there`;
    throw new UnreachableError(folder, { pid, what });
  }
  try {
    return await connectTo(address, settings);
  } catch (error) {
    throw await explained(error, folder, owner);
  }
}

/** Connects to the engine that listens at an address. @throws the system's error, or the engine's. */
export async function connectTo(address: string, settings: ClientSettings): Promise<RunConnection> {
  const { client, protocol = PROTOCOL_VERSION } = settings;
  const socket = connectSocket(address);
  await once(socket, "connect");
  const connection = createMessageConnection(new SocketMessageReader(socket), new QuietWriter(socket));
  connection.onError(() => socket.destroy());
  connection.listen();
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${HANDSHAKE_TIMEOUT_MS / 1000} s`)),
    HANDSHAKE_TIMEOUT_MS,
  );
  try {
    const result = await untilClosed(socket, () => connection.sendRequest(REQUESTS.handshake, { protocol, client }));
    return connected(result, connection, socket);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function connected(result: HandshakeResult, connection: MessageConnection, socket: Socket): RunConnection {
  return {
    handshake: result,
    snapshot: async () => parseRunState(await untilClosed(socket, () => connection.sendRequest(REQUESTS.snapshot, {}))),
    onEvents: (listener) =>
      void connection.onNotification(NOTIFICATIONS.events, ({ events }) => listener(parseEvents(events))),
    onBehind: (listener) => void connection.onNotification(NOTIFICATIONS.behind, listener),
    onClose: (listener) => {
      if (socket.closed) setImmediate(listener);
      else socket.once("close", listener);
    },
    stop: async () => {
      await untilClosed(socket, () => connection.sendRequest(REQUESTS.stop, {}));
    },
    close: () => {
      socket.destroy();
    },
  };
}

/**
 * Writes as long as it can. vscode-jsonrpc throws a failed write once more where nobody can catch it, which would end
 * the process; the socket's own end is seen by those who wait for an answer.
 */
class QuietWriter extends SocketMessageWriter {
  private readonly connected: Socket;

  constructor(socket: Socket) {
    super(socket);
    this.connected = socket;
  }

  override async write(message: Message): Promise<void> {
    try {
      await super.write(message);
    } catch {
      this.connected.destroy();
    }
  }
}

/** Requests of a connection that breaks are never answered: they fail when it does. */
async function untilClosed<T>(socket: Socket, ask: () => Promise<T>): Promise<T> {
  if (socket.destroyed) throw new Error("the connection to the engine is closed");
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const onClose = (): void => reject(socket.errored ?? new Error("the engine closed the connection"));
  socket.once("close", onClose);
  try {
    return await Promise.race([ask(), broken]);
  } finally {
    socket.off("close", onClose);
  }
}

/** Explains a failed connection: mostly, the engine has just ended. */
async function explained(error: unknown, folder: string, owner: LockOwner): Promise<Error> {
  const { pid, socket } = owner;
  if (error instanceof ResponseError && error.code === RPC_ERRORS.versionMismatch) {
    const { protocol } = error.data as { readonly protocol: number };
    return new VersionMismatchError(folder, { protocol, message: error.message });
  }
  if (!isSameOwner(await runOwner(folder), owner)) return new NotRunningError(folder, await readRunState(folder));
  const reason = error instanceof Error ? error.message : String(error);
  const what = `${ownerName(owner)} does not answer at ${socket ?? "any socket"} (${reason}); see its engine.log`;
  return new UnreachableError(folder, { pid, what }, { cause: error });
}
