import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse } from "jsonc-parser";
import { RayClient } from "../../engine/cluster/ray/client.ts";
import { lookAtCluster } from "../../engine/pipeline/cluster/index.ts";
import { readRun } from "../../engine/pipeline/index.ts";
import { attemptsHeld } from "../../engine/storage/attempts.ts";
import { pythonWithDriver } from "../engine/cluster/trainer/wheel.ts";
import {
  type TinyRun,
  type Written,
  artifactHashes,
  resolved,
  runTiny,
  tableFiles,
  tiny,
} from "../engine/pipeline/tinyRun.ts";
import { DEMO_MS, demoFolder } from "../extension/demoRun.ts";
import { bundleDist } from "../program.ts";
import { armsAtWork, attemptsAt, processOf, spanOf } from "./arms.ts";
import { waitFor } from "../e2e/waiting.ts";
import { clockAhead } from "./clock.ts";
import { testElsewhere } from "./elsewhere.ts";
import { testExpiry } from "./expiry.ts";
import { testHardStop } from "./hardStop.ts";
import { RayHead } from "./head.ts";
import { installedOrSkip } from "../pythonEnvironment.ts";
import { installRay } from "./install.ts";
import { testLogs } from "./logs.ts";
import { testMachines } from "./machines.ts";
import { CLI, testTrainer } from "./trainer.ts";

const TOKEN = "a-token-of-the-tests-0123456789abcdef";
const VARIABLE = "SALSA_TEST_AUTH_TOKEN";

/** Two arms that take some seconds, so that there is time to kill what makes them. */
const EXPERIMENT: Written = {
  rlhf: { iterations: 200 },
  evaluation: { pairs: [["salsa", "ppo"]] },
};

describe("a run on a Ray cluster", function () {
  this.timeout(300_000);
  let head: RayHead | undefined;
  let folder = "";

  before(async function () {
    if (process.platform !== "linux") {
      process.stdout.write("*** NOT TESTED: runs on a Ray cluster, which take the program from Linux alone\n");
      return this.skip();
    }
    const bin = installedOrSkip(this, "runs on a Ray cluster", installRay);
    folder = await fs.mkdtemp(path.join(tmpdir(), "salsa-cluster-"));
    process.env[VARIABLE] = TOKEN;
    const env = {
      PYTHONPATH: pythonWithDriver().env["PYTHONPATH"] ?? "",
      PYTHONDONTWRITEBYTECODE: "1",
      SALSA_PLAY: orders(),
      // A machine that is killed is missed within seconds.
      RAY_health_check_period_ms: "500",
    };
    bundleDist();
    head = await RayHead.start(bin, { cpus: 8, gpus: 8, token: TOKEN, env });
  });

  after(async () => {
    await head?.stop();
    if (folder !== "") await fs.rm(folder, { recursive: true, force: true });
  });

  /** Instructions for the scripted driver. */
  const orders = (): string => path.join(folder, "play.json");

  /** The experiment on the cluster, with some of its settings replaced. */
  function onCluster(cluster: Written = {}, overrides: Written = {}): Written {
    const settings = { address: head?.address, tokenEnv: VARIABLE, cpus: 1, gpus: 1, ...cluster };
    return tiny({ ...EXPERIMENT, ...overrides, runtime: { backend: "wasm", cluster: settings } });
  }

  function client(env: Record<string, string> = { [VARIABLE]: TOKEN }): RayClient {
    return new RayClient({ address: head?.address ?? "", tokenEnv: VARIABLE, env });
  }

  it("ends with the tables of a run on this machine, byte for byte, though its process and a job are killed", async () => {
    const local = path.join(folder, "local");
    const remote = path.join(folder, "remote");
    await Promise.all([local, remote].map((one) => fs.mkdir(one)));
    const expected = await runTiny(tiny(EXPERIMENT), local);
    const config = path.join(remote, "tiny.salsa.json");
    await fs.writeFile(config, JSON.stringify(onCluster()));
    const starter = spawn(process.execPath, [CLI, "run", config, "--yes"], { stdio: "ignore" });
    const ended = once(starter, "exit");
    const [first, second] = await armsAtWork(path.join(remote, ".salsa"), () => assert.equal(starter.exitCode, null));
    starter.kill("SIGKILL");
    await ended;
    process.kill(await processOf(first), "SIGKILL");

    // The other one does not end before it is attached to.
    const other = await processOf(second);
    process.kill(other, "SIGSTOP");

    const run = await runTiny(onCluster(), remote, {
      resume: "tiny-1",
      onEvent: (event) => {
        if (event.kind === "stageStarted" && event.key === second) process.kill(other, "SIGCONT");
      },
    });

    assert.deepEqual(await tableFiles(run.folder), await tableFiles(expected.folder));
    const root = path.join(remote, ".salsa");
    assert.deepEqual(await artifactHashes(root), await artifactHashes(path.join(local, ".salsa")));
    // The one that was killed goes on in a second job; the other one was attached to.
    assert.deepEqual(await attemptsAt(root, first), [1, 2]);
    assert.deepEqual(await attemptsAt(root, second), [1]);
    const spans = await Promise.all([first, second].map((key) => spanOf(root, key)));
    const [a = [0, 0], b = [0, 0]] = spans;
    assert.ok(Math.max(a[0], b[0]) < Math.min(a[1], b[1]), `the arms overlap: ${JSON.stringify(spans)}`);
    await noToken(root);
  });

  it("makes the demo, shortened, of which every table and model has the bytes that it has on this machine", async function () {
    this.timeout(DEMO_MS);
    const here = demoFolder();
    const there = path.join(folder, "demo");
    const config = parse(await fs.readFile(path.join(here, "demo.salsa.json"), "utf8")) as Written;
    const written = onCluster();
    await fs.mkdir(there);
    const run = await runTiny({ ...config, runtime: written["runtime"] }, there);
    assert.deepEqual(await tableFiles(run.folder), await tableFiles(path.join(here, ".salsa/runs/demo-1")));
    assert.deepEqual(await artifactHashes(path.join(there, ".salsa")), await artifactHashes(path.join(here, ".salsa")));
  });

  it("orders no job where one has finished since the artifact was looked for", async () => {
    const remote = path.join(folder, "remote");
    const root = path.join(remote, ".salsa");
    const keys = (await fs.readdir(path.join(root, "artifacts"))).filter((name) => name.startsWith("rlhf-"));
    const attempts = await Promise.all(keys.map((key) => attemptsAt(root, key)));
    const key = keys[attempts.findIndex(({ length }) => length === 1)] ?? assert.fail("each arm had two jobs");
    const [artifact, aside] = [path.join(root, "artifacts", key), path.join(folder, "aside")];
    await fs.rename(artifact, aside);
    const held = await attemptsHeld({ root, key });

    const begun = Promise.withResolvers<unknown>();
    const running = runTiny(onCluster(), remote, {
      onEvent: ({ kind }) => {
        if (kind === "runStarted") begun.resolve(kind);
      },
    });
    await begun.promise;
    await setTimeout(2000); // it has been looked for, and nobody can order a job yet
    await fs.rename(aside, artifact);
    await held.release();

    assert.equal((await running).status, "finished");
    assert.deepEqual(await attemptsAt(root, key), [1]);
  });

  it("makes an artifact again of which half was copied, and nothing else", async () => {
    const remote = path.join(folder, "remote");
    const root = path.join(remote, ".salsa");
    const names = await fs.readdir(path.join(root, "artifacts"));
    const soup = names.find((name) => name.startsWith("soup-")) ?? assert.fail("there is no soup");
    const file = path.join(root, "artifacts", soup, "model.safetensors");
    const whole = await fs.readFile(file);
    await fs.truncate(file, whole.length / 2);

    const run = await runTiny(onCluster(), remote);

    const alarms = run.events.flatMap((event) => (event.kind === "alarm" ? [event.message] : []));
    assert.match(alarms.join(), /bytes where \d+ were written; it was moved to soup-\S*damaged.* and is made again/);
    assert.deepEqual(await fs.readFile(file), whole);
    const made = run.events.flatMap((event) => (event.kind === "stageStarted" && !event.cached ? [event.stage] : []));
    assert.deepEqual(made, ["soup"]);
  });

  testTrainer({ orders, remote: () => path.join(folder, "remote"), onCluster });

  it("runs a job once, however often it is submitted", async () => {
    const ray = client();
    const file = path.join(folder, "runs");
    const job = {
      id: "twice",
      entrypoint: `echo once >> ${file}`,
      package: "",
      env: {},
      metadata: {},
      cpus: 1,
      gpus: 0,
    };
    assert.equal(await ray.submit(job), true);
    assert.equal(await ray.submit(job), false);
    const until = Date.now() + 60_000;
    while ((await ray.job("twice"))?.status !== "SUCCEEDED" && Date.now() < until) await setTimeout(200);
    assert.equal(await fs.readFile(file, "utf8"), "once\n");
    assert.equal(await ray.job("never"), undefined);
    ray.close();
  });

  it("stops gracefully and goes on from there", async () => {
    const remote = path.join(folder, "remote");
    // Everything but one arm and its answers is there.
    const changed = onCluster({}, { arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: 0.1 } } });
    const stop = new AbortController();
    const stopped = await runTiny(changed, remote, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "progress" && event.stage === "salsa" && event.step > 4) stop.abort();
      },
    });
    assert.equal(stopped.status, "stopped");
    const steps = (run: TinyRun): number[] =>
      run.events.flatMap((event) => (event.kind === "progress" && event.stage === "salsa" ? [event.step] : []));
    const resumed = await runTiny(changed, remote, { resume: stopped.id });
    assert.equal(resumed.status, "finished");
    assert.ok((steps(resumed)[0] ?? 0) > 1, `goes on at step ${steps(resumed)[0] ?? "none"}`);
  });

  testHardStop({ remote: () => path.join(folder, "remote"), onCluster });

  it("says why a job waits, and takes it back when it is stopped", async () => {
    const stop = new AbortController();
    const reasons: string[] = [];
    const run = await runTiny(onCluster({ cpus: 64 }), path.join(folder, "remote"), {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== "runQueued") return;
        reasons.push(event.reason ?? "");
        if (event.reason?.includes("needs") === true) stop.abort();
      },
    });
    assert.equal(run.status, "stopped");
    assert.equal(reasons[0], `connecting to ${head?.address ?? ""}`);
    assert.match(reasons.at(-1) ?? "", /needs 1 GPU and 64 CPUs, and machines have at most 8 GPUs and 8 CPUs/);
  });

  it("makes the SFTs of a grid at once", async () => {
    const place = path.join(folder, "grid");
    await fs.mkdir(place);
    const learningRate = { grid: [1e-3, 2e-3] };
    // They are stopped once both have reported a step.
    const stop = new AbortController();
    const atWork = new Set<string>();
    const written = onCluster({}, { sft: { learningRate, seeds: [1], steps: 100_000 }, evaluation: {} });
    const run = await runTiny(written, place, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind !== "progress" || !event.stage.startsWith("sft-1")) return;
        atWork.add(event.stage);
        if (atWork.size === 2) stop.abort();
      },
    });
    assert.equal(run.status, "stopped");
    const spans = [...atWork].map((stage) => {
      const steps = run.events.filter((event) => event.kind === "progress" && event.stage === stage);
      return [steps[0]?.time ?? Infinity, steps.at(-1)?.time ?? -Infinity] as const;
    });
    const [a = [0, 0], b = [0, 0]] = spans;
    assert.ok(Math.max(a[0], b[0]) <= Math.min(a[1], b[1]), `the SFTs overlap: ${JSON.stringify(spans)}`);
  });

  it("goes on with a run that could not join, on the backend that the cluster has then", async () => {
    const place = path.join(folder, "later");
    await fs.mkdir(place);
    const cluster = { address: head?.address, tokenEnv: "SALSA_LATER_AUTH_TOKEN", cpus: 1, gpus: 0 };
    const written = tiny({ rlhf: { iterations: 2 }, runtime: { cluster } });
    await assert.rejects(runTiny(written, place), /SALSA_LATER_AUTH_TOKEN is not set/);
    const described = async (): Promise<unknown> =>
      (await readRun(path.join(place, ".salsa/runs/tiny-1"))).config.runtime.backend;
    assert.equal(await described(), "auto");
    process.env["SALSA_LATER_AUTH_TOKEN"] = TOKEN;
    try {
      assert.equal((await runTiny(written, place, { resume: "tiny-1" })).status, "finished");
    } finally {
      delete process.env["SALSA_LATER_AUTH_TOKEN"];
    }
    assert.equal(await described(), "wasm");
  });

  const refusals: readonly [what: string, cluster: () => Promise<Written> | Written, message: RegExp][] = [
    [
      "a machine that sees no shared folder",
      () => ({ sharedFolder: "/nowhere/at/all" }),
      /does not see the shared folder; set runtime.cluster.sharedFolder/,
    ],
    [
      "machines whose clock is an hour ahead",
      () => ({ runtimeEnv: { envVars: { NODE_OPTIONS: clockAhead(3_600_000) } } }),
      /has another time, 60 min ahead; set both clocks by NTP/,
    ],
    ["an address where a web page answers", webPage, /answers with a web page \(200\); set runtime.cluster.address/],
    ["an address where nobody answers", () => ({ address: "http://127.0.0.1:9" }), /cannot be reached.*is Ray running/],
    ["a token that is missing", () => ({ tokenEnv: "NO_SUCH_AUTH_TOKEN" }), /NO_SUCH_AUTH_TOKEN is not set/],
  ];
  for (const [what, cluster, message] of refusals) {
    it(`refuses ${what}, with the remedy`, async () => {
      await assert.rejects(runTiny(onCluster(await cluster()), path.join(folder, "remote")), message);
    });
  }

  const OWN: Written = { trainer: { use: "own" } };

  async function lookAt(cluster: Written): ReturnType<typeof lookAtCluster> {
    const written = onCluster(cluster, { rlhf: { klController: "fixed" } });
    const { runtime } = resolved(written, path.join(folder, "remote"));
    return lookAtCluster({
      runtime: { ...runtime, cluster: runtime.cluster ?? assert.fail() },
      env: process.env,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
  }

  async function look(cluster: Written): Promise<readonly string[]> {
    const { findings } = await lookAt(cluster);
    return findings.map(({ name, state, detail, remedy }) => [name, state, detail, remedy ?? ""].join(" | "));
  }

  it("looks at a cluster: everything that a run needs of it, or what is missing and what to do", async () => {
    const lines = await look(OWN);
    assert.deepEqual(
      lines.map((line) => line.split(" | ", 2).join(" ")),
      ["Ray", "token", "machines", "program", "shared folder", "Node", "backend", "disk space", "clocks"].map(
        (name) => `${name} ok`,
      ),
    );
    assert.match(lines[2] ?? "", /1 machine with 8 GPUs and 8 CPUs/);
    // Ray counts what a job took until a moment after its end.
    let { cluster } = await lookAt({ cpus: 64 });
    const isFree = (): boolean => cluster?.free?.gpus === 8 && cluster.free.cpus === 8;
    await waitFor(async () => {
      if (!isFree()) ({ cluster } = await lookAt({ cpus: 64 }));
      return isFree();
    }, "what the jobs before took");
    assert.deepEqual(cluster, {
      ...{ address: head?.address, version: cluster?.version, machines: [{ count: 1, cpus: 8, gpus: 8 }] },
      free: { cpus: 8, gpus: 8 },
    });
    const [, , machines = ""] = await look({ cpus: 64 });
    assert.match(machines, /missing .* needs 1 GPU and 64 CPUs, and machines have at most 8 GPUs and 8 CPUs/);
    assert.match((await look({ tokenEnv: "NO_SUCH_AUTH_TOKEN" })).join(), /^token \| missing \| .*is not set/);
  });

  it("has a machine import OpenRLHF and vLLM, where it may train by them", async () => {
    // The machines have the driver that plays OpenRLHF, and no vLLM.
    const paths = (pythonWithDriver().env["PYTHONPATH"] ?? "").split(path.delimiter);
    const driver = paths.find((one) => one.includes("openrlhf")) ?? assert.fail();
    await fs.mkdir(path.join(folder, "packages", "vllm"), { recursive: true });
    await fs.writeFile(path.join(folder, "packages", "vllm", "__init__.py"), "");
    let sent = "";
    const having = async (use: unknown, ...paths: readonly string[]): Promise<string> => {
      const runtimeEnv = { envVars: { PYTHONPATH: paths.join(path.delimiter) } };
      const lines = await look({ trainer: { use }, runtimeEnv });
      sent = lines.find((line) => line.startsWith("program")) ?? "";
      return lines.at(-1) ?? "";
    };
    assert.match(await having("auto"), /^OpenRLHF \| optional \| OpenRLHF is not installed \| put openrlhf\[vllm\]==0/);
    assert.match(await having("openrlhf", driver), /^OpenRLHF \| missing \| vLLM is not installed \| put openrlhf/);
    assert.match(await having({ sft: "own", rlhf: "openrlhf" }), /^OpenRLHF \| missing \| OpenRLHF is not installed/);
    assert.match(await having({ sft: "own" }), /^OpenRLHF \| optional \| OpenRLHF is not installed/);
    assert.match(
      await having({ sft: "own", reward: "own", rlhf: "molt" }),
      /^Molt \| missing \| Molt is not installed \| put molt-rl\[vllm\]==0/,
    );
    assert.match(await having({ sft: "own", reward: "own", rlhf: "own" }), /^clocks \| ok/);
    assert.equal(
      await having("openrlhf", driver, path.join(folder, "packages")),
      "OpenRLHF | ok | 0.11.2 and vLLM can be imported | ",
    );
    assert.match(sent, /ok \| there already/, "our own program is sent once");
  });

  it("refuses a wrong token, and says none of it", async () => {
    const wrong = client({ [VARIABLE]: "another-token-0123456789abcdef" });
    await assert.rejects(wrong.nodes(), (error: Error) => {
      assert.match(error.message, /does not take the token in SALSA_TEST_AUTH_TOKEN \(403\)/);
      return !error.message.includes("another-token");
    });
    wrong.close();
  });

  testLogs({ client, folder: () => folder, token: TOKEN });

  testElsewhere({ folder: () => folder, onCluster });

  testExpiry({ head: () => head ?? assert.fail(), folder: () => folder, onCluster });

  testMachines({ head: () => head ?? assert.fail(), folder: () => folder, onCluster });

  const servers: ReturnType<typeof createServer>[] = [];
  after(() => servers.forEach((server) => server.close()));

  async function webPage(): Promise<Written> {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>Welcome</title>");
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
});

/** No file below a folder holds the token. */
async function noToken(root: string): Promise<void> {
  for (const entry of await fs.readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    assert.ok(!(await fs.readFile(file)).includes(TOKEN), `${file} holds the token`);
  }
}
