import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { type Socket, connect as connectSocket, createServer } from "node:net";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { type RunState, applyEvents } from "../../../engine/protocol/runState.ts";
import { newAddress } from "../../../engine/server/address.ts";
import { connect, connectTo } from "../../../engine/server/client.ts";
import { GATHER_MS } from "../../../engine/server/session.ts";
import { followRun, runEvents } from "../../../engine/server/follow.ts";
import { readHistory } from "../../../engine/storage/runHistory.ts";
import { heldBytes } from "../../heldBytes.ts";
import { CLIENT, STARTED, type Served, condition, metric, nextTurn, serving } from "./served.ts";

/** One JSON-RPC message in its frame. */
function framed(message: object): string {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** A client that shakes hands, asks for a snapshot, and never reads. */
async function stuckClient(address: string): Promise<Socket> {
  const socket = connectSocket(address);
  await once(socket, "connect");
  socket.pause();
  socket.write(framed({ id: 1, method: "handshake", params: { protocol: 1, client: "stuck" } }));
  socket.write(framed({ id: 2, method: "snapshot", params: {} }));
  return socket;
}

/** Reports this many metrics, a thousand a turn of the event loop. */
async function burst(run: Served, nEvents: number): Promise<void> {
  for (let step = 0; step < nEvents; step++) {
    run.report(metric(step));
    if (step % 1000 === 999) await nextTurn();
  }
}

/** Follows until the state holds this many events. */
async function stateAfter(run: Served, address: string, nEvents: number): Promise<RunState> {
  const news = condition();
  const connection = await connectTo(address, CLIENT);
  const followed = await followRun(run.folder, connection, {
    reset: news.check,
    events: news.check,
    ended: () => undefined,
  });
  await news.until(() => followed.state().nextSequence >= nEvents);
  followed.close();
  return followed.state();
}

describe("a run's server", () => {
  it("listens where only this user can connect", async () => {
    await serving(async ({ address }) => {
      assert.equal((await fs.stat(address)).mode & 0o777, 0o600);
    });
  });

  it("tells in the handshake which run, engine and process it is", async () => {
    await serving(async ({ folder }) => {
      const connection = await connect(folder, CLIENT);
      assert.deepEqual(connection.handshake, {
        protocol: 1,
        version: "1.2.3",
        run: "demo-1",
        folder,
        pid: process.pid,
      });
      connection.close();
    });
  });

  it("gives a snapshot and then every event, whenever a client comes", async () => {
    await serving(async (run) => {
      run.report(STARTED);
      for (let step = 0; step < 200; step++) run.report(metric(step));
      const connection = await connect(run.folder, CLIENT);
      const news = condition();
      const events: RunEvent[] = [];
      connection.onEvents((more) => {
        events.push(...more);
        news.check();
      });
      const answer = connection.snapshot();
      for (let step = 200; step < 300; step++) run.report(metric(step));
      const state = await answer;
      for (let step = 300; step < 400; step++) run.report(metric(step));
      await news.until(() => events.at(-1)?.sequence === 400);
      assert.ok((events[0]?.sequence ?? 1) <= state.nextSequence, "there is no gap");
      assert.deepEqual(
        events.map(({ sequence }) => sequence),
        events.map((_, index) => (events[0]?.sequence ?? 0) + index),
      );
      applyEvents(state, events);
      assert.deepEqual(state, await readHistory(run.folder));
      connection.close();
    });
  });

  it("sends nothing before a snapshot is asked for", async () => {
    await serving(async (run) => {
      const connection = await connect(run.folder, CLIENT);
      const seen: RunEvent[] = [];
      connection.onEvents((more) => seen.push(...more));
      run.report(STARTED);
      await connection.snapshot();
      const news = condition();
      connection.onEvents((more) => {
        seen.push(...more);
        news.check();
      });
      run.report(metric(0));
      await news.until(() => seen.length > 0);
      assert.deepEqual(
        seen.map(({ sequence }) => sequence),
        [1],
      );
      connection.close();
    });
  });

  it("refuses another version and names both", async () => {
    await serving(async ({ folder, logged }) => {
      await assert.rejects(connect(folder, { client: "vscode 9", protocol: 7 }), {
        name: "VersionMismatchError",
        protocol: 1,
        message: /demo-1: engine 1\.2\.3 speaks protocol 1, vscode 9 speaks 7; attach with the version that started/,
      });
      assert.match(logged.join("\n"), /refused: .*vscode 9 speaks 7/);
    });
  });

  it("refuses requests before the handshake, unknown ones, and a handshake without a version", async () => {
    await serving(async ({ address }) => {
      const socket = connectSocket(address);
      const news = condition();
      let text = "";
      socket.on("data", (data: Buffer) => {
        text += data.toString();
        news.check();
      });
      socket.write(framed({ id: 1, method: "snapshot", params: {} }));
      socket.write(framed({ id: 2, method: "stop", params: {} }));
      socket.write(framed({ id: 3, method: "explode", params: {} }));
      socket.write(framed({ id: 4, method: "handshake", params: {} }));
      await news.until(() => [1, 2, 3, 4].every((id) => text.includes(`"id":${id}`)));
      assert.equal(text.split("the first request must be the handshake").length, 3);
      assert.match(text, /Unhandled method explode/);
      assert.match(text, /engine 1\.2\.3 speaks protocol 1, a client names no version/);
      socket.destroy();
    });
  });

  it("hangs up on who does not speak the protocol, and goes on", async () => {
    await serving(async ({ folder, address }) => {
      const socket = connectSocket(address);
      socket.on("error", () => undefined);
      socket.end("GET / HTTP/1.1\r\n\r\n");
      socket.resume();
      await once(socket, "close");
      (await connect(folder, CLIENT)).close();
    });
  });

  it("passes a stop on with the name of who asks", async () => {
    await serving(async ({ folder, stops }) => {
      const connection = await connect(folder, CLIENT);
      await connection.stop();
      assert.deepEqual(stops, ["test 1"]);
      connection.close();
    });
  });

  it("outlives clients that vanish at any moment", async () => {
    await serving(async (run) => {
      for (let client = 0; client < 20; client++) {
        const socket = await stuckClient(run.address);
        run.report(metric(client));
        socket.destroy();
      }
      const state = await stateAfter(run, run.address, 20);
      assert.deepEqual(state, await readHistory(run.folder));
    });
  });

  it("sends some twenty notifications a second, however many events there are", async () => {
    await serving(async (run) => {
      const connection = await connect(run.folder, CLIENT);
      const news = condition();
      let nNotifications = 0;
      let last = -1;
      connection.onEvents((events) => {
        nNotifications += 1;
        last = events.at(-1)?.sequence ?? -1;
        news.check();
      });
      await connection.snapshot();
      const started = performance.now();
      for (let step = 0; step < 5000; step++) {
        run.report(metric(step));
        if (step % 10 === 9) await nextTurn();
      }
      await news.until(() => last === 4999);
      // One more for the first, and one for a timer that fires early.
      assert.ok(nNotifications <= (performance.now() - started) / GATHER_MS + 2, `${nNotifications} notifications`);
      connection.close();
    });
  });

  it("tells a client its run has ended by the last event and then the end of the connection", async () => {
    const order: string[] = [];
    const ended = Promise.withResolvers<RunState>();
    await serving(async (run) => {
      run.report(STARTED);
      await followRun(run.folder, await connect(run.folder, CLIENT), {
        reset: () => undefined,
        events: (events) => void order.push(...events.map(({ kind }) => kind)),
        ended: (state) => {
          order.push("ended");
          ended.resolve(state);
        },
      });
      run.report({ kind: "runFinished", status: "finished", seconds: 1 });
    });
    await ended.promise;
    assert.deepEqual(order, ["runFinished", "ended"]);
  });
});

describe("a burst of 100,000 events", () => {
  const N = 100_000;
  const LONG = "x".repeat(1000);

  it("never waits for a client that does not read, and keeps a bounded queue for it", async () => {
    await serving(async (run) => {
      const stuck = await stuckClient(run.address);
      const report = (step: number): void =>
        // Each replaces the one before in the state: only the client's queue stays in memory.
        run.server.publish({
          ...{ kind: "runQueued", run: "r-1", name: "r", device: `${LONG}${step}`, ahead: 1 },
          ...{ time: step, sequence: step },
        });
      const before = heldBytes().heap;
      let most = 0;
      for (let step = 0; step < N; step++) {
        report(step);
        if (step % 1000 !== 999) continue;
        await nextTurn();
        if (step % 20_000 !== 19_999) continue;
        most = Math.max(most, heldBytes().heap - before);
      }
      // The burst is 100 MB. A full queue of 10,000, and as much again on its way to the socket, are some 20 MB.
      assert.ok(most < 30e6, `${(most / 1e6).toFixed(1)} MB`);
      assert.match(run.logged.join("\n"), /stuck reads too slowly and starts over/);
      stuck.destroy();
    });
  });

  it("gives a fast client and one that pauses the same state", async () => {
    await serving(async (run) => {
      const pausing = await pausingProxy(run.address);
      const [fast, slow] = [stateAfter(run, run.address, N), stateAfter(run, pausing.address, N)];
      await pausing.connected;
      await burst(run, N / 2);
      pausing.pause();
      await burst(run, N / 2);
      pausing.resume();
      const states = await Promise.all([fast, slow]);
      assert.deepEqual(states[0], states[1]);
      assert.deepEqual(states[0], await readHistory(run.folder));
      pausing.close();
    });
  });

  it("reaches a reader of single events whole and in order, from the log where it was too slow", async () => {
    await serving(async (run) => {
      const connection = await connect(run.folder, CLIENT);
      const reading = (async () => {
        let next = 0;
        for await (const { sequence } of runEvents(run.folder, connection)) {
          assert.equal(sequence, next);
          next += 1;
          if (next === N) connection.close();
        }
        return next;
      })();
      await burst(run, N);
      assert.equal(await reading, N);
    });
  });
});

interface Proxy {
  readonly address: string;
  readonly connected: Promise<unknown>;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly close: () => void;
}

/** Stands between a client and its engine and can stop reading. */
async function pausingProxy(target: string): Promise<Proxy> {
  const address = await newAddress();
  const proxy = createServer();
  const upstream = connectSocket(target);
  const connected = once(proxy, "connection").then(([client]: Socket[]) => {
    if (client === undefined) return;
    client.pipe(upstream);
    upstream.on("data", (data) => client.write(data));
    client.on("close", () => upstream.destroy());
  });
  proxy.listen(address);
  await once(proxy, "listening");
  return {
    address,
    connected,
    pause: () => void upstream.pause(),
    resume: () => void upstream.resume(),
    close: () => void proxy.close(),
  };
}
