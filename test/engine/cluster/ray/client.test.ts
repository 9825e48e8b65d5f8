import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import * as fs from "node:fs/promises";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { setImmediate } from "node:timers/promises";
import { ClusterError } from "../../../../engine/cluster/ray/clusterError.ts";
import { RayClient } from "../../../../engine/cluster/ray/client.ts";
import { JobWatch } from "../../../../engine/cluster/ray/jobWatch.ts";
import { Silence } from "../../../../engine/cluster/ray/silence.ts";
import { clusterSchema } from "../../../../engine/config/cluster.ts";
import { Cluster } from "../../../../engine/pipeline/cluster/cluster.ts";
import { PollTurns } from "../../../../engine/pipeline/cluster/pollTurns.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const TOKEN = "a-token-that-nobody-sees";

/** Answers of the dashboard of Ray 2.60, as it gave them. */
const NODE = {
  ...{ node_id: "f1", node_ip: "192.0.2.2", node_name: "192.0.2.2", is_head_node: true, state: "ALIVE" },
  resources_total: { GPU: 8, CPU: 4, memory: 15438748058, "node:__internal_head__": 1 },
};
const USAGE = { GPU: [3, 8], CPU: [1, 4], objectStoreMemory: [0, 1] };
const EXISTS = "ValueError: Job with submission_id t1 already exists. Please use a different submission_id.\n";

/** Asks as soon as it can. */
const inTurn = async (ask: () => Promise<void>): Promise<void> => {
  await ask();
  await setImmediate();
};

describe("the client of Ray's job server", () => {
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let asked: string[];
  let received = "";

  before(async () => {
    server = createServer((request, response) => {
      received = "";
      request.on("data", (chunk: Buffer) => (received += chunk.toString()));
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? ""}`);
      request.resume();
      request.on("end", () => answer(request, response));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  beforeEach(() => (asked = []));
  after(() => server.close());

  function client(path = ""): RayClient {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    return new RayClient({ address, tokenEnv: "LAB_AUTH_TOKEN", env: { LAB_AUTH_TOKEN: TOKEN } });
  }

  function says(value: unknown, status = 200, type = "application/json"): void {
    answer = (_, response) => {
      response.writeHead(status, { "content-type": type });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
  }

  it("reads machines and what is free of them, and brings its token", async () => {
    const ray = client("/behind/a/proxy/");
    const dead = { ...NODE, state: "DEAD" };
    const { resources_total } = NODE;
    const named = { ...NODE, resources_total: { ...resources_total, "accelerator_type:A100": 1 } };
    says({ result: true, data: { result: { result: [NODE, dead, named] } } });
    const machine = { name: "192.0.2.2", isHead: true, cpus: 4, gpus: 8 };
    assert.deepEqual(await ray.nodes(), [machine, { ...machine, accelerator: "A100" }]);
    says({ data: { clusterStatus: { loadMetricsReport: { usage: USAGE } } } });
    assert.deepEqual(await ray.use(), { total: { cpus: 4, gpus: 8 }, free: { cpus: 3, gpus: 5 } });
    says({ data: { clusterStatus: { loadMetricsReport: { usage: { GPU: [8, 4] } } } } });
    assert.deepEqual((await ray.use())?.free, { cpus: 0, gpus: 0 }, "half of the machines were lost");
    says({ data: { clusterStatus: null } });
    assert.equal(await ray.use(), undefined);
    assert.equal(asked[0], `GET /behind/a/proxy/api/v0/nodes?detail=true&limit=10000 Bearer ${TOKEN}`);
    ray.close();
  });

  it("takes a job that is there already for submitted", async () => {
    const ray = client();
    const job = { id: "t1", entrypoint: "true", package: "gcs://p.zip", env: {}, metadata: {}, cpus: 1, gpus: 0 };
    says({ submission_id: "t1" });
    assert.equal(await ray.submit(job), true);
    says(EXISTS, 500, "text/plain");
    assert.equal(await ray.submit(job), false);
    assert.match(asked[1] ?? "", /^POST \/api\/jobs\/ /);
    ray.close();
  });

  it("lists the jobs that wait, in their order, and none where the list is of another form", async () => {
    const ray = client();
    const job = (id: string | null, status: string, start: number | null): object => ({
      ...{ type: "SUBMISSION", submission_id: id, status, start_time: start, message: "" },
    });
    says([
      job("late", "PENDING", 3),
      job("done", "SUCCEEDED", 1),
      job("driver", "RUNNING", 0),
      job("soon", "PENDING", 2),
    ]);
    assert.deepEqual(await ray.queue(), ["soon", "late"]);
    assert.match(asked[0] ?? "", /^GET \/api\/jobs\/ /);
    says({ jobs: [] });
    assert.equal(await ray.queue(), undefined);
    says("no", 403);
    await assert.rejects(ray.queue(), { fault: "token" });
    ray.close();
  });

  it("asks for all that waits while one of its jobs does", async () => {
    const ray = client();
    answer = (request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const list = [{ submission_id: "a", status: "PENDING", start_time: 1 }];
      response.end(JSON.stringify(request.url === "/api/jobs/" ? list : { status: "PENDING" }));
    };
    const watch = new JobWatch(ray, { silence: new Silence(() => undefined), inTurn });
    watch.watch("a");
    while (watch.queue === undefined) await setImmediate();
    await watch.close();
    assert.deepEqual(watch.queue, ["a"]);
    ray.close();
  });

  const failures: readonly [what: string, () => void, RegExp, ClusterError["fault"]][] = [
    ["a wrong token", () => says("no", 403), /does not take the token in LAB_AUTH_TOKEN \(403\); give LAB/, "token"],
    ["a web page", () => says("<!DOCTYPE html>", 200, "text/html"), /answers with a web page .*8265/, "notRay"],
    ["a redirection", () => says("", 302), /redirects elsewhere \(302\)/, "notRay"],
    ["no JSON", () => says("hello"), /something that is no JSON/, "notRay"],
    ["another form", () => says({ version: 1 }), /in an unknown form \(ray_version\)/, "notRay"],
    ["an old Ray", () => says({ ray_version: "2.9.3" }), /runs Ray 2\.9\.3; upgrade it to Ray 2\.44/, "notRay"],
    ["a proxy", () => says("bad gateway", 502), /is not there now \(502\)/, "unreachable"],
    [
      "the token sent back",
      () => says(`Trace\nValueError: ${TOKEN}`, 500),
      /answers 500: ValueError: \[key\]/,
      "refused",
    ],
  ];
  for (const [what, prepare, message, fault] of failures) {
    it(`says what to do about ${what}`, async () => {
      prepare();
      const ray = client();
      await assert.rejects(ray.version(), (error) => {
        assert.ok(error instanceof ClusterError);
        assert.match(error.message, message);
        assert.equal(error.fault, fault);
        assert.ok(!error.message.includes(TOKEN));
        return true;
      });
      ray.close();
    });
  }

  it("gives jobs what the config has Ray prepare: OpenRLHF's the image or packages, all of them the variables", async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bodies: unknown[] = [];
    answer = (request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ submission_id: "j" }));
      if (request.method === "POST") bodies.push(JSON.parse(received));
    };
    const envVars = { NCCL_SOCKET_IFNAME: "eth0", TOKENIZERS_PARALLELISM: "false" };
    for (const written of [{ image: "docker.io/me/openrlhf:0.11.2" }, { runtimeEnv: { uv: ["openrlhf==0.11.2"] } }]) {
      const config = clusterSchema.parse({ address, ...written, runtimeEnv: { ...written.runtimeEnv, envVars } });
      const cluster = new Cluster({ root: "/mnt/salsa", config, env: {} });
      const job = { id: "j", about: {}, cpus: 1, gpus: 0 };
      await cluster.submitCommand({ ...job, entrypoint: "true", env: { TOKENIZERS_PARALLELISM: "true" } });
      await cluster.submit({ ...job, order: { SALSA_KEY: "sft-1" } });
      await cluster.close();
    }
    const envs = bodies.map((body) => (body as { runtime_env: Record<string, unknown> }).runtime_env);
    const stopping = { RAY_JOB_STOP_WAIT_TIME_S: "60" };
    const ofOpenRlhf = { env_vars: { ...envVars, ...stopping, TOKENIZERS_PARALLELISM: "true" } };
    assert.deepEqual(envs[0], { image_uri: "docker.io/me/openrlhf:0.11.2", ...ofOpenRlhf });
    assert.deepEqual(envs[2], { uv: ["openrlhf==0.11.2"], ...ofOpenRlhf });
    for (const own of [envs[1], envs[3]]) {
      assert.deepEqual(Object.keys(own ?? {}), ["working_dir", "env_vars"]);
      const variables = { ...envVars, SALSA_ROOT: "/mnt/salsa", ...stopping, SALSA_KEY: "sft-1" };
      assert.deepEqual(own?.["env_vars"], variables);
    }
  });

  it("takes newer versions", async () => {
    const ray = client();
    for (const version of ["2.44.0", "2.60.0", "3.0.0.dev0"]) {
      says({ ray_version: version });
      assert.equal(await ray.version(), version);
    }
    ray.close();
  });

  it("asks about one job at a time, the one that was not asked for longest", async () => {
    const ray = client();
    says({ status: "RUNNING", message: "Job is currently running." });
    const watch = new JobWatch(ray, { silence: new Silence(() => undefined), inTurn });
    const jobs = ["a", "b", "c"].map((id) => watch.watch(id));
    while (asked.length < 7) await setImmediate();
    await watch.close();
    const ids = asked.map((line) => line.split(" ")[1]?.split("/").at(-1));
    assert.deepEqual(ids.slice(0, 6), ["a", "b", "c", "a", "b", "c"]);
    assert.ok(jobs.every(({ state }) => typeof state === "object" && state.status === "RUNNING"));
    ray.close();
  });

  it("asks once at a time, however many processes watch and look up by turns, each of which gets its own", async () => {
    await inTemporaryFolder(async (root) => {
      const ray = client();
      const times: number[] = [];
      answer = (_, response) => {
        times.push(performance.now());
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ status: "RUNNING" }));
      };
      const watches = ["a", "b", "c"].map((id) => {
        // The last one works on another folder of runs.
        const own = id === "c" ? path.join(root, "other") : root;
        const turns = new PollTurns({ root: own, server: ray.server, machineFolder: root, pollMs: 50 });
        const watch = new JobWatch(ray, {
          silence: new Silence(() => undefined),
          inTurn: (ask, signal) => turns.take(ask, signal),
        });
        return { turns, watch, job: watch.watch(id), lookUp: turns.take(() => ray.job(`of-${id}`)) };
      });
      while (watches.some(({ job }) => job.state === undefined)) await setImmediate();
      for (const { lookUp } of watches) assert.equal((await lookUp)?.status, "RUNNING");
      await Promise.all(watches.map(({ watch, turns }) => Promise.all([watch.close(), turns.close()])));
      for (const at of ["cluster", "other/cluster"]) assert.deepEqual(await fs.readdir(path.join(root, at)), []);
      const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
      // Timers may fire a millisecond early.
      assert.ok(Math.min(...gaps) > 48, String(gaps));
      ray.close();
    });
  });

  it("goes on when a cluster is silent for a while, and ends when its token has expired", async () => {
    const ray = client();
    const silences: string[] = [];
    says("", 503);
    const silence = new Silence((error) => silences.push(error?.what ?? "again"), 1);
    const watch = new JobWatch(ray, { silence, inTurn });
    const job = watch.watch("a");
    while (silences.length === 0) await setImmediate();
    says({ status: "PENDING" });
    while (job.state === undefined) await setImmediate();
    says("", 401);
    await assert.rejects(async () => {
      for (;;) {
        watch.check();
        await setImmediate();
      }
    }, /does not take the token in LAB_AUTH_TOKEN \(401\)/);
    assert.deepEqual(silences, ["is not there now (503)", "again"]);
    await watch.close();
    ray.close();
  });

  it("sends a request again until it is answered, and no longer than somebody waits for it", async () => {
    const ray = client();
    const silences: string[] = [];
    const silence = new Silence((error) => silences.push(error?.what ?? "again"), 1);
    const job = { id: "t2", entrypoint: "true", package: "", env: {}, metadata: {}, cpus: 1, gpus: 0 };
    // The first one has arrived, and its answer has not.
    const answers: (() => void)[] = [() => says("", 502), () => says("", 503), () => says(EXISTS, 500, "text/plain")];
    const stop = new AbortController();
    const submit = (): Promise<boolean> => {
      answers.shift()?.();
      return ray.submit(job, stop.signal);
    };
    assert.equal(await silence.outlast(submit, stop.signal), false);
    assert.equal(asked.length, 3);
    assert.deepEqual(silences, ["is not there now (502)", "again"]);
    says("", 503);
    const waiting = silence.outlast(submit, stop.signal);
    stop.abort(new RangeError("stopped"));
    await assert.rejects(waiting, RangeError);
    says("no", 403);
    await assert.rejects(
      silence.outlast(() => ray.version(), new AbortController().signal),
      { fault: "token" },
    );
    ray.close();
  });
});
