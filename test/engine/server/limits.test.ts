import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { type AddressInfo, type Server, type Socket, connect as connectSocket, createServer } from "node:net";
import * as path from "node:path";
import { isEngineAddress, newAddress } from "../../../engine/server/address.ts";
import { connect, connectTo } from "../../../engine/server/client.ts";
import { RunServer } from "../../../engine/server/runServer.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import { CLIENT, inRuntimeFolder, serving } from "./served.ts";

/** One JSON-RPC message in its frame. */
function framed(message: object): string {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const HANDSHAKE = framed({ id: 1, method: "handshake", params: { protocol: 1, client: "raw" } });

/** Whatever it is that listens where an engine should. */
async function fakeEngine<T>(answer: (socket: Socket) => void, work: (address: string) => Promise<T>): Promise<T> {
  return inRuntimeFolder(async () => {
    const address = await newAddress();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      answer(socket);
    }).listen(address);
    await once(server, "listening");
    try {
      return await work(address);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
}

/** Writes as fast as is read, this many bytes or until the reader is gone. @returns Bytes that were taken. */
async function pour(socket: Socket, chunk: string, nBytes: number): Promise<number> {
  let poured = 0;
  const gone = once(socket, "close").catch(() => undefined);
  while (poured < nBytes && !socket.destroyed) {
    poured += chunk.length;
    if (!socket.write(chunk)) await Promise.race([once(socket, "drain").catch(() => undefined), gone]);
  }
  return poured;
}

/** Resolves when a socket has closed; rejects when it has not within some milliseconds. */
async function closes(socket: Socket, within = 5000): Promise<void> {
  if (socket.closed) return;
  await once(socket, "close", { signal: AbortSignal.timeout(within) });
}

async function rawClient(address: string): Promise<Socket> {
  const socket = connectSocket(address);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

describe("a fake engine", () => {
  it("that sends 100 MB is left before they have come", async () => {
    let poured = Promise.resolve(0);
    const flood = (socket: Socket): void => {
      socket.write("Content-Length: 100000000\r\n\r\n");
      poured = pour(socket, "x".repeat(2 ** 16), 1e8);
    };
    await fakeEngine(flood, async (address) => {
      const message = /a message has 100000000 bytes, and 65536 are taken at most/;
      await assert.rejects(connectTo(address, CLIENT), { name: "ProtocolError", message });
      assert.ok((await poured) < 5e6, `${await poured} bytes`);
    });
  });

  it("that announces more than there is memory for, or a header without end, is left at once", async () => {
    for (const [sent, message] of [
      ["Content-Length: 1000000000000\r\n\r\n", /a message has 1000000000000 bytes/],
      ["Content-Length: ".repeat(100), /header does not end/],
    ] as const) {
      await fakeEngine(
        (socket) => void socket.write(sent),
        async (address) => {
          await assert.rejects(connectTo(address, { ...CLIENT, timeoutMs: 5000 }), { name: "ProtocolError", message });
        },
      );
    }
  });

  it("that never answers is given up, before and after its handshake", async () => {
    await fakeEngine(
      () => undefined,
      async (address) => {
        const message = "no answer within 0.1 s";
        await assert.rejects(connectTo(address, { ...CLIENT, timeoutMs: 100 }), { name: "ProtocolError", message });
      },
    );
    const result = { protocol: 1, version: "1", run: "demo-1", folder: "/", pid: process.pid };
    const shake = (socket: Socket): void =>
      void socket.once("data", () =>
        socket.write(framed({ id: 0, result }) + framed({ id: 1, result: {} }).slice(0, 30)),
      );
    await fakeEngine(shake, async (address) => {
      const connection = await connectTo(address, { ...CLIENT, timeoutMs: 300 });
      await assert.rejects(connection.snapshot(), { name: "ProtocolError", message: "no answer within 0.3 s" });
    });
  });
});

describe("an address in a lock", () => {
  const folder = "/tmp/salsa-1000";
  const pipe = (name: string): string => `\\\\.\\pipe\\${name}`;

  it("is a socket of this user's engines or nothing that is connected to", () => {
    const at = (address: string): boolean => isEngineAddress(address, { folder, platform: "linux" });
    assert.ok(at(`${folder}/0123456789ab.sock`));
    for (const address of [
      ...["8080", "127.0.0.1:8080", "localhost", "", "/var/run/docker.sock", "0123456789ab.sock"],
      ...[`${folder}/../other/0123456789ab.sock`, `${folder}/./0123456789ab.sock`, `${folder}/a/0123456789ab.sock`],
      ...[
        `${folder}/0123456789ab`,
        `${folder}/0123456789AB.sock`,
        `${folder}/0123456789abc.sock`,
        `${folder}x/0123456789ab.sock`,
      ],
      ...[`${folder}/0123456789ab.sock\n`, `\0${folder}/0123456789ab.sock`, pipe("salsa-0123456789ab")],
    ]) {
      assert.ok(!at(address), JSON.stringify(address));
    }
  });

  it("is a pipe of ours on Windows, and none of another machine", () => {
    const at = (address: string): boolean => isEngineAddress(address, { folder: "C:\\t", platform: "win32" });
    assert.ok(at(pipe("salsa-0123456789ab")));
    for (const address of [
      ...["8080", pipe("docker_engine"), pipe("salsa-0123456789ab\\x"), pipe("salsa-0123456789AB"), pipe("salsa-")],
      ...["\\\\evil\\pipe\\salsa-0123456789ab", "\\\\?\\pipe\\salsa-0123456789ab", "C:\\t\\0123456789ab.sock"],
    ]) {
      assert.ok(!at(address), address);
    }
  });

  it("that is a port, or a socket elsewhere, gets no connection when a run is looked at", async () => {
    let nConnections = 0;
    const listen = async (address: string | number): Promise<Server> => {
      const server = createServer(() => void (nConnections += 1));
      server.listen(typeof address === "number" ? { port: address, host: "127.0.0.1" } : { path: address });
      await once(server, "listening");
      return server;
    };
    const [port, other] = [await listen(0), path.join(await fs.mkdtemp("/tmp/salsa-other-"), "0123456789ab.sock")];
    const elsewhere = await listen(other);
    try {
      for (const address of [String((port.address() as AddressInfo).port), other]) {
        await serving(
          async ({ folder: run }) => {
            const message = /lock's socket ".*" is none of an engine in .*; if its engine was started with another/;
            await assert.rejects(connect(run, { ...CLIENT, timeoutMs: 500 }), { name: "UnreachableError", message });
          },
          { lockAddress: () => Promise.resolve(address) },
        );
      }
      assert.equal(nConnections, 0);
    } finally {
      port.close();
      elsewhere.close();
      await fs.rm(path.dirname(other), { recursive: true });
    }
  });

  it("that is of another run's engine is not taken for this one's", async () => {
    const result = { protocol: 1, version: "1", run: "other-1", folder: "/", pid: process.pid };
    const server = createServer((socket) => void socket.once("data", () => socket.write(framed({ id: 0, result }))));
    const listen = async (): Promise<string> => {
      const address = await newAddress();
      server.listen(address);
      await once(server, "listening");
      return address;
    };
    await serving(
      async ({ folder: run }) => {
        await assert.rejects(connect(run, CLIENT), {
          name: "UnreachableError",
          message: /another run's engine answers/,
        });
      },
      { lockAddress: listen },
    );
    server.close();
  });
});

describe("a run's server", () => {
  it("hangs up on who announces 100 MB, or a header without end, before or after the handshake", async () => {
    await serving(async ({ folder, address }) => {
      for (const begun of ["", HANDSHAKE]) {
        for (const sent of ["Content-Length: 100000000\r\n\r\n", "x".repeat(2000)]) {
          const socket = await rawClient(address);
          socket.resume();
          socket.write(begun + sent);
          await closes(socket);
        }
      }
      (await connect(folder, CLIENT)).close();
    });
  });

  it("hangs up on who does not shake hands in time, and on nobody who has", async () => {
    await inRuntimeFolder(async () => {
      const address = await newAddress();
      const settings = { address, version: "1", stop: () => undefined, log: () => undefined, timeoutMs: 100 };
      const server = await RunServer.listen(settings);
      server.open({ run: "demo-1", folder: "/demo-1" });
      server.start(emptyRunState("demo-1"));
      const attached = await connectTo(address, CLIENT);
      const [silent, mismatched] = [await rawClient(address), await rawClient(address)];
      mismatched.resume();
      silent.resume();
      mismatched.write(HANDSHAKE.replace('"protocol":1', '"protocol":9'));
      await Promise.all([closes(silent), closes(mismatched)]);
      assert.equal((await attached.snapshot()).run, "demo-1");
      attached.close();
      await server.close();
    });
  });

  it("lets go of who has ended, also with answers that were not read", async () => {
    await serving(async (run) => {
      const { address, logged } = run;
      const LONG = "x".repeat(2 ** 20);
      run.report({ kind: "runQueued", run: "r-1", name: "r", device: LONG, ahead: 1 });
      const socket = connectSocket({ path: address, allowHalfOpen: true });
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.pause();
      socket.write(HANDSHAKE);
      for (let id = 2; id < 12; id++) socket.write(framed({ id, method: "snapshot", params: {} }));
      while (!logged.includes("raw attached")) await new Promise((resolve) => setImmediate(resolve));
      socket.end();
      const until = Date.now() + 5000;
      while (!logged.includes("raw left") && Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(logged.includes("raw left"), logged.join("\n"));
      socket.destroy();
    });
  });

  it("hangs up on who asks without end and reads nothing", async () => {
    await serving(async ({ folder, address }) => {
      const socket = await rawClient(address);
      socket.pause();
      const questions = framed({ id: 1, method: "explode", params: {} }).repeat(1000);
      const poured = await pour(socket, HANDSHAKE + questions, 50e6);
      assert.ok(poured < 50e6, `${poured} bytes were taken`);
      (await connect(folder, CLIENT)).close();
    });
  });

  it("serves 64 clients at a time, and others when they have left", async () => {
    await serving(async ({ folder, address }) => {
      const sockets = await Promise.all(Array.from({ length: 80 }, () => rawClient(address)));
      for (const socket of sockets) socket.resume();
      const until = Date.now() + 5000;
      while (sockets.filter(({ closed }) => closed).length < 16 && Date.now() < until) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(sockets.filter(({ closed }) => closed).length, 16);
      for (const socket of sockets) socket.destroy();
      await Promise.all(sockets.map((socket) => closes(socket)));
      (await connect(folder, CLIENT)).close();
    });
  });

  it("logs a client's name in one line, and no more than that", async () => {
    await serving(async ({ address, logged }) => {
      for (const client of ["a\x1b[2J\n2026 engine: forged", { toString: 1 }, "y".repeat(10_000)]) {
        const socket = await rawClient(address);
        const answered = once(socket, "data");
        socket.write(framed({ id: 1, method: "handshake", params: { protocol: 1, client } }));
        await answered;
        socket.destroy();
      }
      assert.deepEqual(
        logged.filter((line) => line.endsWith(" attached")),
        ["a\\x1b[2J\\n2026 engine: forged attached", "a client attached", `${"y".repeat(100)} attached`],
      );
    });
  });
});
