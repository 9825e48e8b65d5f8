import assert from "node:assert/strict";
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import { RayClient } from "../../../../engine/cluster/ray/client.ts";
import { followJobLog } from "../../../../engine/cluster/ray/jobLog.ts";
import { heldBytes } from "../../../heldBytes.ts";

const TOKEN = "a-token-that-nobody-sees";
const MIB = 2 ** 20;

/** A job's answers, as Ray 2.60 gives them. */
const RUNNING = { status: "RUNNING", driver_node_id: "n1", job_id: "02000000" };
const DIED = "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR";
const ACTORS = ["OWNER_DIED", "WORKER_DIED"].map((reason, at) => ({
  ...{ actor_id: `a${at}`, class_name: at === 0 ? "Other" : "Learner", state: "DEAD" },
  death_cause: { actor_died_error_context: { error_message: DIED, reason } },
}));

describe("the log of a job on Ray", () => {
  let server: Server;
  let sockets: WebSocketServer;
  /** Of each connection, in turn: what it sends. The last one is for all that follow. */
  let connections: ((socket: WebSocket) => void)[];
  let answers: Record<string, { status?: number; type?: string; body: string }>;
  let asked: string[];
  let nOpened: number;

  before(async () => {
    sockets = new WebSocketServer({ noServer: true });
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const found = Object.entries(answers).find(([path]) => request.url?.startsWith(path));
      const { status = 200, type = "application/json", body } = found?.[1] ?? { status: 404, body: "404: Not Found" };
      response.writeHead(status, { "content-type": type });
      response.end(body);
    }).listen(0, "127.0.0.1");
    server.on("upgrade", (request, socket, head) => {
      assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);
      assert.equal(request.url, "/api/jobs/j1/logs/tail");
      nOpened += 1;
      const connect = connections.length > 1 ? connections.shift() : connections[0];
      if (connect !== undefined) {
        sockets.handleUpgrade(request, socket, head, connect);
        return;
      }
      const { status = 404, type = "text/plain", body } = answers["/upgrade"] ?? { body: "404: Not Found" };
      socket.end(`HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    await once(server, "listening");
  });
  beforeEach(() => {
    connections = [];
    asked = [];
    nOpened = 0;
    has({ ...RUNNING, status: "SUCCEEDED" }, "");
  });
  after(() => {
    sockets.close();
    server.close();
  });

  /** The job, and the end of its log. */
  function has(job: object, lastLines: string): void {
    answers = {
      "/api/jobs/j1": { body: JSON.stringify(job) },
      "/api/v0/logs/file?node_id=n1&submission_id=j1&lines=100": { type: "text/plain", body: lastLines },
    };
  }

  /** Ray's sending of a whole log. */
  const sends =
    (...texts: (string | Buffer)[]) =>
    (socket: WebSocket) => {
      for (const text of texts) socket.send(text, { binary: false });
      socket.close(1000);
    };

  async function followed(settings: Partial<Parameters<typeof followJobLog>[0]> = {}): Promise<string> {
    let text = "";
    const client = new RayClient({
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...{ tokenEnv: "LAB_AUTH_TOKEN", env: { LAB_AUTH_TOKEN: TOKEN } },
    });
    await followJobLog({
      ...{ client, id: "j1", againMs: 1, ended: new AbortController().signal, signal: new AbortController().signal },
      inTurn: (ask) => ask(),
      write: (more) => {
        text += more;
        return Promise.resolve();
      },
      ...settings,
    });
    client.close();
    return text;
  }

  it("comes line by line, without the token, and with escapes spelled out", async () => {
    connections = [sends("one\ntw", "o\n\n", `\x1b[2Jkey ${TOKEN}\n`, "no end")];
    has({ ...RUNNING, status: "SUCCEEDED" }, "no end\n");
    assert.equal(await followed(), "one\ntwo\n\n\\x1b[2Jkey [key]\nno end\n");
    assert.equal(nOpened, 1);
  });

  it("goes on after a lost connection without a line twice", async () => {
    const lines = Array.from({ length: 50 }, (_, at) => `line ${at}, äöü\n`).join("");
    const bytes = Buffer.from(lines);
    has(RUNNING, "");
    const cut = (at: number) => (socket: WebSocket) =>
      socket.send(bytes.subarray(0, at), { binary: true }, () => socket.terminate());
    connections = [
      ...[cut(301), cut(120), cut(505)], // within lines, and one in the middle of a letter; the second brings nothing new
      (socket) => {
        has({ ...RUNNING, status: "SUCCEEDED" }, "line 49, äöü\n");
        sends(lines)(socket);
      },
    ];
    assert.equal(await followed(), lines);
    assert.equal(nOpened, 4);
  });

  const refusals: readonly [what: string, answer: { status: number; type: string; body: string }, said: RegExp][] = [
    [
      "an older Ray",
      { status: 404, type: "text/plain", body: "404: Not Found" },
      /no such job, or sends no logs \(404\)/,
    ],
    ["a web page", { status: 200, type: "text/html", body: "<!doctype html>" }, /with a web page \(200\); set runtime/],
    ["a page of another status", { status: 404, type: "text/html", body: "<html>" }, /with a web page \(404\)/],
    [
      "a redirection",
      { status: 302, type: "text/plain", body: "" },
      /redirects elsewhere \(302\), which is not followed/,
    ],
    [
      "a token of before",
      { status: 401, type: "text/plain", body: TOKEN },
      /does not take the token in LAB_AUTH_TOKEN/,
    ],
    ["another answer", { status: 200, type: "text/plain", body: "hello" }, /opens no WebSocket \(200\); does a proxy/],
  ];
  for (const [what, answer, said] of refusals) {
    it(`says so where ${what} answers, and ends`, async () => {
      answers["/upgrade"] = answer;
      const text = await followed();
      assert.match(text, /^\[salsa\] .*\n$/);
      assert.match(text, said);
      assert.ok(!text.includes(TOKEN));
      assert.equal(nOpened, 1);
    });
  }

  it("keeps the beginning of a line of 50 MB, holds no more of it, and goes on behind it", async () => {
    has({ ...RUNNING, status: "SUCCEEDED" }, "after\n");
    const before = heldBytes().buffers;
    let held = Infinity;
    connections = [
      (socket) => {
        const part = Buffer.alloc(MIB / 16, "x");
        const send = (left: number): void => {
          if (left > 0) {
            socket.send(part, { binary: false }, () => send(left - 1));
            return;
          }
          held = heldBytes().buffers - before;
          sends("\nafter\n")(socket);
        };
        send(800);
      },
    ];
    const text = await followed();
    assert.match(text, /^x{16384} \[a line of 52428800 bytes\]\nafter\n$/);
    assert.ok(held < 8 * MIB, `${held} bytes are held`);
  });

  it("says that a message of 50 MB is in the way, and fetches the last lines once the job has ended", async () => {
    has(RUNNING, "");
    const job = new AbortController();
    connections = [sends("one\n", Buffer.alloc(50 * MIB, "x"))];
    const texts: string[] = [];
    await followed({
      ended: job.signal,
      write: async (text) => {
        texts.push(text);
        if (!text.includes("are in the way")) return;
        await setImmediate();
        has({ ...RUNNING, status: "FAILED", job_id: null }, "10%\r99%\r\nRuntimeError: no\n");
        job.abort();
      },
    });
    const text = texts.join("");
    assert.match(
      text,
      /^one\n\[salsa\] Ray sends no more while the job runs.*\n\[salsa\] Ray has sent the log so far; .*100/,
    );
    assert.match(text, /\n10%\n99%\nRuntimeError: no\n$/);
  });

  it("says so where Ray ends a log early that it cannot read, again and again", async () => {
    connections = [sends("one\n")];
    const job = new AbortController();
    job.abort();
    has(RUNNING, "");
    const text = await followed({ ended: job.signal });
    assert.match(text, /^one\n\[salsa\] Ray sends no more while the job runs.*\n$/);
    assert.equal(nOpened, 2);
  });

  it("shows bytes that are no text for what they are", async () => {
    connections = [sends(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x1b, 0x9b, 0x0a]))];
    has({ ...RUNNING, status: "SUCCEEDED" }, "a\ufffd\ufffd\0\x1b\ufffd\n");
    assert.equal(await followed(), "a\ufffd\ufffd\\x00\\x1b\ufffd\n");
  });

  it("leaves no part of a token where a line is cut", async () => {
    const line = TOKEN.repeat(4000);
    connections = [sends(line.slice(0, 28_665), line.slice(28_665), "\n")];
    const text = await followed();
    assert.match(text, /^(\[key\])* \[a line of 96000 bytes\]\n/);
    assert.ok(!text.includes("a-t"));
  });

  it("reads no more from the network than is written", async () => {
    const part = Buffer.from(`${"x".repeat(MIB / 16 - 1)}\n`);
    let sender: WebSocket | undefined;
    connections = [
      (socket) => {
        sender = socket;
        for (let left = 1024; left > 0; left--) socket.send(part, { binary: false });
        socket.close(1000);
      },
    ];
    let bytes = 0;
    const go = Promise.withResolvers<undefined>();
    const done = followed({
      write: async (text) => {
        bytes += text.length;
        await go.promise;
      },
    });
    while (bytes === 0) await setImmediate();
    await setTimeout(300); // it would come meanwhile
    const waiting = sender?.bufferedAmount ?? 0;
    go.resolve(undefined);
    await done;
    assert.ok(waiting > 48 * MIB, `${waiting} bytes wait at the sender`);
    assert.ok(bytes > 1024 * 16_000, "all of it has come");
  });

  it("has the last lines of the workers that a failed job has lost", async () => {
    connections = [sends("ActorDiedError\n")];
    has({ ...RUNNING, status: "FAILED" }, "ActorDiedError\n");
    Object.assign(answers, {
      "/api/v0/actors": { body: JSON.stringify({ data: { result: { result: ACTORS } } }) },
      "/api/v0/logs/file?actor_id=a1&suffix=err": { type: "text/plain", body: `Segmentation fault ${TOKEN}\n` },
      "/api/v0/logs/file?actor_id=a1&suffix=out": { status: 500, type: "text/plain", body: "no such node" },
    });
    const text = await followed();
    assert.match(text, /^ActorDiedError\n\[salsa\] the worker Learner has died: The actor is dead because its worker/);
    assert.match(text, /stdout:\n\[salsa\] they cannot be had: .*answers 500: no such node/);
    assert.match(text, /stderr:\nSegmentation fault \[key\]\n$/);
    assert.match(asked.find((path) => path.startsWith("/api/v0/actors")) ?? "", /filter_values=02000000/);
  });

  it("ends at once when it is left, and closes the connection", async () => {
    const closed = Promise.withResolvers<unknown>();
    const leave = new AbortController();
    connections = [
      (socket) => {
        socket.send("one\n");
        socket.on("close", closed.resolve);
      },
    ];
    const texts: string[] = [];
    await followed({
      signal: leave.signal,
      write: (text) => {
        texts.push(text);
        leave.abort();
        return Promise.resolve();
      },
    });
    await closed.promise;
    assert.deepEqual(texts, ["one\n"]);
  });

  it("is left when the job has ended, and nothing comes for a while, which is said", async () => {
    const ended = new AbortController();
    connections = [(socket) => socket.send("one\n")];
    const text: string[] = [];
    await followed({
      ...{ ended: ended.signal, endMs: 50 },
      write: (more) => {
        text.push(more);
        ended.abort();
        return Promise.resolve();
      },
    });
    assert.deepEqual(text, ["one\n", "[salsa] nothing more has come within 0.05 s after the job's end\n"]);
  });

  it("fails with the error of who writes it", async () => {
    connections = [sends("one\n")];
    await assert.rejects(followed({ write: () => Promise.reject(new RangeError("the disk is full")) }), RangeError);
    assert.equal(nOpened, 1);
  });
});
