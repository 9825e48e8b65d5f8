import type { Duplex } from "node:stream";
import { type MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import type { EditorCall } from "../protocol/editorModels.ts";
import type { RunEvent } from "../protocol/events.ts";
import { type HandshakeParams, type HandshakeResult, PROTOCOL_VERSION, RPC_ERRORS } from "../protocol/rpc.ts";
import type { RunState } from "../protocol/runState.ts";
import { visibleLine } from "../common/visible.ts";
import { openChannel } from "./channel.ts";
import { Feed } from "./feed.ts";
import type { AnsweringWindow } from "./editorCalls.ts";
import { NOTIFICATIONS, QUESTIONS, REQUESTS } from "./messages.ts";
import { withToken } from "./withSignal.ts";

/** The server of a session, as the session sees it. */
export interface SessionHost {
  /** Version of the engine. */
  readonly version: string;
  readonly opened: Promise<Pick<HandshakeResult, "run" | "folder">>;
  /** The run's state once its history is read; later events are pushed. */
  readonly ready: Promise<RunState>;
  readonly stop: (client: string) => void;
  /** A client answers calls of the editor's models from now on. */
  readonly offered: (window: AnsweringWindow) => void;
  readonly log: (message: string) => void;
  /** Milliseconds that a client has for its handshake, if not the usual ones. */
  readonly timeoutMs?: number | undefined;
}

/** Milliseconds that a client has for its handshake. */
const GREETING_TIMEOUT_MS = 10_000;
/** Bytes of a request; ours have some hundred. */
const MOST_REQUEST = 2 ** 16;
/** Bytes of a message of a client that answers for its editor's models. */
const MOST_ANSWER = 2 ** 24;
/** Requests of one client that wait for their answers, and answers that wait for it to read. */
const MOST_PENDING = 100;
/** Characters of a client's name in the log. */
const MOST_NAME = 100;
/** Twenty batches a second are more than a screen shows. This is the one place where events gather. */
export const GATHER_MS = 50;
/** Bytes that may wait in a socket before another snapshot is refused: who does not read gets no more. */
const MOST_WAITING = 2 ** 20;

/** One client of a run, from its handshake to its end. */
export class Session implements AnsweringWindow {
  private readonly socket: Duplex;
  private readonly host: SessionHost;
  private readonly connection: MessageConnection;
  private readonly feed: Feed;
  private readonly deadline: NodeJS.Timeout;
  private client: string | undefined;
  private isAnswering = false;
  private nPending = 0;

  constructor(socket: Duplex, host: SessionHost) {
    this.socket = socket;
    this.host = host;
    this.deadline = setTimeout(() => socket.destroy(), host.timeoutMs ?? GREETING_TIMEOUT_MS);
    this.connection = openChannel({
      input: socket,
      output: socket,
      mostBytes: () => (this.isAnswering ? MOST_ANSWER : MOST_REQUEST),
      mostWaiting: MOST_PENDING,
      broken: () => socket.destroy(), // a peer that does not speak the protocol, or does not listen, is no client
    });
    const { connection } = this;
    this.feed = new Feed({
      gatherMs: GATHER_MS,
      send: async (events) => {
        await connection.sendNotification(NOTIFICATIONS.events, { events }); // throws at once when disposed of
      },
      behind: () => {
        host.log(`${this.name} reads too slowly and starts over from a snapshot`);
        connection.sendNotification(NOTIFICATIONS.behind, {}).catch(() => undefined);
      },
    });
    connection.onRequest(REQUESTS.handshake, (params) => this.counted(() => this.handshake(params)));
    connection.onRequest(REQUESTS.snapshot, () => this.counted(() => this.snapshot()));
    connection.onRequest(REQUESTS.offerModels, () => this.offer());
    connection.onRequest(REQUESTS.stop, () => this.stop());
    socket.on("end", () => socket.destroy()); // who says nothing more has left, whatever it has not read
    socket.on("close", () => {
      clearTimeout(this.deadline);
      this.feed.stop();
      connection.dispose();
      if (this.client !== undefined) host.log(`${this.name} left`);
    });
    connection.listen();
  }

  push(event: RunEvent): void {
    this.feed.push([event]);
  }

  ask(call: EditorCall, signal: AbortSignal): Promise<unknown> {
    return withToken(signal, (token) => this.connection.sendRequest(QUESTIONS.askModel, call, token));
  }

  /** Sends the pending events and hangs up; a client that does not read is cut off when the time is over. */
  async finish(milliseconds: number): Promise<void> {
    if (this.socket.closed) return;
    const closed = new Promise((resolve) => this.socket.once("close", resolve));
    const timer = setTimeout(() => this.socket.destroy(), milliseconds);
    await this.feed.finish();
    this.socket.end();
    await closed;
    clearTimeout(timer);
  }

  private async counted<T>(answer: () => Promise<T>): Promise<T> {
    this.nPending += 1;
    if (this.nPending > MOST_PENDING) this.socket.destroy();
    try {
      return await answer();
    } finally {
      this.nPending -= 1;
    }
  }

  private get name(): string {
    return this.client ?? "a client without a name";
  }

  private async handshake(params?: Partial<HandshakeParams>): Promise<HandshakeResult | ResponseError<unknown>> {
    const { version, opened, log } = this.host;
    const { protocol } = params ?? {};
    const client = nameIn(params);
    if (protocol !== PROTOCOL_VERSION) {
      const theirs = typeof protocol === "number" ? `speaks ${protocol}` : "names no version";
      const message = `engine ${version} speaks protocol ${PROTOCOL_VERSION}, ${client} ${theirs}`;
      log(`refused: ${message}`);
      return new ResponseError(RPC_ERRORS.versionMismatch, message, { protocol: PROTOCOL_VERSION, version });
    }
    clearTimeout(this.deadline);
    const { run, folder } = await opened;
    this.client = client;
    log(`${client} attached`);
    return { protocol, version, run, folder, pid: process.pid };
  }

  private async snapshot(): Promise<RunState | ResponseError<unknown>> {
    if (this.client === undefined) return refusal();
    const state = await this.host.ready;
    if (this.socket.writableLength > MOST_WAITING) {
      this.socket.destroy();
      this.host.log(`${this.name} asks for snapshots without reading them and was cut off`);
    }
    // The answer is written later than this, with whatever the state is by then: it may overlap, and leaves no gap.
    this.feed.start();
    return state;
  }

  private offer(): Record<string, never> | ResponseError<unknown> {
    if (this.client === undefined) return refusal();
    if (!this.isAnswering) this.host.log(`${this.name} answers for its editor's models`);
    this.isAnswering = true;
    this.host.offered(this);
    return {};
  }

  private stop(): { readonly stopping: boolean } | ResponseError<unknown> {
    if (this.client === undefined) return refusal();
    this.host.stop(this.client);
    return { stopping: true };
  }
}

function nameIn(params: Partial<Record<keyof HandshakeParams, unknown>> | undefined): string {
  const client = params?.client;
  return typeof client === "string" ? visibleLine(client.slice(0, MOST_NAME)) : "a client";
}

function refusal(): ResponseError<unknown> {
  return new ResponseError(RPC_ERRORS.noHandshake, "the first request must be the handshake");
}
