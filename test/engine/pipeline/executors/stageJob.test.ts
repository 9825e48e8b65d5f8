import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { JobWatch } from "../../../../engine/cluster/ray/jobWatch.ts";
import { Silence } from "../../../../engine/cluster/ray/silence.ts";
import { clusterSchema } from "../../../../engine/config/cluster.ts";
import { Cluster } from "../../../../engine/pipeline/cluster/cluster.ts";
import { JobLogs } from "../../../../engine/pipeline/cluster/jobLogs.ts";
import { JobFollower } from "../../../../engine/pipeline/executors/stageJob.ts";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { AttemptLog } from "../../../../engine/storage/attempts.ts";
import { makeFolderAt } from "../../../../engine/storage/writing.ts";
import { placeIn } from "../../../../engine/storage/places.ts";
import { recordFolder } from "../../../../engine/storage/recordFolder.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const KEY = `rlhf-${"a".repeat(16)}`;
const info = {
  id: "salsa",
  kind: "rlhf",
  product: "model",
  role: "result",
  title: "",
  inputs: [] as string[],
} as const;

/** A job server whose jobs have these states. */
async function withFollower(
  states: Readonly<Record<string, { readonly status: string; readonly message: string }>>,
  work: (follower: JobFollower, root: string, reported: readonly EventBody[]) => Promise<void>,
): Promise<void> {
  const server = createServer(({ url = "" }, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(states[path.basename(url)]));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await inTemporaryFolder(async (root) => {
    const cluster = new Cluster({ root, config: clusterSchema.parse({ address }), env: {} });
    const { client } = cluster;
    const silence = new Silence(() => undefined);
    const watch = new JobWatch(client, { inTurn: (ask) => ask(), silence });
    const logs = new JobLogs({ cluster, folder: path.join(root, "runs", "one"), complain: () => undefined });
    const reported: EventBody[] = [];
    const on = { report: (event: EventBody) => void reported.push(event), sample: () => undefined, nodes: [] };
    await makeFolderAt(placeIn(recordFolder(root, KEY)));
    try {
      const follower = new JobFollower({ info }, { ...on, cluster, watch, logs, isCutOff: () => false });
      await work(follower, root, reported);
    } finally {
      await Promise.all([watch.close(), logs.close()]);
      await cluster.close();
      server.close();
    }
  });
}

describe("a stage's job on a cluster", () => {
  it("is read along though the cluster has lost it, while the next one waits for it", async () => {
    const states = {
      "job-1": { status: "FAILED", message: "its node has died" },
      "job-2": { status: "RUNNING", message: "" },
    };
    await withFollower(states, async (follower, root, reported) => {
      const { signal } = new AbortController();
      const [first, second] = [
        { root, key: KEY, number: 1 },
        { root, key: KEY, number: 2 },
      ];
      const log = new AttemptLog(first);
      log.began("a machine");
      const step = (at: number): void => log.event({ kind: "progress", stage: "salsa", step: at, total: 3 });
      step(1);
      assert.equal((await follower.follow({ id: "job-1", place: first }, signal)).how, "lost");

      // The job itself lives; the second one waits until it has finished.
      const following = follower.follow({ id: "job-2", place: second }, signal);
      step(2);
      step(3);
      log.ended({ how: "finished" });
      log.close();
      const other = new AttemptLog(second);
      other.ended({ how: "finished" });
      other.close();
      assert.deepEqual(await following, { how: "finished" });

      const steps = reported.flatMap((event) => (event.kind === "progress" ? [event.step] : []));
      assert.deepEqual(steps, [1, 2, 3]);
    });
  });

  it("is no failure where Ray has stopped it before it could begin, once it was to", async () => {
    await withFollower({ "job-1": { status: "STOPPED", message: "Stopped." } }, async (follower, root) => {
      const place = { root, key: KEY, number: 1 };
      const stop = new AbortController();
      await assert.rejects(follower.follow({ id: "job-1", place }, stop.signal), /a job cannot begin/);
      stop.abort();
      assert.deepEqual(await follower.follow({ id: "job-1", place }, stop.signal), { how: "stopped" });
    });
  });
});
