import assert from "node:assert/strict";
import { join } from "node:path";
import type { Backend } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import {
  type CudaDevice,
  CudaResult,
  DeviceLostError,
  DeviceMemoryError,
} from "../../../engine/compute/backends/cuda/driver.ts";
import { StageError } from "../../../engine/pipeline/executors/executor.ts";
import { interpreter } from "../../ptx/driver.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type MadeStages, makeStages } from "./stagesOn.ts";
import { artifactHashes, resolved, tiny } from "./tinyRun.ts";

/** The card's result instead of the one that it is asked for. */
type Script = (device: CudaDevice) => Partial<CudaDevice>;

function cardThat(script: Script): CudaBackend {
  const device = interpreter.open(0);
  return new CudaBackend(Object.assign(device, script(device)));
}

/** Works until it has been waited for so often; then every call fails, as after an illegal address. */
const lostAfter =
  (waits: number): Script =>
  (device) => {
    const lost = (): never => {
      throw new DeviceLostError("wait for the device", CudaResult.illegalAddress, "an illegal memory access");
    };
    let left = waits;
    const finish = device.finish.bind(device);
    return {
      finish: async () => {
        if (left-- > 0) return finish();
        Object.assign(device, { replay: lost, copyToHost: lost, copyToDevice: lost, allocate: lost, free: lost });
        return lost();
      },
    };
  };

/** Has no room for anything, however small, once it has been waited for so often: another program has taken the rest. */
const fullAfter =
  (waits: number): Script =>
  (device) => {
    let left = waits;
    const finish = device.finish.bind(device);
    const allocate = device.allocate.bind(device);
    return {
      finish: () => {
        left--;
        return finish();
      },
      allocate: (bytes) => {
        if (left > 0) return allocate(bytes);
        throw new DeviceMemoryError(bytes);
      },
    };
  };

const CONFIG = tiny({
  model: { architecture: { hiddenSize: 16, nLayers: 1, nHeads: 2 }, pretrain: { steps: 6, batchSize: 4 } },
  sft: { steps: 4 },
});

/** Makes the base model and both SFTs on the cards, below a root. */
async function run(root: string, cards: readonly (() => Backend)[]): Promise<MadeStages> {
  const backend = { name: "cuda", revision: 1, build: "sm_80" };
  return makeStages(resolved(CONFIG, root), { devices: cards, backend, kinds: ["base", "sft"] });
}

const whole = (): Backend => cardThat(() => ({}));

describe("a run on cards", function () {
  this.timeout(180_000);
  let expected: ReadonlyMap<string, string>;

  before(() =>
    inTemporaryFolder(async (root) => {
      const { error } = await run(root, [whole]);
      assert.equal(error, undefined);
      expected = await artifactHashes(join(root, ".salsa"));
      assert.ok(expected.size > 3);
    }),
  );

  for (const [what, script, name, message] of [
    [
      "is lost",
      lostAfter(5),
      "DeviceLostError",
      /illegal memory access \(error 700\); what was saved is kept: go on with/,
    ],
    [
      "has no more room",
      fullAfter(5),
      "OutOfMemoryError",
      /^cuda: no room for .*; set runtime\.gradientCheckpointing to true, or lower (\S+)\.batchSize and raise \1\.gradientAccumulation by the same factor$/,
    ],
  ] as const) {
    it(`fails in the middle of a training when its card ${what}, and goes on from the savepoint to the same bytes`, () =>
      inTemporaryFolder(async (root) => {
        const { error, events } = await run(root, [() => cardThat(script)]);
        assert.ok(error instanceof StageError, String(error));
        assert.ok(error.cause instanceof Error);
        assert.equal(error.cause.name, name);
        assert.match(error.cause.message, message);
        const steps = events.flatMap((event) => (event.kind === "progress" ? [event.step] : []));
        assert.ok(
          steps.some((step) => step >= 2),
          `a savepoint must have been written: ${steps.join()}`,
        );
        const again = await run(root, [whole]);
        assert.equal(again.error, undefined);
        const first = again.events.find((event) => event.kind === "progress" || event.kind === "metrics");
        assert.ok(first !== undefined && first.step > 1, "the first steps must not be made again");
        assert.deepEqual(await artifactHashes(join(root, ".salsa")), expected);
      }));
  }

  it("makes independent stages side by side on two cards, with the same bytes", () =>
    inTemporaryFolder(async (root) => {
      const { error, events } = await run(root, [whole, whole]);
      assert.equal(error, undefined);
      assert.deepEqual(await artifactHashes(join(root, ".salsa")), expected);
      const marks = events.flatMap((event) =>
        event.kind === "stageStarted" || event.kind === "stageFinished" ? [`${event.kind} ${event.stage}`] : [],
      );
      const second = marks.findIndex((mark) => mark.startsWith("stageStarted") && mark.endsWith("sft-2"));
      const end = marks.findIndex((mark) => mark.startsWith("stageFinished") && mark.endsWith("sft-1"));
      assert.ok(second >= 0 && end >= 0 && second < end, marks.join("; "));
    }));
});
