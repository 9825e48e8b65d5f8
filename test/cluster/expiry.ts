import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { type Written, runTiny, tableFiles } from "../engine/pipeline/tinyRun.ts";
import { armsAtWork, attemptsAt, processOf } from "./arms.ts";
import type { RayHead } from "./head.ts";

/** The cluster of the tests. */
export interface ExpiryTests {
  readonly head: () => RayHead;
  /** Where runs go; the one of this machine stands in `local`. */
  readonly folder: () => string;
  readonly onCluster: (cluster: Written) => Written;
}

/** A test of a token that is good when a run begins, and not any more while its jobs are at work. */
export function testExpiry({ head, folder, onCluster }: ExpiryTests): void {
  it("says once its token has expired that its jobs go on, and with a new one follows them", async () => {
    let isExpired = false;
    const gate = http.createServer((request, response) => {
      if (isExpired) {
        response.writeHead(401).end();
        return;
      }
      const { method, headers } = request;
      const asked = http.request(new URL(request.url ?? "", head().address), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      asked.on("error", () => response.writeHead(502).end());
      request.pipe(asked);
    });
    // Logs of jobs, without which a run goes on.
    gate.on("upgrade", (_, socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
    await once(gate.listen(0, "127.0.0.1"), "listening");
    const at = path.join(folder(), "expiry");
    const root = path.join(at, ".salsa");
    // All but the arms is there: the run of the first test has left it.
    await fs.cp(path.join(folder(), "local/.salsa/artifacts"), path.join(root, "artifacts"), {
      recursive: true,
      filter: (one) => !/^(rlhf|answers|judge|judg)/.test(path.basename(one)),
    });
    const config = onCluster({ address: `http://127.0.0.1:${(gate.address() as AddressInfo).port}` });
    try {
      const notes: string[] = [];
      let how: string | undefined;
      const running = runTiny(config, at, {
        onEvent: (event) => {
          if (event.kind === "note") notes.push(event.message);
        },
      });
      running.then(
        ({ status }) => (how = status),
        (error: unknown) => (how = String(error)),
      );
      const keys = await armsAtWork(root, () => assert.equal(how, undefined, "the run has ended"));
      const jobs = await Promise.all(keys.map(processOf));
      // They do not end before they are followed again.
      for (const pid of jobs) process.kill(pid, "SIGSTOP");
      isExpired = true;

      await assert.rejects(running, /does not take the token in SALSA_TEST_AUTH_TOKEN \(401\); give SALSA_TEST/);

      assert.match(notes.at(-1) ?? "", /^nothing is lost: what is at work on the cluster goes on there/);
      for (const key of keys)
        assert.ok(!existsSync(path.join(root, "records", key, "attempt-1.stop")), "nobody is stopped");
      isExpired = false;
      const resumed = await runTiny(config, at, {
        resume: "tiny-1",
        onEvent: (event) => {
          const index = event.kind === "stageStarted" ? keys.indexOf(event.key) : -1;
          if (index >= 0) process.kill(jobs[index] ?? NaN, "SIGCONT");
        },
      });
      assert.equal(resumed.status, "finished");
      for (const key of keys) assert.deepEqual(await attemptsAt(root, key), [1]);
      const local = path.join(folder(), "local/.salsa/runs/tiny-1");
      assert.deepEqual(await tableFiles(resumed.folder), await tableFiles(local));
    } finally {
      gate.close();
      gate.closeAllConnections();
    }
  });
}
