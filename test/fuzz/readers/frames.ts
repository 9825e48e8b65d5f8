import { once } from "node:events";
import { type Socket, createServer } from "node:net";
import { join } from "node:path";
import { PassThrough, duplexPair } from "node:stream";
import type { EditorCall } from "../../../engine/protocol/editorModels.ts";
import { PROTOCOL_VERSION } from "../../../engine/protocol/rpc.ts";
import { applyEvent, emptyRunState } from "../../../engine/protocol/runState.ts";
import { connectTo } from "../../../engine/server/client.ts";
import { EditorCalls } from "../../../engine/server/editorCalls.ts";
import { Session } from "../../../engine/server/session.ts";
import { serve } from "../../../engine/server/service/serve.ts";
import type { Reader } from "../reader.ts";
import { EVENTS } from "./records.ts";

function frames(...messages: readonly object[]): Buffer {
  return Buffer.concat(
    messages.map((message) => {
      const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
      return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
    }),
  );
}

const initialize = { id: 1, method: "initialize", params: { protocol: 1, client: "fuzz 1" } };
const folder = "/nowhere/.salsa/runs/demo-1";

/** Frames of a service's client: whatever they are, the service answers or ends, and outlives it. */
const service: Reader = {
  name: "serviceFrames",
  corpus: [
    frames(initialize, { id: 2, method: "listRuns", params: {} }),
    frames(
      initialize,
      { id: 2, method: "outline", params: { folder } },
      { id: 3, method: "winRates", params: { folder } },
    ),
    frames(
      initialize,
      { id: 2, method: "series", params: { folder, keys: [{ stage: "ppo", metric: "objective/kl" }] } },
      { id: 3, method: "samples", params: { folder, source: { kind: "rollouts" }, offset: 0, limit: 10 } },
      { method: "$/cancelRequest", params: { id: 3 } },
      { id: 4, method: "unfollow", params: { folder } },
    ),
  ],
  errors: [],
  read: async (bytes) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.resume();
    const served = serve({ input, output, version: "0.0.0", signal: new AbortController().signal });
    input.end(bytes);
    await served;
  },
};

const run = { run: "demo-1", folder };
const state = emptyRunState(run.run);
for (const event of EVENTS) applyEvent(state, event);

const CALL: EditorCall = { model: "vscode:a/b", request: { prompt: "x", temperature: 0, maxTokens: 1 } };
const DEADLINE_MS = 1000;

/** Frames of a client to the process of a run: whatever they are, the session ends, and the run goes on. */
const session: Reader = {
  name: "runFrames",
  corpus: [
    frames(
      { id: 0, method: "handshake", params: { protocol: PROTOCOL_VERSION, client: "fuzz 1" } },
      { id: 1, method: "snapshot", params: {} },
      { id: 2, method: "stop", params: {} },
    ),
    frames(
      { id: 0, method: "handshake", params: { protocol: PROTOCOL_VERSION, client: "fuzz 1" } },
      { id: 1, method: "offerModels", params: {} },
      { id: 0, result: { kind: "reply", reply: { text: "[[A]]", end: "stop" } } },
    ),
    frames(
      { id: 0, method: "handshake", params: { protocol: 7, client: "fuzz 1" } },
      { id: 1, method: "snapshot" },
      { method: "$/cancelRequest", params: { id: 1 } },
    ),
  ],
  errors: [],
  read: async (bytes) => {
    const [client, server] = duplexPair();
    client.resume();
    const calls = new EditorCalls({ answered: () => undefined, waiting: () => undefined });
    const open = new Session(server, {
      version: "0.0.0",
      opened: Promise.resolve(run),
      ready: Promise.resolve(state),
      stop: () => undefined,
      offered: (window) => {
        calls.offer(window);
        calls.ask(1, CALL, DEADLINE_MS);
      },
      log: () => undefined,
    });
    server.once("close", () => calls.leave(open));
    const closed = once(server, "close");
    for (const event of EVENTS) open.push(event);
    client.end(bytes);
    await closed;
  },
};

/** Milliseconds for an answer: after a sound handshake one comes or the socket ends; another handshake leaves both waiting. */
const timeoutFor = (bytes: Buffer): number => (bytes.subarray(0, GREETING.length).equals(GREETING) ? 20_000 : 50);

const handshake = { protocol: PROTOCOL_VERSION, version: "0.0.0", ...run, pid: 1 };

const GREETING = frames({ id: 0, result: handshake });

/** Answers of a process that claims to be a run's engine. */
const engine: Reader = {
  name: "engineFrames",
  corpus: [
    frames({ id: 0, result: handshake }, { id: 1, result: state }, { method: "events", params: { events: EVENTS } }),
    frames({ id: 0, result: handshake }, { method: "behind", params: {} }, { id: 1, result: emptyRunState("demo-1") }),
  ],
  errors: ["ProtocolError", "MessageError", "ResponseError", "ConnectionError"],
  read: async (bytes, place) => {
    const address = join(place.folder, "engine.sock");
    const server = createServer((socket) => {
      // The client may hang up at any moment.
      answer(socket, bytes).catch(() => undefined);
    });
    server.listen(address);
    await once(server, "listening");
    try {
      const connection = await connectTo(address, { client: "fuzz 1", timeoutMs: timeoutFor(bytes) });
      const ended = new Promise<void>((resolve) => connection.onClose(resolve));
      connection.onEvents(() => undefined);
      try {
        await connection.snapshot();
        await ended;
      } finally {
        connection.close();
      }
    } finally {
      server.close();
    }
  },
};

/** Sends the first message when the handshake is asked for, and the others when the snapshot is. */
async function answer(socket: Socket, bytes: Buffer): Promise<void> {
  socket.on("error", () => undefined); // also between the waits below, which fail by it
  const second = bytes.indexOf("Content-Length", 1);
  const first = second < 0 ? bytes : bytes.subarray(0, second);
  await once(socket, "data");
  socket.write(first);
  if (second >= 0) {
    await Promise.race([once(socket, "data"), once(socket, "close")]);
    socket.write(bytes.subarray(second));
  }
  socket.end();
}

export const FRAMES: readonly Reader[] = [service, session, engine];
