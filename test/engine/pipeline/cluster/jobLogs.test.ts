import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import { RayClient } from "../../../../engine/cluster/ray/client.ts";
import { type LoggedJob, JobLogs } from "../../../../engine/pipeline/cluster/jobLogs.ts";
import { PollTurns } from "../../../../engine/pipeline/cluster/pollTurns.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const RUNNING = { status: "RUNNING", message: "" } as const;

/** Runs work with a cluster whose jobs have logs that do not end, unless they are over. */
async function withLogs(
  work: (on: {
    logs: JobLogs;
    folder: string;
    open: Map<string, WebSocket>;
    over: Set<string>;
    said: string[];
  }) => Promise<void>,
): Promise<void> {
  const over = new Set(["salsa-000-over"]);
  const sockets = new WebSocketServer({ noServer: true });
  const open = new Map<string, WebSocket>();
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: over.has(request.url?.split("/").at(-1) ?? "") ? "FAILED" : "RUNNING" }));
  }).listen(0, "127.0.0.1");
  server.on("upgrade", (request, socket, head) => {
    const id = request.url?.split("/")[3] ?? "";
    sockets.handleUpgrade(request, socket, head, (opened) => {
      open.set(id, opened);
      opened.on("close", () => open.delete(id));
      opened.send(`hello of ${id}\n`);
      if (over.has(id)) opened.close(1000);
    });
  });
  await once(server, "listening");
  const client = new RayClient({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, env: {} });
  await inTemporaryFolder(async (folder) => {
    const turns = new PollTurns({ root: folder, server: client.server, pollMs: 1 });
    const said: string[] = [];
    const complain = (stage: string, message: string): void => void said.push(`${stage}: ${message}`);
    const logs = new JobLogs({ cluster: { client, turns }, folder: path.join(folder, "runs", "r"), complain });
    try {
      await work({ logs, folder: path.join(folder, "runs", "r"), open, over, said });
    } finally {
      await logs.close();
      await turns.close();
      client.close();
      sockets.close();
      server.close();
    }
  });
}

const job = (id: string, isTrainers = false): LoggedJob => ({ id, stage: "arm (β 0.1)", isTrainers });

describe("logs of a run's jobs", () => {
  it("are followed of eight jobs at work, four of them our own, and of a failed one in any case", async () => {
    await withLogs(async ({ logs, folder, open, over }) => {
      const own = Array.from({ length: 6 }, (_, at) => logs.of(job(`salsa-own0000${at}`)));
      for (const one of own) one.see({ ...RUNNING, status: "PENDING" });
      const pending = logs.of(job("salsa-waiting1", true));
      pending.see(undefined);
      for (const one of own) one.see(RUNNING);
      for (let at = 0; at < 5; at++) logs.of(job(`salsa-gpu0000${at}`, true)).see(RUNNING);
      while (open.size < 8) await setTimeout(5);
      await setTimeout(100); // more would come meanwhile
      const kinds = [...open.keys()].map((id) => id.slice(6, 9)).toSorted();
      assert.deepEqual(kinds, ["gpu", "gpu", "gpu", "gpu", "own", "own", "own", "own"]);

      const file = await logs.of(job("salsa-000-over")).failed();
      assert.ok(file !== undefined);
      assert.equal(file, path.join(folder, "logs", "arm-0.1--000-over.log"));
      assert.match(
        await fs.readFile(file, "utf8"),
        /^\[salsa\] log of job salsa-000-over at http:.*\nhello of salsa-000-over\n/,
      );

      // Where one ends, a trainer's that waits is next, though others have waited longer; one that has ended well meanwhile
      // is not fetched.
      own[4]?.end();
      for (const [id, next] of [
        ["salsa-own00000", "salsa-gpu00004"],
        ["salsa-gpu00000", "salsa-own00005"],
      ] as const) {
        assert.ok(!open.has(next));
        over.add(id);
        open.get(id)?.close(1000);
        while (!open.has(next)) await setTimeout(5);
      }
      assert.ok(!open.has("salsa-own00004"));
    });
  });

  it("end the run where not even that can be said, and nobody waits for one", async () => {
    await withLogs(async ({ logs, folder, said }) => {
      await fs.mkdir(folder, { recursive: true });
      await fs.writeFile(path.join(folder, "logs"), "a file");
      said.push = () => {
        throw new Error("the disk is full");
      };
      const [failed, other] = [logs.of(job("salsa-000-over")), logs.of(job("salsa-own00000"))];
      const late = setTimeout(10_000, "waits on", { ref: false });
      assert.equal(await Promise.race([failed.failed(), late]), undefined);
      assert.throws(() => other.see(RUNNING), /the disk is full/);
    });
  });

  it("end where the disk takes nothing, which is said, and the run goes on", async () => {
    await withLogs(async ({ logs, folder, said }) => {
      await fs.mkdir(folder, { recursive: true });
      await fs.writeFile(path.join(folder, "logs"), "a file");
      assert.equal(await logs.of(job("salsa-000-over")).failed(), undefined);
      assert.match(said.join("\n"), /^arm \(β 0\.1\): its job's log is not kept: .*logs/);
    });
  });
});
