import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { PROCESS_BYTES } from "../../../engine/common/memory.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { chooseBackend } from "../../../engine/pipeline/backends.ts";
import { assertFits } from "../../../engine/pipeline/deviceFit.ts";
import { type StageEstimate, baseFacts, checkpointedNames, estimate, pacesOf } from "../../../engine/pipeline/plan.ts";
import { resolveRecipe } from "../../../engine/pipeline/resolve.ts";
import { type DeviceRoom, checkpointingNote, roomOn } from "../../../engine/pipeline/deviceRoom.ts";
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

/** A model in which activations count. */
const DEEP: Written = { architecture: { hiddenSize: 64, nLayers: 4, nHeads: 4 }, pretrain: { steps: 8, batchSize: 8 } };
const ON_WASM: Written = { ...(TINY["runtime"] as Written), backend: "wasm" };

/** Estimates of all stages, where there is so much room. */
async function estimatesOf(config: RunConfig, room?: DeviceRoom): Promise<readonly StageEstimate[]> {
  const choice = await chooseBackend(config.runtime);
  const artifacts = new Artifacts(config.runtime.directory);
  const recipe = await resolveRecipe(salsa(config).recipe, { artifacts, backend: identityOf(choice) });
  const settings = { artifacts, pace: config.runtime, precision: choice.precision, room };
  return estimate(await baseFacts(config), recipe, settings);
}

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
      const refused = async (written: Written, machineBytes: number): Promise<string | undefined> => {
        const config = resolved(tiny({ model: DEEP, ...written }), folder);
        const choice = await chooseBackend(config.runtime);
        const room = roomOn(choice, machineBytes);
        const place = { choice, runsRoot: config.runtime.directory, room };
        return assertFits(config, await estimatesOf(config, room), place).then(
          () => undefined,
          (error: unknown) => String(error),
        );
      };
      const sft = { ...(TINY["sft"] as Written), batchSize: 512 };
      const runtime = { ...ON_WASM, gradientCheckpointing: false };
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

describe("gradient checkpointing that a config leaves open", () => {
  const all = ["base", "sft-1", "sft-2", "reward"];

  /** Room for everything but the SFTs, unless their gradients are checkpointed. */
  async function roomBetween(config: RunConfig): Promise<DeviceRoom> {
    const of: DeviceRoom["of"] = ({ memoryBytes }) => memoryBytes;
    const settled = { ...config, runtime: { ...config.runtime, gradientCheckpointing: true } };
    const [most, least] = await Promise.all(
      [config, settled].map(async (one) => {
        const sfts = (await estimatesOf(one)).filter(({ stage }) => stage.info.kind === "sft");
        return Math.max(...sfts.map(({ cost }) => of(cost)));
      }),
    );
    assert.ok(least !== undefined && most !== undefined && least < 0.9 * most, `${least} of ${most}`);
    return { place: "this machine", bytes: (least + most) / 2, of };
  }

  it("is chosen for the stages alone that would not fit without it, and they are named", () =>
    inTemporaryFolder(async (folder) => {
      const written = { model: DEEP, sft: { ...(TINY["sft"] as Written), batchSize: 512 }, runtime: ON_WASM };
      const config = resolved(tiny(written), folder);
      const room = await roomBetween(config);
      const estimates = await estimatesOf(config, room);
      assert.deepEqual(checkpointedNames(config, estimates), ["sft-1", "sft-2"]);
      const paceOf = pacesOf(config, estimates);
      assert.deepEqual(
        all.map((stage) => paceOf(stage).gradientCheckpointing),
        [false, true, true, false],
      );
      assert.ok(estimates.every(({ cost }) => room.of(cost) <= room.bytes));
      assert.match(
        checkpointingNote(["sft-1", "sft-2"], room) ?? "",
        /^gradient checkpointing for sft-1, sft-2: without it more is taken than the \d+\.\d MiB that this machine has/,
      );
      // A config that says either has its way.
      for (const gradientCheckpointing of [true, false]) {
        const said = { ...config, runtime: { ...config.runtime, gradientCheckpointing } };
        const as = await estimatesOf(said, room);
        assert.deepEqual(checkpointedNames(said, as), []);
        assert.ok(all.every((stage) => pacesOf(said, as)(stage).gradientCheckpointing === gradientCheckpointing));
      }
    })).timeout(120_000);

  it("is not chosen where there is room, or where it would not help", () =>
    inTemporaryFolder(async (folder) => {
      const config = resolved(tiny({ model: DEEP, runtime: ON_WASM }), folder);
      const of: DeviceRoom["of"] = ({ memoryBytes }) => memoryBytes;
      const named = async (bytes: number): Promise<readonly string[]> =>
        checkpointedNames(config, await estimatesOf(config, { place: "here", bytes, of }));
      assert.deepEqual(await named(Infinity), []);
      const reading = (await named(0)).filter((stage) => /soup|answers|judg/.test(stage));
      assert.deepEqual(reading, [], "what learns nothing has no gradients");
      assert.equal(checkpointingNote([], { place: "here", bytes: 1, of }), undefined);
    })).timeout(120_000);
});
