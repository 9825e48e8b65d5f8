import { chmod } from "node:fs/promises";
import { once } from "node:events";
import { type Server, createServer } from "node:net";
import type { RunEvent } from "../protocol/events.ts";
import type { HandshakeResult } from "../protocol/rpc.ts";
import { type RunState, applyEvent } from "../protocol/runState.ts";
import { onDisk } from "../storage/disk.ts";
import { type AnsweringWindow, EditorCalls, type EditorCallsSettings } from "./editorCalls.ts";
import { Session } from "./session.ts";

/** Clients at a time: each window of an editor is one, and each terminal that follows the run. */
const MOST_CLIENTS = 64;
/** Milliseconds that clients have to read the end of a run before they are cut off. */
const GRACE = 2000;

const NOBODY: EditorCallsSettings = { answered: () => undefined, waiting: () => undefined };

/** Settings of a server. */
export interface RunServerSettings {
  /** Path of a socket, or name of a pipe, that nobody listens on. */
  readonly address: string;
  /** Version of the engine. */
  readonly version: string;
  /** A client asks for a graceful stop. */
  readonly stop: (client: string) => void;
  /** Has the answers of windows to calls of the editor's models. */
  readonly answers?: EditorCallsSettings;
  readonly log: (message: string) => void;
  /** Milliseconds that a client has for its handshake. */
  readonly timeoutMs?: number;
}

/** Serves one run's state and events to any number of clients, which may come and vanish as they like. */
export class RunServer {
  private readonly server: Server;
  private readonly sessions = new Set<Session>();
  private readonly opened = Promise.withResolvers<Pick<HandshakeResult, "run" | "folder">>();
  private readonly ready = Promise.withResolvers<RunState>();
  /** Calls of the editor's models. */
  readonly calls: EditorCalls;
  private state: RunState | undefined;

  private constructor(server: Server, { version, stop, log, timeoutMs, answers = NOBODY }: RunServerSettings) {
    this.server = server;
    server.maxConnections = MOST_CLIENTS;
    this.calls = new EditorCalls(answers);
    const host = {
      ...{ version, stop, log, timeoutMs, opened: this.opened.promise, ready: this.ready.promise },
      offered: (window: AnsweringWindow) => this.calls.offer(window),
    };
    server.on("connection", (socket) => {
      const session = new Session(socket, host);
      this.sessions.add(session);
      socket.on("close", () => {
        this.sessions.delete(session);
        this.calls.leave(session);
      });
    });
  }

  /**
   * Listens before there is a run, so that a client that finds the address in the run's lock is heard.
   * @throws {DiskError} when the address cannot be used.
   */
  static async listen(settings: RunServerSettings): Promise<RunServer> {
    const { address } = settings;
    const server = createServer();
    await onDisk("listen", address, async () => {
      server.listen(address);
      await once(server, "listening");
      if (process.platform !== "win32") await chmod(address, 0o600);
    });
    return new RunServer(server, settings);
  }

  /** Says which run this is: handshakes are answered from here on. */
  open(run: Pick<HandshakeResult, "run" | "folder">): void {
    this.opened.resolve(run);
  }

  /** Takes the run's history over: snapshots are answered from here on, and the state belongs to the server. */
  start(state: RunState): void {
    this.state = state;
    this.ready.resolve(state);
  }

  /** Takes in an event and passes it on; one that the history holds already is passed over. */
  publish(event: RunEvent): void {
    if (this.state === undefined) throw new TypeError("publish: the server has no state yet");
    if (event.sequence < this.state.nextSequence) return;
    applyEvent(this.state, event);
    for (const session of this.sessions) session.push(event);
  }

  /** Lets clients read to the end and hangs up. The socket's file is gone afterwards. */
  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    await Promise.all([...this.sessions].map((session) => session.finish(GRACE)));
    await closed;
  }
}
