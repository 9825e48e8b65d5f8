import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { RayClient } from "../../../../engine/cluster/ray/client.ts";
import { JobWatch } from "../../../../engine/cluster/ray/jobWatch.ts";
import { Silence } from "../../../../engine/cluster/ray/silence.ts";

const JOB = "02000000";

/** A card as the agent of Ray 2.60 describes it, with its keys as the dashboard writes them. */
function card(index: number, utilizationGpu: number | null, pids: readonly number[] | null): object {
  const processesPids =
    pids === null
      ? null
      : Object.fromEntries(pids.map((pid) => [String(pid), { pid, gpuMemoryUsage: 9000, gpuUtilization: null }]));
  const about = { name: "NVIDIA H100", uuid: `GPU-${index}`, powerMw: 310_000, temperatureC: 61 };
  return { index, ...about, utilizationGpu, memoryUsed: 1000 * (index + 1), memoryTotal: 81_559, processesPids };
}

/** A machine of `/nodes?view=summary`, as Ray 2.60 gave it but for its cards. */
function machine(gpus: readonly object[], workers: readonly (readonly [pid: number, jobId: string])[]): object {
  const coreWorkersStats = workers.map(([pid, jobId]) => ({
    ...{ ipAddress: "192.0.2.2", port: "15163", actorId: "ff", jobId, workerId: "da98", pid, language: "PYTHON" },
    workerType: "WORKER",
  }));
  return { hostname: "n", ip: "192.0.2.2", gpus, tpus: [], raylet: { nodeId: "f1", state: "ALIVE", coreWorkersStats } };
}

describe("the use of cards on a Ray cluster", () => {
  /** Watches a running job until it was asked for so often, beside the cards of the cluster. */
  async function watched(
    summary: readonly object[] | undefined,
    hasCards = true,
  ): Promise<{ readonly cards: unknown; readonly asked: readonly string[] }> {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      const isJob = url.startsWith("/api/jobs/");
      response.writeHead(isJob || summary !== undefined ? 200 : 404, { "content-type": "application/json" });
      const answer = { result: true, msg: "Node summary fetched.", data: { summary } };
      response.end(JSON.stringify(isJob ? { status: "RUNNING", job_id: JOB } : answer));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const ray = new RayClient({ address: `http://127.0.0.1:${port}`, env: {} });
    const inTurn = async (ask: () => Promise<void>): Promise<void> => {
      await ask();
      await setImmediate();
    };
    const watch = new JobWatch(ray, { silence: new Silence(() => undefined), inTurn });
    const job = watch.watch("a", { hasCards });
    while (asked.length < 6) await setImmediate();
    const { cards } = job;
    await watch.close();
    ray.close();
    server.close();
    return { cards, asked: asked.filter((url) => url.startsWith("/nodes")) };
  }

  it("is that of the cards with processes of the job, on the machine of each", async () => {
    const { cards, asked } = await watched([
      machine(
        [card(0, 90, [11, 12]), card(1, 70, [13]), card(2, 100, [14])],
        [
          [11, JOB],
          [12, JOB],
          [13, JOB],
          [14, "03000000"],
        ],
      ),
      // Another machine has processes of its own by the same ids.
      machine(
        [card(3, 20, [15]), card(4, 100, [11])],
        [
          [15, JOB],
          [11, "03000000"],
        ],
      ),
    ]);
    assert.deepEqual(cards, { memory: 1000 + 2000 + 4000, busy: 0.6 });
    assert.deepEqual(asked, ["/nodes?view=summary"], "it is asked for now and then, not with each look at a job");
  });

  it("leaves out what cards do not say", async () => {
    const { cards } = await watched([machine([card(0, null, [11]), card(1, 50, null)], [[11, JOB]])]);
    assert.deepEqual(cards, { memory: 1000 });
  });

  const silent: readonly [what: string, summary: readonly object[] | undefined][] = [
    ["cards are logical ones, and no driver is there", [machine([], [[11, JOB]])]],
    ["no process of the job has a card", [machine([card(0, 90, [99])], [[11, JOB]])]],
    ["the dashboard has no such page", undefined],
    ["it has another form", [{ gpus: "none" }]],
  ];
  for (const [what, summary] of silent) {
    it(`is not known where ${what}, and the jobs are watched all the same`, async () => {
      const { cards, asked } = await watched(summary);
      assert.equal(cards, undefined);
      assert.equal(asked.length, 1);
    });
  }

  it("is asked for where it is of interest alone", async () => {
    assert.deepEqual(await watched([machine([card(0, 90, [11])], [[11, JOB]])], false), {
      ...{ cards: undefined, asked: [] },
    });
  });
});
