import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "../../../engine/server/client.ts";
import { launch } from "../../../engine/server/launch.ts";
import { readRunState } from "../../../engine/storage/runHistory.ts";
import { askRunToStop, runOwner } from "../../../engine/storage/runFolder.ts";
import { tiny } from "../pipeline/tinyRun.ts";
import { logRecords } from "../storage/logRecords.ts";
import { ENDLESS, hasSteps, kill, request, watch, withEngines } from "./engines.ts";
import { CLIENT } from "./served.ts";

const LAUNCH = new URL("../../../engine/server/launch.ts", import.meta.url).href;
const CRASHING = fileURLToPath(new URL("crashingEngine.ts", import.meta.url));

const logOf = (folder: string): Promise<string> => fs.readFile(path.join(folder, "engine.log"), "utf8");

describe("an engine process", function () {
  this.timeout(240_000);

  it("shows every client the same run, whenever it comes, to the end", async () => {
    await withEngines(async (folder) => {
      const { run, folder: runFolder, pid } = await launch(request(tiny({ rlhf: { iterations: 60 } }), folder));
      const early = await watch(runFolder);
      assert.deepEqual([run, early.connection.handshake.run, early.connection.handshake.pid], ["tiny-1", run, pid]);
      await early.until(hasSteps("ppo", 5));
      const late = await watch(runFolder);
      await early.until(({ status }) => status === "finished");
      const ended = await Promise.all([early.ended, late.ended]);
      assert.ok(late.events.length > 0 && late.events.length < early.events.length, "it came in the middle");
      assert.deepEqual(early.atLastEvent(), late.atLastEvent());
      assert.deepEqual(early.atLastEvent(), structuredClone(await readRunState(runFolder)));
      assert.deepEqual(structuredClone(ended[0]), early.atLastEvent());
      assert.equal(await runOwner(runFolder), undefined);
      assert.match(
        await logOf(runFolder),
        /engine \d.*: run tiny-1 at .*\n.*computes on wasm, 1 thread .*\n[^]*finished\n/,
      );
    });
  });

  it("stops after its step when asked, and goes on from there when resumed", async () => {
    await withEngines(async (folder) => {
      const { run, folder: runFolder } = await launch(request(ENDLESS, folder));
      const watched = await watch(runFolder);
      await watched.until(hasSteps("ppo", 3));
      await watched.connection.stop();
      const { status, stages } = await watched.ended;
      assert.equal(status, "stopped");
      const done = stages.find(({ id: name }) => name === "ppo")?.step ?? 0;

      const again = await launch({ kind: "resume", runsRoot: path.join(folder, ".salsa"), run });
      assert.equal(again.folder, runFolder);
      const resumed = await watch(runFolder);
      await resumed.until(hasSteps("ppo", done + 1));
      await resumed.connection.stop();
      assert.equal((await resumed.ended).status, "stopped");
      const sequences = (await logRecords(path.join(runFolder, "events.jsonl"))).map(
        (event) => (event as { sequence: number }).sequence,
      );
      assert.deepEqual(
        sequences,
        sequences.map((_, index) => index),
      );
      assert.match(
        await logOf(runFolder),
        /test 1 asks for a stop\n[^]*stopped\n[^]*test 1 asks for a stop\n[^]*stopped/,
      );
    });
  });

  it("stops when a file in its folder asks, as from another machine, and goes on when resumed", async () => {
    await withEngines(async (folder) => {
      const { run, folder: runFolder } = await launch(request(ENDLESS, folder));
      const watched = await watch(runFolder);
      await watched.until(hasSteps("ppo", 3));
      await askRunToStop(runFolder);
      const { status, stages } = await watched.ended;
      assert.equal(status, "stopped");
      assert.match(
        await fs.readFile(path.join(runFolder, "events.jsonl"), "utf8"),
        /a file in its folder asks for a stop/,
      );
      const done = stages.find(({ id: name }) => name === "ppo")?.step ?? 0;

      // A folder of that name is somebody's own, and stays.
      const own = path.join(runFolder, "stop", "precious.txt");
      await fs.rm(path.dirname(own), { force: true });
      await fs.mkdir(path.dirname(own));
      await fs.writeFile(own, "mine");
      await launch({ kind: "resume", runsRoot: path.join(folder, ".salsa"), run });
      const resumed = await watch(runFolder);
      await resumed.until(hasSteps("ppo", done + 3));
      assert.equal(await fs.readFile(own, "utf8"), "mine");
      await resumed.connection.stop();
      assert.equal((await resumed.ended).status, "stopped");
    });
  });

  it("killed with clients attached leaves a lost run, which resumes", async () => {
    await withEngines(async (folder) => {
      const { run, folder: runFolder, pid } = await launch(request(ENDLESS, folder));
      const clients = [await watch(runFolder), await watch(runFolder)];
      await clients[0]?.until(hasSteps("ppo", 3));
      process.kill(pid, "SIGKILL");
      for (const { ended } of clients) assert.equal((await ended).status, "lost");
      await assert.rejects(connect(runFolder, CLIENT), { name: "NotRunningError", message: /died without a word/ });

      await launch({ kind: "resume", runsRoot: path.join(folder, ".salsa"), run });
      const resumed = await watch(runFolder);
      await resumed.until(({ status }) => status === "running");
      assert.equal(resumed.followed.state().stages.filter(({ status }) => status === "failed").length, 0);
    });
  });

  it("that crashes leaves its last words with the clients, in the events and in its log", async () => {
    await withEngines(async (folder) => {
      const { folder: runFolder, pid } = await launch(request(ENDLESS, folder), { main: CRASHING });
      const watched = await watch(runFolder);
      await watched.until(hasSteps("ppo", 1));
      process.kill(pid, "SIGUSR2");
      const { status, failure } = await watched.ended;
      const words = { error: "RangeError", message: "the engine crashed: the ceiling fell", stage: null };
      assert.deepEqual([status, failure], ["failed", words]);
      assert.equal(watched.atLastEvent()?.status, "failed", "clients hear it before the connection ends");
      assert.match(await logOf(runFolder), /crashed: RangeError: the ceiling fell\n +at [^]*caused by: Error: rain/);
    });
  });

  it("tells clients that the disk is full, which it cannot write", async () => {
    await withEngines(async (folder) => {
      const node = path.join(folder, "node");
      // In blocks of 512 bytes; without the trap the signal would end the process.
      await fs.writeFile(node, `#!/bin/sh\ntrap "" XFSZ; ulimit -f 24; exec "${process.execPath}" "$@"\n`);
      await fs.chmod(node, 0o755);
      const { folder: runFolder } = await launch(request(ENDLESS, folder), { node });
      const { status, failure } = await (await watch(runFolder)).ended;
      assert.deepEqual([status, failure?.error], ["failed", "DiskError"]);
      assert.match(failure?.message ?? "", /\.(jsonl|safetensors|json): .*larger than this system allows/);
    });
  });

  it("outlives the process that started it, the closing of a terminal, and clients", async () => {
    await withEngines(async (folder) => {
      const script = `
        import { launch } from ${JSON.stringify(LAUNCH)};
        console.log(JSON.stringify(await launch(${JSON.stringify(request(ENDLESS, folder))})));
        setInterval(() => {}, 1e6);`;
      const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [text] = (await once(parent.stdout, "data")) as [Buffer];
      const { pid, folder: runFolder } = JSON.parse(text.toString()) as { pid: number; folder: string };
      (await watch(runFolder)).followed.close();
      parent.kill("SIGKILL");
      await once(parent, "exit");
      process.kill(pid, "SIGHUP");
      const watched = await watch(runFolder);
      const { stages } = watched.followed.state();
      const before = stages.find(({ id: name }) => name === "ppo")?.step ?? 0;
      await watched.until(hasSteps("ppo", before + 3));
      process.kill(pid, "SIGTERM");
      assert.equal((await watched.ended).status, "stopped");
      assert.match(await logOf(runFolder), /SIGTERM: stopping after this step/);
    });
  });

  it("answers while its main thread computes", async () => {
    await withEngines(async (folder) => {
      // One step of this is some 0.3 s of computing without a pause.
      const wide = { architecture: { hiddenSize: 256, nLayers: 4, nHeads: 4 }, pretrain: { steps: 50, batchSize: 64 } };
      const { folder: runFolder } = await launch(request(tiny({ name: "wide", model: wide }), folder));
      const times: number[] = [];
      const begun = performance.now();
      // Until some steps are done, however fast the machine computes.
      for (let done = 0; done < 4; done = await stepsOf(runFolder)) {
        const started = performance.now();
        const connection = await connect(runFolder, CLIENT);
        await connection.snapshot();
        connection.close();
        times.push(performance.now() - started);
      }
      const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;
      const step = (performance.now() - begun) / (await stepsOf(runFolder));
      // Typically 3 ms; were the main thread to answer, most of a step would come before every answer.
      assert.ok(median < step / 4, `${median.toFixed(1)} ms of a step's ${step.toFixed(0)}`);
    });
  });
});

describe("two runs on one device", function () {
  this.timeout(240_000);

  it("of two workspaces compute one after the other, also when the first is killed", async () => {
    await withEngines(async (folder) => {
      const [here, there] = [path.join(folder, "a"), path.join(folder, "b")];
      for (const one of [here, there]) await fs.mkdir(one);
      const first = await launch(request(ENDLESS, here));
      const second = await launch(request(tiny({ name: "second" }), there));
      const watched = await watch(second.folder);
      const { status, ahead, device } = watched.followed.state();
      assert.deepEqual([status, ahead], ["queued", 1]);
      assert.match(device, /^wasm, 1 thread \(auto: cuda: .+\)$/);
      assert.equal((await readRunState(second.folder)).status, "queued");
      process.kill(first.pid, "SIGKILL");
      assert.equal((await watched.ended).status, "finished");
      assert.match(
        await logOf(second.folder),
        /waits for wasm, 1 thread .*: 1 ahead\n[^]*computes on wasm, 1 thread .*\n/,
      );
    });
  });

  it("leave the queue when they are stopped, and can be resumed", async () => {
    await withEngines(async (folder) => {
      const first = await launch(request(ENDLESS, folder));
      const second = await launch(request(tiny({ name: "second" }), folder));
      const watched = await watch(second.folder);
      await watched.connection.stop();
      assert.equal((await watched.ended).status, "stopped");
      assert.equal((await readRunState(first.folder)).status, "running");
      kill(first.pid);
      await launch({ kind: "resume", runsRoot: path.join(folder, ".salsa"), run: second.run });
      assert.equal((await (await watch(second.folder)).ended).status, "finished");
    });
  });
});

describe("launch", function () {
  this.timeout(240_000);

  it("says that there is no such Node", async () => {
    await withEngines(async (folder) => {
      const message = /^the engine does not start: \/nowhere\/node: .*ENOENT; it needs Node 24$/;
      await assert.rejects(launch(request(tiny(), folder), { node: "/nowhere/node" }), {
        name: "LaunchError",
        message,
      });
      assert.deepEqual(await fs.readdir(path.join(folder, ".salsa")), []);
    });
  });

  it("quotes the last words of an engine that dies as it starts", async () => {
    await withEngines(async (folder) => {
      const main = path.join(folder, "broken.ts");
      await fs.writeFile(main, 'throw new Error("wrong architecture");');
      const message = /^the engine ended as it started \(exit code 1\); its last words: [^]*wrong architecture/;
      await assert.rejects(launch(request(tiny(), folder), { main }), { name: "LaunchError", message });
    });
  });

  it("passes on why the engine could not open the run", async () => {
    await withEngines(async (folder) => {
      const { run, folder: runFolder, pid } = await launch(request(ENDLESS, folder));
      const again = { kind: "resume", runsRoot: path.join(folder, ".salsa"), run } as const;
      const message = new RegExp(
        `^${runFolder}/lock: in use by process ${pid} on .*; wait for it to end, or stop it first$`,
      );
      await assert.rejects(launch(again), { name: "LaunchError", message });
    });
  });

  it("says what is wrong with a folder where it cannot write", async () => {
    await withEngines(async (folder) => {
      await fs.writeFile(path.join(folder, ".salsa"), "");
      const message = /\.salsa: create folder: .*; /;
      await assert.rejects(launch(request(tiny(), folder)), { name: "DiskError", message });
    });
  });

  it("starts it outside of the workspace, without variables that make it load code", async () => {
    await withEngines(async (folder) => {
      const main = path.join(folder, "told.ts");
      await fs.writeFile(main, "console.error(JSON.stringify([process.cwd(), process.env])); process.exitCode = 1;");
      const hostile = { NODE_OPTIONS: "--no-warnings", NODE_PATH: folder, LD_AUDIT: "", SALSA_TFJS_PATH: "tf" };
      Object.assign(process.env, hostile);
      try {
        const error: unknown = await launch(request(tiny(), folder), { main }).catch((reason: unknown) => reason);
        const [place, env] = JSON.parse(/last words: (.*)$/s.exec(String(error))?.[1] ?? "") as [
          string,
          NodeJS.ProcessEnv,
        ];
        assert.equal(place, await fs.realpath(process.env["SALSA_RUNTIME_DIR"] ?? ""));
        assert.deepEqual(
          Object.keys(hostile).filter((name) => name in env),
          [],
        );
      } finally {
        for (const name of Object.keys(hostile)) Reflect.deleteProperty(process.env, name);
      }
    });
  });

  it("says that a runtime folder cannot be used", async () => {
    await withEngines(async (folder) => {
      process.env["SALSA_RUNTIME_DIR"] = path.join(folder, "long".repeat(30));
      const message = /too long for a socket, which takes 103 bytes; set SALSA_RUNTIME_DIR/;
      await assert.rejects(launch(request(tiny(), folder)), { name: "LaunchError", message });
    });
  });
});

/** Steps that the run's first stage has done. */
async function stepsOf(runFolder: string): Promise<number> {
  const records = await logRecords(path.join(runFolder, "events.jsonl"));
  return records.filter((record) => (record as { readonly kind: string }).kind === "progress").length;
}
