import assert from "node:assert/strict";
import * as path from "node:path";
import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { Random } from "../../engine/training/index.ts";
import { makeStages } from "../engine/pipeline/stagesOn.ts";
import { artifactHashes, resolved, tiny } from "../engine/pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { interpreter } from "../ptx/driver.ts";
import { killAfterLines } from "./killAfterLines.ts";

/** Kills of the one training; each falls somewhere in the writing of a savepoint, or between two. */
const KILLS = 6;

const TEST = new URL("../", import.meta.url).href;
const ENGINE = new URL("../../engine/", import.meta.url).href;
const CONFIG = tiny({
  model: { architecture: { hiddenSize: 16, nLayers: 1, nHeads: 2 }, pretrain: { steps: 40, batchSize: 4 } },
});
const BACKEND = { name: "cuda", revision: 1, build: "sm_80" } as const;

/**
 * Trains the base model on an interpreted card. It says so when it begins to write a savepoint, and when it gives one its
 * name; between the two, steps go on.
 */
const script = (folder: string): string => `
  import { writeSync } from "node:fs";
  import fs from "node:fs/promises";
  import { syncBuiltinESMExports } from "node:module";
  const say = (text) => writeSync(1, text + "\\n");
  for (const name of ["mkdir", "open", "rename", "rm"]) {
    const original = fs[name];
    fs[name] = async (...args) => {
      if (String(args[0]).includes("/savepoint/")) say(name);
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  const { CudaBackend } = await import("${ENGINE}compute/backends/cuda/backend.ts");
  const { interpreter } = await import("${TEST}ptx/driver.ts");
  const { makeStages } = await import("${TEST}engine/pipeline/stagesOn.ts");
  const { resolved } = await import("${TEST}engine/pipeline/tinyRun.ts");
  const devices = [() => new CudaBackend(interpreter.open(0))];
  const backend = ${JSON.stringify(BACKEND)};
  const { error } = await makeStages(resolved(${JSON.stringify(CONFIG)}, ${JSON.stringify(folder)}), { devices, backend, kinds: ["base"] });
  if (error !== undefined) throw error;
`;

/** Runs it, and kills it at so many operations on savepoints; true if it was over before. */
async function killAt(operations: number, folder: string): Promise<boolean> {
  const child = await killAfterLines(operations, script(folder));
  assert.ok(child.signalCode === "SIGKILL" || child.exitCode === 0, `ended with ${child.exitCode}`);
  return child.signalCode === null;
}

describe("a training on a card, killed with SIGKILL while it writes savepoints beside its steps", function () {
  this.timeout(600_000);

  it("goes on from the last whole one after each kill, to the bytes of an uninterrupted training", () =>
    inTemporaryFolder(async (folder) => {
      const whole = path.join(folder, "whole");
      const devices = [(): CudaBackend => new CudaBackend(interpreter.open(0))];
      const made = await makeStages(resolved(CONFIG, whole), { devices, backend: BACKEND, kinds: ["base"] });
      assert.equal(made.error, undefined);
      const root = path.join(folder, "killed");
      const random = Random.of(1, "moments");
      let kills = 0;
      let isOver = false;
      while (kills < KILLS && !isOver) {
        isOver = await killAt(1 + random.integer(16), root);
        if (!isOver) kills++;
      }
      assert.ok(kills >= KILLS / 2, `${kills} kills`);
      const last = await makeStages(resolved(CONFIG, root), { devices, backend: BACKEND, kinds: ["base"] });
      assert.equal(last.error, undefined);
      if (!isOver) {
        const first = last.events.find(({ kind }) => kind === "progress");
        assert.ok(first?.kind === "progress" && first.step > 1, "the first steps must not be made again");
      }
      assert.deepEqual(
        await artifactHashes(path.join(root, ".salsa")),
        await artifactHashes(path.join(whole, ".salsa")),
      );
    }));
});
