import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { artifactKey, Artifacts } from "../../engine/storage/artifacts.ts";
import { RunFolder, runPath } from "../../engine/storage/runFolder.ts";
import { openSavepoint, replaceSavepoint } from "../../engine/storage/savepoints.ts";
import { logRecords } from "../engine/storage/logRecords.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { killAfterLines } from "./killAfterLines.ts";

/** How often the writers below are killed: enough to hit each of their steps, few enough for seconds. */
const KILLS = 12;

const ENGINE = new URL("../../engine/storage/", import.meta.url).href;

/** Runs a script until it has reported `marks` lines, then kills it wherever it is by then. */
async function killAfter(marks: number, script: string): Promise<void> {
  const child = await killAfterLines(marks, script);
  assert.equal(child.signalCode, "SIGKILL", "the writer ends only by being killed");
}

async function readStep(state: string): Promise<readonly string[]> {
  const names = (await fs.readdir(state)).sort();
  assert.deepEqual(names, ["optimizer", "state.json", "weights"]);
  return Promise.all(names.map((name) => fs.readFile(path.join(state, name), "utf8")));
}

describe("a process killed with SIGKILL", function () {
  this.timeout(240_000); // a dozen processes, each of which takes seconds to start where others compute

  it("leaves one whole savepoint, never older than the last one it reported", async () => {
    await inTemporaryFolder(async (root) => {
      const folder = path.join(root, "work");
      const script = `
        import * as fs from "node:fs/promises";
        import { openSavepoint, replaceSavepoint } from "${ENGINE}savepoints.ts";
        const before = await openSavepoint(${JSON.stringify(folder)});
        let step = before === undefined ? 0 : Number(await fs.readFile(before + "/weights", "utf8"));
        for (;;) {
          step += 1;
          await replaceSavepoint(${JSON.stringify(folder)}, async (state) => {
            for (const name of ["weights", "optimizer", "state.json"]) await fs.writeFile(state + "/" + name, String(step));
          });
          console.log(step);
        }`;
      let least = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        await killAfter(1 + (kill % 3), script);
        least += 1 + (kill % 3);
        const state = await openSavepoint(folder);
        assert.ok(state !== undefined);
        const [step = "", ...others] = await readStep(state);
        for (const other of others) assert.equal(other, step, "all files are of one step");
        assert.ok(Number(step) >= least);
      }
      await replaceSavepoint(folder, (state) => fs.writeFile(path.join(state, "last"), ""));
      assert.equal(
        (await fs.readdir(folder)).filter((name) => name.startsWith("state-")).length,
        1,
        "leftovers are removed",
      );
    });
  });

  it("leaves no half-written artifact under a finished one's name", async () => {
    await inTemporaryFolder(async (root) => {
      const script = `
        import * as fs from "node:fs/promises";
        import { artifactKey, Artifacts } from "${ENGINE}artifacts.ts";
        const artifacts = new Artifacts(${JSON.stringify(root)});
        for (let seed = 0; ; seed++) {
          await artifacts.create(artifactKey("sft", { seed: process.pid * 1000 + seed }), async (folder) => {
            console.log("building");
            for (let i = 0; i < 5; i++) await fs.writeFile(folder + "/part-" + i, "x".repeat(1e5));
          });
          await fs.appendFile(${JSON.stringify(path.join(root, "made"))}, process.pid * 1000 + seed + "\\n");
        }`;
      for (let kill = 0; kill < KILLS / 2; kill++) await killAfter(2, script);
      const artifacts = new Artifacts(root);
      const made = (await fs.readFile(path.join(root, "made"), "utf8")).trim().split("\n");
      for (const seed of made) await artifacts.verify(artifactKey("sft", { seed: Number(seed) }));
      for (const name of await fs.readdir(artifacts.folder)) {
        if (name.startsWith("sft-")) await fs.access(path.join(artifacts.folder, name, "manifest.json"));
      }
      await artifacts.collect();
      const left = await fs.readdir(artifacts.folder);
      assert.deepEqual(
        left.filter((name) => !name.startsWith("sft-")),
        [],
      );
    });
  });

  it("leaves its run to the next process, with every event it had reported", async () => {
    await inTemporaryFolder(async (root) => {
      const script = `
        import { RunFolder } from "${ENGINE}runFolder.ts";
        const run = await RunFolder.open(${JSON.stringify(root)}, "demo");
        for (let step = 0; ; step++) {
          run.append("events", { pid: process.pid, step, text: "x".repeat(step) });
          if (step % 10 === 9) { console.log(step); await new Promise(setImmediate); }
        }`;
      for (let kill = 0; kill < KILLS / 4; kill++) await killAfter(5, script);
      const run = await RunFolder.open(root, "demo");
      run.append("events", { pid: 0, step: 0 });
      await run.close();
      const events = (await logRecords(path.join(runPath(root, "demo"), "events.jsonl"))) as {
        pid: number;
        step: number;
      }[];
      const processes = new Set(events.map(({ pid }) => pid));
      assert.equal(processes.size, 1 + KILLS / 4);
      for (const writer of processes) {
        const steps = events.filter(({ pid }) => pid === writer).map(({ step }) => step);
        assert.deepEqual(
          steps,
          steps.map((_, index) => index),
          "in order, none missing",
        );
        assert.ok(writer === 0 || steps.length >= 50);
      }
    });
  });
});
