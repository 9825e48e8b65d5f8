import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunEvent } from "../../../../engine/protocol/events.ts";
import { METRICS } from "../../../../engine/protocol/catalogue.ts";
import { TRACKERS } from "../../../../engine/pipeline/tracking/index.ts";
import { importRun } from "../../../../engine/pipeline/tracking/importRun.ts";
import { openRun } from "../../../../engine/pipeline/index.ts";
import type { RunConfig } from "../../../../engine/config/index.ts";
import { LiveTracking } from "../../../../engine/pipeline/tracking/liveTracking.ts";
import { METRIC_NAMES, kindOfNames, metricNameOf } from "../../../../engine/pipeline/tracking/metricNames.ts";
import { writeReport } from "../../../../engine/pipeline/report/index.ts";
import { scalarEvents, scalarRecord, versionRecord } from "../../../../engine/storage/formats/tfEvents.ts";
import { inputChunks } from "../../../../engine/storage/inputs.ts";
import { readRunState } from "../../../../engine/storage/runHistory.ts";
import { stamped } from "../../server/service/runFolders.ts";
import { wandbRecords } from "../../storage/formats/wandbRecords.ts";
import { collect, inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const signal = new AbortController().signal;
const about = {
  run: "demo-1",
  experiment: "demo",
  stage: "salsa",
  facts: { kind: "rlhf" },
  startedAt: 1_700_000_000_000,
};

const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await fs.readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)))
    .sort();

describe("metrics for other tools", () => {
  it("are event files of TensorBoard, one folder a stage", async () => {
    await inTemporaryFolder(async (folder) => {
      const tracker = TRACKERS.tensorboard.open(folder, about);
      tracker.log(1, 1_700_000_001_000, { "objective/kl": 0.5, "objective/score": null });
      tracker.log(2, 1_700_000_002_000, { "objective/kl": 0.25 });
      tracker.end(1_700_000_003_000, "finished");
      const [file = "", ...others] = await filesBelow(folder);
      assert.match(file, /^demo-1\/salsa\/events\.out\.tfevents\.1700000000\.salsa\.\d+\.0$/);
      assert.deepEqual(others, []);
      assert.deepEqual(await collect(scalarEvents(inputChunks(path.join(folder, file)), file)), [
        {
          time: 1_700_000_001,
          step: 1,
          values: [
            ["objective/kl", 0.5],
            ["objective/score", NaN],
          ],
        },
        { time: 1_700_000_002, step: 2, values: [["objective/kl", 0.25]] },
      ]);
    });
  });

  it("are a file store of MLflow, one run a stage", async () => {
    await inTemporaryFolder(async (folder) => {
      const tracker = TRACKERS.mlflow.open(folder, about);
      tracker.log(1, 1_700_000_001_000, { "objective/kl": 0.5, "objective/kl/../x": null });
      tracker.log(2, 1_700_000_002_000, { "objective/kl": 1e-7 });
      tracker.end(1_700_000_003_000, "finished");
      const files = await filesBelow(folder);
      const read = async (end: string): Promise<string> =>
        fs.readFile(path.join(folder, files.find((file) => file.endsWith(end)) ?? ""), "utf8");
      assert.equal(await read("metrics/objective/kl"), "1700000001000 0.5 1\n1700000002000 1e-7 2\n");
      assert.equal(await read("metrics/objective/kl._.x"), "1700000001000 nan 1\n");
      const meta = files.find((file) => /^\d+\/\w{32}\/meta\.yaml$/.test(file)) ?? "";
      assert.match(await fs.readFile(path.join(folder, meta), "utf8"), /^run_name: "demo-1 salsa"$[^]*^status: 3$/m);
    });
  });

  it("are W&B's offline runs, one a stage", async () => {
    await inTemporaryFolder(async (folder) => {
      const tracker = TRACKERS.wandb.open(folder, { ...about, facts: { kind: "rlhf", beta: "0.1" } });
      tracker.log(1, 1_700_000_001_000, { "objective/kl": 0.5, "objective/score": null });
      tracker.log(2, 1_700_000_002_500, { "objective/kl": 1e-7 });
      tracker.end(1_700_000_003_000, "finished");
      const [file = ""] = await filesBelow(folder);
      assert.match(file, /^offline-run-20231114_221320-([0-9a-f]{16})\/run-\1\.wandb$/);
      const records = wandbRecords(await fs.readFile(path.join(folder, file)));
      assert.deepEqual(
        records.map(({ kind }) => kind),
        ["header", "run", "history", "history", "summary", "exit"],
      );
      const [, run = "", first = "", second = "", summary = ""] = records.map(({ text }) => text);
      for (const part of ["demo", "demo-1", "demo-1 salsa", '"rlhf"', "beta"]) assert.ok(run.includes(part), part);
      assert.match(
        first,
        /objective\/kl[^]*0\.5[^]*objective\/score[^]*NaN[^]*_timestamp[^]*1700000001[^]*_runtime[^]*1/,
      );
      assert.match(second, /objective\/kl[^]*1e-7[^]*_step[^]*2[^]*_runtime[^]*2\.5/);
      assert.match(summary, /objective\/kl[^]*1e-7[^]*objective\/score[^]*NaN/);
    });
  });

  it("lie in folders that no name leads out of", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, "root");
      for (const tracker of Object.values(TRACKERS)) {
        const bad = { ...about, run: "../../x", stage: "../..", experiment: "..", facts: { kind: "../../a\nb: c" } };
        const stage = tracker.open(path.join(root, tracker.name), bad);
        stage.log(1, 0, { "../../../up": 1, "": 2, "/": 3, ".": 4 });
        stage.end(1, "stopped");
      }
      assert.deepEqual(await fs.readdir(folder), ["root"]);
      assert.deepEqual((await fs.readdir(root)).sort(), ["mlflow", "tensorboard", "wandb"]);
    });
  });

  it("go on when a run goes on, and end with a complaint where they cannot be written", async () => {
    await inTemporaryFolder(async (root) => {
      const complaints: string[] = [];
      const settings = {
        ...{ root, run: "demo-1", experiment: "demo", targets: ["tensorboard", "mlflow"] as const },
        complain: (message: string) => void complaints.push(message),
      };
      const events = stamped([
        { kind: "metrics", stage: "ppo", step: 1, values: { "objective/kl": 1 } },
        { kind: "stageFinished", stage: "ppo", seconds: 1 },
        { kind: "metrics", stage: "salsa", step: 1, values: { "objective/kl": 1 } },
        { kind: "runFinished", status: "stopped", seconds: 1 },
      ]) as RunEvent[];
      const live = await LiveTracking.begin(settings);
      for (const event of events) live.take(event);
      const files = await filesBelow(root);
      assert.equal(files.filter((file) => file.startsWith("tensorboard/demo-1/")).length, 2);
      assert.equal(files.filter((file) => file.endsWith("metrics/objective/kl")).length, 2);
      await fs.rm(path.join(root, "mlflow"), { recursive: true });
      await fs.writeFile(path.join(root, "mlflow"), "in the way");
      const [event] = events;
      const broken = await LiveTracking.begin({ ...settings, targets: ["tensorboard"] });
      await fs.rm(path.join(root, "tensorboard"), { recursive: true });
      await fs.writeFile(path.join(root, "tensorboard"), "in the way");
      if (event !== undefined) for (const one of [event, event]) broken.take(one);
      assert.equal(complaints.length, 1);
      assert.match(complaints[0] ?? "", /no longer written for tensorboard: .*a part of the path is a file/);
    });
  });

  it("are written into no link", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      await fs.mkdir(path.join(root, "tensorboard"), { recursive: true });
      await fs.symlink(folder, path.join(root, "tensorboard/demo-1"));
      const settings = { root, run: "demo-1", experiment: "demo", targets: ["tensorboard"] as const };
      await assert.rejects(LiveTracking.begin({ ...settings, complain: () => undefined }), /is a link/);
    });
  });
});

/** An event file with these values at steps 0 and 4. */
const eventFile = (values: Readonly<Record<string, number>>): Buffer =>
  Buffer.concat([
    versionRecord(1_700_000_000),
    ...[0, 4].map((step) =>
      scalarRecord({
        time: 1_700_000_000 + step,
        step,
        values: Object.entries(values).map(([tag, one]) => [tag, one + step]),
      }),
    ),
  ]);

describe("a run of another program", () => {
  it("becomes a finished run with a stage for each folder, its metrics by our names where we have them", async () => {
    await inTemporaryFolder(async (folder) => {
      const logs = path.join(folder, "trl logs");
      for (const [name, values] of Object.entries({
        ppo: { "train/objective/kl": 1, "train/objective/scores": 2, "train/own": 3, "train/eps": 4 },
        "openrlhf/a": { "train/reward": 1, "train/kl": 2, "train/response_length": 3 },
      })) {
        await fs.mkdir(path.join(logs, name), { recursive: true });
        await fs.writeFile(path.join(logs, name, "events.out.tfevents.1.host.1.0"), eventFile(values));
      }
      // Of a step that was logged twice the last value counts.
      await fs.writeFile(
        path.join(logs, "ppo/events.out.tfevents.2.host.1.0"),
        eventFile({ "train/objective/kl": 11 }),
      );
      const runsRoot = path.join(folder, ".salsa");
      const imported = await importRun({ folder: logs, runsRoot, signal });
      assert.equal(imported.id, "trl-logs-1");
      assert.deepEqual(imported.unknown, ["train/eps", "train/kl", "train/own"]);
      assert.deepEqual(imported.stages, [
        { name: "openrlhf/a", kind: "rlhf", nSteps: 2 },
        { name: "ppo", kind: "rlhf", nSteps: 2 },
      ]);
      const state = await readRunState(imported.folder);
      assert.equal(state.status, "finished");
      assert.deepEqual(Object.keys(state.metrics["ppo"] ?? {}).sort(), [
        ...["objective/kl", "objective/score", "train/eps", "train/own"],
      ]);
      assert.deepEqual(state.metrics["ppo"]?.["objective/kl"]?.values, [11, 15]);
      assert.deepEqual(state.metrics["ppo"]["objective/kl"].times, [1_700_000_000_000, 1_700_000_004_000]);
      assert.deepEqual(state.metrics["openrlhf/a"]?.["rollout/length"]?.steps, [0, 4]);
      const report = await fs.readFile(await writeReport(imported.folder), "utf8");
      assert.match(report, /Imported from `.*trl logs`; how it was trained is not known/);
      await assert.rejects(
        openRun({ config: {} as RunConfig, runsRoot, resume: imported.id }),
        /resume: the run was imported from another program/,
      );
      assert.equal((await importRun({ folder: logs, name: "Über trl", runsRoot, signal })).id, "Über-trl-1");
    });
  });

  it("is refused where there is nothing, or nothing whole, and leaves no run behind", async () => {
    await inTemporaryFolder(async (folder) => {
      const runsRoot = path.join(folder, ".salsa");
      await assert.rejects(importRun({ folder, runsRoot, signal }), /there are no event files in it; name the folder/);
      await fs.writeFile(path.join(folder, "events.out.tfevents.1"), versionRecord(1));
      await assert.rejects(importRun({ folder, runsRoot, signal }), /have no scalars/);
      await fs.writeFile(path.join(folder, "events.out.tfevents.1"), "no events at all, but some text");
      await assert.rejects(importRun({ folder, runsRoot, signal }), /checksum is wrong; is it an event file/);
      assert.deepEqual(await fs.readdir(folder), ["events.out.tfevents.1"]);
    });
  });

  it("can be read whatever its names and times are", async () => {
    await inTemporaryFolder(async (folder) => {
      const names = ["constructor", "toString", "__proto__", "loss"];
      const values = names.map((name, at) => [name, at] as const);
      const records = [1e308, NaN, 200, -1e308, 100].map((time, step) => scalarRecord({ time, step, values }));
      await fs.writeFile(path.join(folder, "events.out.tfevents.1"), Buffer.concat([versionRecord(1), ...records]));
      const imported = await importRun({ folder, name: "odd", runsRoot: path.join(folder, ".salsa"), signal });
      const state = await readRunState(imported.folder);
      assert.equal(state.status, "finished");
      const [found = {}] = Object.values(state.metrics);
      assert.deepEqual(Object.keys(found).sort(), ["__proto__", "constructor", "sft/loss", "toString"]);
      assert.deepEqual(found["sft/loss"]?.times, [0, 0, 200_000, 0, 100_000]);
    });
  });

  it("has only names of ours that there are", () => {
    const known = new Set<string>(METRICS.map(({ name }) => name));
    for (const [theirs, ours] of Object.entries(METRIC_NAMES)) assert.ok(known.has(ours), `${theirs}: ${ours}`);
    for (const kind of ["rlhf", "dpo", "sft"] as const)
      for (const tag of ["train/grad_norm", "learning_rate"]) assert.ok(known.has(metricNameOf(tag, kind)), kind);
    assert.equal(kindOfNames(["train/loss", "train/grad_norm"]), "sft");
    assert.equal(kindOfNames(["train/loss", "train/rewards/margins"]), "dpo");
    assert.equal(metricNameOf("train/loss", "rlhf"), "train/loss");
    assert.equal(metricNameOf("constructor", "rlhf"), "constructor");
  });
});
