import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { readRun } from "../../../../engine/pipeline/index.ts";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { Runs } from "../../../../engine/server/service/runs.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { runTiny, tiny } from "../tinyRun.ts";

/** A dashboard that gives no answer until the test has it do so. */
interface Silent {
  readonly address: string;
  /** Requests that wait for an answer, the first one in front. */
  readonly waiting: readonly ServerResponse[];
  readonly answer: (status: number, text: string) => void;
}

async function silent<T>(work: (dashboard: Silent) => Promise<T>): Promise<T> {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => waiting.push(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer: Silent["answer"] = (status, text) => {
    for (const one of waiting.splice(0)) one.writeHead(status, { "content-type": "application/json" }).end(text);
  };
  try {
    return await work({ address, waiting, answer });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Runs as a new window of the editor lists them. */
async function listed(root: string): Promise<readonly unknown[]> {
  const runs = new Runs({ client: () => "test", log: () => undefined, send: () => Promise.resolve() });
  try {
    runs.setRoots([root]);
    return (await runs.list()).map(({ id, status, device, reason }) => [id, status, device, reason]);
  } finally {
    runs.close();
  }
}

const runStatus = async (folder: string): Promise<string> => {
  const { status } = await readRun(folder);
  return status;
};

describe("a run that joins a cluster", () => {
  it("is listed with what it waits for from the first moment, and where it could not join, and can be resumed", async () => {
    await inTemporaryFolder(async (folder) => {
      await silent(async ({ address, waiting, answer }) => {
        const written = tiny({ runtime: { cluster: { address, cpus: 1, gpus: 0 } } });
        const root = path.join(folder, ".salsa");
        const run = path.join(root, "runs/tiny-1");
        for (const resume of [undefined, "tiny-1"]) {
          const first = Promise.withResolvers<EventBody>();
          let isDescribed = false;
          const running = runTiny(written, folder, {
            ...(resume !== undefined && { resume }),
            onEvent: (event) => {
              isDescribed ||= existsSync(path.join(run, "run.json"));
              assert.ok(isDescribed, "it is described before its first word");
              first.resolve(event);
            },
          });
          const reason = `connecting to ${address}`;
          const { kind, ...said } = await first.promise;
          assert.equal(kind, "runQueued");
          assert.deepEqual({ run: "tiny-1", name: "tiny", device: address, reason }, withoutStamp(said));
          assert.deepEqual(await listed(root), [["tiny-1", "queued", address, reason]]);
          while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
          answer(200, '{ "ray_version": "1.0.0" }');
          await assert.rejects(running, /runs Ray 1\.0\.0; upgrade it to Ray/);
          assert.equal(await runStatus(run), "failed");
          assert.deepEqual(await listed(root), [["tiny-1", "failed", address, undefined]]);
        }
      });
    });
  });
});

function withoutStamp(event: object): object {
  const { time: _time, sequence: _sequence, ...rest } = event as { time: number; sequence: number };
  return rest;
}
