import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { PROCESS_BYTES } from "../../../engine/common/memory.ts";
import { chooseBackend } from "../../../engine/pipeline/backends.ts";
import { assertFits } from "../../../engine/pipeline/deviceFit.ts";
import { baseFacts, estimate } from "../../../engine/pipeline/plan.ts";
import { resolveRecipe } from "../../../engine/pipeline/resolve.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";
import { identityOf } from "../../../engine/compute/backends/choose.ts";
import { Artifacts } from "../../../engine/storage/artifacts.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Written, TINY, resolved, runTiny, tiny } from "./tinyRun.ts";

/** A model whose weights, gradient and moments are over 4 GiB, the most that wasm holds. */
const LARGE: Written = {
  model: { architecture: { hiddenSize: 2048, nLayers: 16, nHeads: 16 }, pretrain: { steps: 8, batchSize: 8 } },
  runtime: { ...(TINY["runtime"] as Written), backend: "wasm" },
};

describe("a run that cannot fit", function () {
  this.timeout(120_000);

  it("is refused at its start, with nothing computed, and says what is needed", async () => {
    await inTemporaryFolder(async (folder) => {
      await assert.rejects(runTiny(tiny(LARGE), folder), (error) => {
        assert.ok(error instanceof Error && error.name === "TooLargeError", String(error));
        assert.match(
          error.message,
          /^(the wasm backend|this machine) has [\d.]+ GiB for models, and .* takes an estimated [\d.]+ GiB: /,
        );
        assert.match(
          error.message,
          /choose a smaller model or a device with more memory; at least [\d.]+ GiB are needed/,
        );
        return true;
      });
      const artifacts = await fs.readdir(path.join(folder, ".salsa", "artifacts")).catch(() => []);
      assert.deepEqual(artifacts, []);
      const log = await fs.readFile(path.join(folder, ".salsa", "runs", "tiny-1", "events.jsonl"), "utf8");
      assert.match(log, /"kind":"runFailed","error":"TooLargeError"/);
      assert.doesNotMatch(log, /"kind":"stageStarted"/);
    });
  });

  it("names the nearest settings that fit, and fits with them", async () => {
    await inTemporaryFolder(async (folder) => {
      const architecture = { hiddenSize: 64, nLayers: 4, nHeads: 4 };
      const model = { architecture, pretrain: { steps: 8, batchSize: 8 } };
      const refused = async (written: Written, machineBytes: number): Promise<string | undefined> => {
        const config = resolved(tiny({ model, ...written }), folder);
        const choice = await chooseBackend(config.runtime);
        const artifacts = new Artifacts(config.runtime.directory);
        const recipe = await resolveRecipe(salsa(config).recipe, { artifacts, backend: identityOf(choice) });
        const settings = { artifacts, pace: config.runtime, precision: choice.precision };
        const estimates = await estimate(await baseFacts(config), recipe, settings);
        const place = { choice, runsRoot: config.runtime.directory, machineBytes };
        return assertFits(config, estimates, place).then(
          () => undefined,
          (error: unknown) => String(error),
        );
      };
      const sft = { ...(TINY["sft"] as Written), batchSize: 512 };
      const runtime = { ...(TINY["runtime"] as Written), backend: "wasm" };
      // Some for models beside the process.
      const small = PROCESS_BYTES + 60 * 2 ** 20;
      const message = (await refused({ sft, runtime }, small)) ?? "";
      assert.match(message, /^TooLargeError: this machine has 60\.0 MiB for models, and sft-\d takes an estimated/);
      const change = /set (runtime\.gradientCheckpointing true)/.exec(message)?.[1];
      const batch = /sft\.batchSize (\d+) with gradientAccumulation (\d+)/.exec(message);
      assert.ok(change !== undefined || batch !== null, message);
      const changed =
        batch === null ? sft : { ...sft, batchSize: Number(batch[1]), gradientAccumulation: Number(batch[2]) };
      const frozenWeights = message.includes("frozenWeights") ? { frozenWeights: "bf16" } : {};
      const settings = { ...runtime, gradientCheckpointing: change !== undefined, ...frozenWeights };
      assert.equal(await refused({ sft: changed, runtime: settings }, small), undefined);
      assert.equal(await refused({ sft, runtime }, 16 * 2 ** 30), undefined, "with more memory it runs as it is");
    });
  });
});
