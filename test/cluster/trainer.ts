import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { writeReport } from "../../engine/pipeline/index.ts";
import { atomicWrite } from "../../engine/storage/disk.ts";
import { type TinyRun, type Written, artifactOf, keysOf, metricOf, runTiny } from "../engine/pipeline/tinyRun.ts";
import { salsaProgram } from "../program.ts";

/** The program of the command line. */
export const CLI = salsaProgram();

/** The cluster of the tests, and the driver that plays trainers there. */
export interface TrainerTests {
  /** File of the driver's instructions. */
  readonly orders: () => string;
  /** Folder of runs on the cluster. */
  readonly remote: () => string;
  readonly onCluster: (cluster: Written, overrides: Written) => Written;
}

/** Variables of the driver's trainings, by a part of the path of the model that they make. */
type Orders = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Tests of runs whose large stages other trainers make: a driver plays them behind real jobs of Ray. */
export function testTrainer({ orders, remote, onCluster }: TrainerTests): void {
  // In one step, since trainings read them while they hold.
  const tell = (what: Orders): Promise<void> => atomicWrite(orders(), JSON.stringify(what));

  /** Folders of the models that trainings have been started for. */
  const starts = async (): Promise<readonly string[]> => {
    const text = await fs.readFile(`${orders()}.started`, "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  };

  const startsOf = async (key: string): Promise<number> => (await starts()).filter((at) => at.includes(key)).length;

  const large = (): Written => {
    const settings = { name: "large", sft: { steps: 80 }, rlhf: { iterations: 6, klController: "fixed" } };
    const config = onCluster({ trainer: { use: "openrlhf", cardsPerNode: 1 } }, settings);
    return { ...config, runtime: { ...(config["runtime"] as Written), metricsEvery: 1 } };
  };

  it("hands large stages to OpenRLHF, and comes to its tables though it is killed, and a training fails", async function () {
    const began = performance.now();
    const config = path.join(remote(), "large.salsa.json");
    await fs.mkdir(remote(), { recursive: true });
    await fs.writeFile(config, JSON.stringify(large()));
    await tell({ "sft-": { SALSA_PLAY_HOLD_AT: "6" } });

    // Its process is killed while both SFTs are at work.
    const starter = spawn(process.execPath, [CLI, "run", config, "--yes"], { stdio: "ignore" });
    const ended = once(starter, "exit");
    while ((await starts()).length < 2) {
      assert.equal(starter.exitCode, null, "the run has ended");
      await setTimeout(50);
    }
    starter.kill("SIGKILL");
    await ended;

    // The next one follows their jobs. One fails, and says why; the other one is stopped, and goes on until it has saved.
    const [, one = ""] = /(sft-[0-9a-f]+)/.exec((await starts())[0] ?? "") ?? [];
    const [, two = ""] = /(sft-[0-9a-f]+)/.exec((await starts())[1] ?? "") ?? [];
    const events: RunEvent[] = [];
    const failing = resume({
      onEvent: (event) => {
        events.push(event);
        if (event.kind !== "note" || !event.message.startsWith("follows the job")) return;
        const slowly = { SALSA_PLAY_HOLD_AT: "0", SALSA_PLAY_SECONDS: "0.2" };
        void tell({ "sft-": slowly, [one]: { ...slowly, SALSA_PLAY_FAIL_AT: "12" } });
      },
    });
    await assert.rejects(
      failing,
      /^TrainerError: sft-[12]: OpenRLHF failed after step 11: RuntimeError: CUDA out of memory; its log: \S+; salsa resume goes on/,
    );
    const logs = path.join(remote(), ".salsa/runs/large-1/logs");
    const kept = await Promise.all((await fs.readdir(logs)).map((name) => fs.readFile(path.join(logs, name), "utf8")));
    assert.match(kept.join(""), /^\[salsa\] log of job salsa-sft-[^]*RuntimeError: CUDA out of memory\n/m);
    assert.equal(events.filter(({ kind }) => kind === "runFailed").length, 1);
    assert.equal(
      events.filter((event) => event.kind === "note" && event.message.startsWith("follows the job")).length,
      2,
    );
    assert.deepEqual([await startsOf(one), await startsOf(two)], [1, 1], "no job is run twice");
    const saved = await Promise.all([one, two].map((key) => checkpointOf(path.join(remote(), ".salsa"), key)));

    // Work that was paid for is there: both go on from their checkpoints, and the run comes to its end.
    await tell({ "rlhf-": { SALSA_PLAY_SECONDS: "0.1" } });
    const run = await resume({});
    assert.equal(run.status, "finished");
    assert.deepEqual([await startsOf(one), await startsOf(two)], [2, 2]);
    for (const [at, key] of [one, two].entries()) {
      const stage = [...keysOf(run)].find(([, made]) => made === key)?.[0] ?? assert.fail(key);
      const [first = 0] = run.events.flatMap((event) =>
        event.kind === "metrics" && event.stage === stage ? [event.step] : [],
      );
      assert.ok(first > (saved[at] ?? Infinity) && first > 4, `${stage} goes on at step ${first}`);
    }
    await checkRun(run);
    const loaded = await fs.readFile(`${orders()}.loaded`, "utf8");
    const references = [...loaded.matchAll(/^ReferenceModelActor (.*)$/gm)].map(([, at = ""]) => at);
    assert.deepEqual(new Set(references), new Set(["sft-1", "soup"].map((name) => artifactOf(run, name))));
    process.stdout.write(`      (${((performance.now() - began) / 1000).toFixed(1)} s, of 3 starts of the run)\n`);
  });

  it("has Molt make policies, the soup in its own flag, and comes to tables that say so", async () => {
    const trainer = { use: { sft: "own", reward: "own", rlhf: "molt" }, cardsPerNode: 3 };
    const settings = { name: "policies", rlhf: { iterations: 6, klController: "fixed" } };
    await tell({});
    const before = (await loads()).length;
    const run = await runTiny(onCluster({ trainer }, settings), remote());
    assert.equal(run.status, "finished");
    const loaded = (await loads()).slice(before);
    const models = (flag: string): ReadonlySet<string> =>
      new Set(loaded.filter((line) => line.startsWith(`${flag} `)).map((line) => line.split(" ")[1] ?? ""));
    assert.deepEqual(models("actor.model_name_or_path"), new Set([artifactOf(run, "sft-1")]));
    assert.deepEqual(models("ref.model_name_or_path"), new Set(["sft-1", "soup"].map((name) => artifactOf(run, name))));
    assert.equal(metricOf(run, "salsa", "objective/score").length, 6);
    assert.match(await fs.readFile(path.join(run.folder, "samples.jsonl"), "utf8"), /an answer of step 6/);
    for (const { name, note = "" } of run.tables) {
      assert.match(note, /Trained by Molt 0\.2\.1: ppo, salsa\./, name);
      assert.match(note, /– scores are computed in bf16 by transformers/, name);
    }
  });

  /** Models that PPO has been given, by who loads them. */
  async function loads(): Promise<readonly string[]> {
    const text = await fs.readFile(`${orders()}.loaded`, "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  function resume(options: Parameters<typeof runTiny>[2]): Promise<TinyRun> {
    return runTiny(large(), remote(), { resume: "large-1", ...options });
  }
}

/** Step of the newest checkpoint of a stage that is not finished. */
async function checkpointOf(root: string, key: string): Promise<number> {
  const file = path.join(root, "artifacts", `.work-${key}`, "openrlhf/checkpoints/latest");
  return Number(/^global_step(\d+)$/.exec(await fs.readFile(file, "utf8"))?.[1]);
}

/** Everything that a whole run leaves. */
async function checkRun(run: TinyRun): Promise<void> {
  assert.equal(metricOf(run, "salsa", "objective/kl").length, 6);
  const samples = await fs.readFile(path.join(run.folder, "samples.jsonl"), "utf8");
  assert.match(samples, /an answer of step 6/);
  const { dtype } = JSON.parse(await fs.readFile(path.join(artifactOf(run, "sft-1"), "config.json"), "utf8")) as {
    readonly dtype: string;
  };
  assert.equal(dtype, "bfloat16");
  const root = run.config.runtime.directory;
  const orders = async (stage: string): Promise<number> => {
    const names = await fs.readdir(path.join(root, "records", keysOf(run).get(stage) ?? ""));
    return names.filter((name) => name.endsWith(".order.json")).length;
  };
  assert.deepEqual([await orders("soup"), await orders("sft-1"), await orders("salsa")], [1, 0, 0]);
  // Its record says who trained what, and what is otherwise there; so does every table.
  const notes = run.events.flatMap((event) =>
    event.kind === "note" && event.stage === undefined ? [event.message] : [],
  );
  assert.match(notes.join("\n"), /OpenRLHF 0\.11\.2, since runtime\.cluster\.trainer\.use is "openrlhf"/);
  assert.ok(run.tables.length > 1);
  for (const { name, note = "" } of run.tables) {
    assert.match(note, /Trained by OpenRLHF 0\.11\.2: sft-1, sft-2, reward, ppo, salsa\./, name);
    assert.match(note, /– the KL penalty is clamped to ±10 a token/, name);
  }
  assert.match(await fs.readFile(await writeReport(run.folder), "utf8"), /the KL penalty is clamped to ±10 a token/);
}
