import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { planPipeline } from "../../engine/pipeline/index.ts";
import type { VerifyOutput } from "../../engine/protocol/toolOutput.ts";
import { type Ended, salsa } from "../e2e/salsaProcess.ts";
import {
  type TinyRun,
  artifactHashes,
  artifactOf,
  computed,
  keysOf,
  resolved,
  runTiny,
  tiny,
} from "../engine/pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

/** Overwrites some bytes in the middle of a file with zeros; size and, if given, the time of the damage stay. */
async function zero(file: string, time?: Date): Promise<void> {
  const { size } = await fs.stat(file);
  const handle = await fs.open(file, "r+");
  await handle.write(Buffer.alloc(size >> 2), 0, size >> 2, size >> 1);
  await handle.close();
  if (time !== undefined) await fs.utimes(file, time, time);
}

const weightsOf = (run: TinyRun, stage: string): string => path.join(artifactOf(run, stage), "model.safetensors");

/** The moment right after an artifact was finished: what was computed from it comes later. */
async function rightAfter(artifact: string): Promise<Date> {
  const { mtimeMs } = await fs.stat(path.join(artifact, "manifest.json"));
  return new Date(mtimeMs + 1);
}

/** Hashes of the artifacts that count, without those that were moved aside. */
async function results({ config }: TinyRun): Promise<ReadonlyMap<string, string>> {
  const hashes = await artifactHashes(config.runtime.directory);
  return new Map([...hashes].filter(([name]) => !name.includes(".damaged-")));
}

const alarmsOf = ({ events }: TinyRun): readonly string[] =>
  events.flatMap((event) => (event.kind === "alarm" && event.name === "damaged" ? [event.message] : []));

const asideIn = async ({ config }: TinyRun): Promise<readonly string[]> =>
  (await fs.readdir(path.join(config.runtime.directory, "artifacts"))).filter((name) => name.includes(".damaged-"));

/** Stages of the tiny recipe that are computed from its second SFT. */
const FROM_SFT = [
  ...["soup", "salsa", "sft-2 on inDistribution", "soup on inDistribution", "salsa on inDistribution"],
  ...["salsa vs ppo on inDistribution", "salsa vs sft-1 on inDistribution"],
];

describe("an artifact with a page of zeros", function () {
  this.timeout(300_000);

  it("is found out by the next run, which names it, moves it aside and makes that stage again", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const before = await results(made);
      const file = weightsOf(made, "sft-2");
      await zero(file);
      const again = await runTiny(tiny(), folder);
      assert.deepEqual(computed(again), ["sft-2"], "all that was computed from it is older than the damage");
      const [alarm = "", ...more] = alarmsOf(again);
      assert.equal(more.length, 0);
      assert.ok(alarm.startsWith(`${file}: its content has changed; it was moved to sft-`), alarm);
      assert.deepEqual(await results(again), before);
      assert.deepEqual(again.tables, made.tables);
      assert.equal((await asideIn(again)).length, 1);
      assert.deepEqual(computed(await runTiny(tiny(), folder)), []);
    }));

  it("takes with it what was computed from it since, however much of that has the right sizes and hashes", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const before = await results(made);
      await zero(weightsOf(made, "sft-2"), await rightAfter(artifactOf(made, "sft-2")));
      const again = await runTiny(tiny(), folder);
      assert.deepEqual(computed(again), ["sft-2", ...FROM_SFT].sort(byRecipe(made)));
      const [alarm = ""] = alarmsOf(again);
      for (const stage of FROM_SFT) assert.ok(alarm.includes(keysOf(made).get(stage) ?? "?"), `${stage} in ${alarm}`);
      assert.deepEqual(await results(again), before);
      assert.deepEqual(again.tables, made.tables);
    }));

  it("does so for artifacts that do not record what they were computed from, and whose run has been deleted", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      await forgetInputs(made);
      await fs.rm(made.folder, { recursive: true });
      await zero(weightsOf(made, "sft-2"), await rightAfter(artifactOf(made, "sft-2")));
      const again = await runTiny(tiny(), folder);
      assert.deepEqual(computed(again), ["sft-2", ...FROM_SFT].sort(byRecipe(made)));
    }));

  it("takes them with it though the run is cut off before it comes to them", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      await zero(weightsOf(made, "sft-2"), await rightAfter(artifactOf(made, "sft-2")));
      const controller = new AbortController();
      const cut = await runTiny(tiny(), folder, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === "stageFinished" && event.stage === "sft-2") controller.abort();
        },
      });
      assert.equal(cut.status, "stopped");
      assert.deepEqual(computed(await runTiny(tiny(), folder)), [...FROM_SFT].sort(byRecipe(made)));
    }));

  it("takes with it the state of a stage that was computing from it when it was stopped", () =>
    inTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      const cut = await runTiny(tiny(), folder, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === "progress" && event.stage === "salsa" && event.step === 2) controller.abort();
        },
      });
      assert.equal(cut.status, "stopped");
      await zero(weightsOf(cut, "sft-2"), await rightAfter(artifactOf(cut, "sft-2")));
      const again = await runTiny(tiny(), folder);
      const steps = again.events.flatMap((event) =>
        event.kind === "progress" && event.stage === "salsa" ? [event.step] : [],
      );
      assert.equal(steps[0], 1, "from the beginning");
      const [alarm = ""] = alarmsOf(again);
      assert.ok(alarm.includes(keysOf(again).get("salsa") ?? "?"), alarm);
    }));

  it("counts as not made where nothing is read: in a plan, when its size has changed", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      await fs.truncate(weightsOf(made, "sft-2"), 100);
      const config = resolved(tiny(), folder);
      const planned = await planPipeline(config, { runsRoot: config.runtime.directory });
      assert.deepEqual(
        planned.filter(({ cached }) => !cached).map(({ id }) => id),
        ["sft-2"],
      );
      assert.deepEqual(computed(await runTiny(tiny(), folder)), ["sft-2"]);
    }));
});

describe("salsa verify", function () {
  this.timeout(300_000);

  const verify = (folder: string, ...argv: readonly string[]): Promise<Ended> =>
    salsa(["verify", ...argv, "--directory", path.join(folder, ".salsa")]);

  it("finds nothing in what is whole, and ends with 0", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const { code, stdout } = await verify(folder);
      assert.equal(code, 0);
      assert.ok(stdout.endsWith(`\n${keysOf(made).size} whole\n`), stdout);
      const all = JSON.parse((await verify(folder, "--all", "--json")).stdout) as VerifyOutput;
      assert.deepEqual([all.ok, all.artifacts.length, all.affected], [true, keysOf(made).size, []]);
    }));

  it("names what is damaged, and the models, answers, judgments and tables that descend from it, and ends with 1", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const file = weightsOf(made, "sft-2");
      await zero(file, await rightAfter(artifactOf(made, "sft-2")));
      const before = await artifactHashes(made.config.runtime.directory);
      const { code, stdout } = await verify(folder, made.id);
      assert.equal(code, 1);
      assert.ok(stdout.includes(`damaged: ${file}: its content has changed; `), stdout);
      assert.match(stdout, /not to be relied on in tiny-1:\n {2}models: sft-2, soup, salsa\n/);
      const { ok, artifacts, affected } = JSON.parse((await verify(folder, "--json")).stdout) as VerifyOutput;
      assert.equal(ok, false);
      const stateOf = new Map(artifacts.map(({ key, state }) => [key, state]));
      const keys = keysOf(made);
      for (const [stage, key] of keys) {
        const state = stage === "sft-2" ? "damaged" : FROM_SFT.includes(stage) ? "doubtful" : "whole";
        assert.equal(stateOf.get(key), state, stage);
      }
      assert.deepEqual(affected, [
        {
          run: "tiny-1",
          models: ["sft-2", "soup", "salsa"],
          answers: ["sft-2 on inDistribution", "soup on inDistribution", "salsa on inDistribution"],
          judgments: ["salsa vs ppo on inDistribution", "salsa vs sft-1 on inDistribution"],
          tables: ["scores", "winRates", "checks", "ratings"],
        },
      ]);
      assert.deepEqual(await artifactHashes(made.config.runtime.directory), before);
    }));

  it("makes a run believe no memory of a file that it has found damaged", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      const file = weightsOf(made, "sft-2");
      await zero(file);
      await rememberAsWhole(made, "sft-2");
      assert.deepEqual(computed(await runTiny(tiny(), folder)), [], "as if its bits had rotted behind the file system");
      assert.equal((await verify(folder)).code, 1);
      assert.ok(computed(await runTiny(tiny(), folder)).includes("sft-2"));
    }));

  it("says which stages are gone, and refuses a run together with all", () =>
    inTemporaryFolder(async (folder) => {
      const made = await runTiny(tiny(), folder);
      await fs.rm(artifactOf(made, "soup"), { recursive: true });
      const { code, stdout } = await verify(folder);
      assert.equal(code, 0);
      assert.match(stdout, /\d+ whole, 1 missing\n/);
      const both = await verify(folder, made.id, "--all");
      assert.deepEqual([both.code, both.stderr], [2, "error: --all does not go with a run: it is about all of them\n"]);
    }));
});

/** In the order of a run's stages. */
function byRecipe(run: TinyRun): (a: string, b: string) => number {
  const order = [...keysOf(run).keys()];
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

/** Makes manifests as they were before 2026-12. */
async function forgetInputs(run: TinyRun): Promise<void> {
  for (const stage of keysOf(run).keys()) {
    const file = path.join(artifactOf(run, stage), "manifest.json");
    const { mtime } = await fs.stat(file);
    const { inputs: _, ...old } = JSON.parse(await fs.readFile(file, "utf8")) as { readonly inputs?: unknown };
    await fs.writeFile(file, JSON.stringify(old));
    await fs.utimes(file, mtime, mtime);
  }
}

/** Makes what is remembered of an artifact fit its files as they are now. */
async function rememberAsWhole(run: TinyRun, stage: string): Promise<void> {
  const key = keysOf(run).get(stage) ?? "";
  const file = path.join(run.config.runtime.directory, "records", key, "verified.json");
  const memory = JSON.parse(await fs.readFile(file, "utf8")) as { readonly stamps: Record<string, string> };
  for (const name of Object.keys(memory.stamps)) {
    const { size, mtimeNs, ctimeNs, ino } = await fs.lstat(path.join(artifactOf(run, stage), name), { bigint: true });
    memory.stamps[name] = [size, mtimeNs, ctimeNs, ino].join(" ");
  }
  await fs.writeFile(file, JSON.stringify(memory));
}
