import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { fromBf16, toBf16 } from "../../../engine/compute/graph/dtype.ts";
import { generateResponses } from "../../../engine/pipeline/checkpointWork.ts";
import { AS_STORED, loadFrozenModel, loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { readCheckpoint, writeCheckpoint } from "../../../engine/storage/checkpoints.ts";
import type { StoredType } from "../../../engine/storage/elementTypes.ts";
import { readTensors } from "../storage/checkpointFolder.ts";
import { type TinyRun, artifactOf, computed, metricOf, runTiny, tiny } from "./tinyRun.ts";

const BF16 = { frozenWeights: "bf16" } as const;

describe("frozen weights", function () {
  this.timeout(120_000);
  let folder: string;
  let run: TinyRun;
  let f32: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-frozen-"));
    run = await runTiny(tiny(), folder);
    f32 = artifactOf(run, "sft-1");
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** The checkpoint again, under another type, perhaps with some of its numbers replaced. */
  async function stored(
    name: string,
    dtype: StoredType,
    change: (data: Float32Array) => Float32Array = (data) => data,
  ): Promise<string> {
    const { weights, ...files } = await readCheckpoint(f32);
    const tensors = [...(await readTensors(weights))].map(([tensor, data]) => {
      const shape = weights.tensors.get(tensor)?.shape ?? [];
      return [tensor, { dtype, shape, data: change(data) }] as const;
    });
    await weights.close();
    const target = path.join(folder, name);
    await writeCheckpoint(target, { ...files, tensors: new Map() });
    // By itself, since checkpoints are written of finite numbers only.
    await writeSafetensors(path.join(target, "model.safetensors"), new Map(tensors));
    return target;
  }

  const rounded = (data: Float32Array): Float32Array => fromBf16(toBf16(data));

  it("are bf16 where the checkpoint holds bf16, bit by bit, and f32 for training", async () => {
    const half = await stored("half", "BF16");
    const [frozen, trained] = [await loadFrozenModel(half, AS_STORED), await loadModel(half)];
    for (const [name, { data }] of (await loadModel(f32)).weights) {
      assert.deepEqual(frozen.weights.get(name)?.data, toBf16(data), name);
      assert.deepEqual(trained.weights.get(name)?.data, rounded(data), name);
    }
  });

  it("stay f32 where the checkpoint holds f32 or f16, unless they are to be rounded", async () => {
    const half = await stored("f16", "F16");
    for (const checkpoint of [f32, half]) {
      const { weights } = await loadModel(checkpoint);
      assert.deepEqual((await loadFrozenModel(checkpoint, AS_STORED)).weights, weights);
      const { weights: narrow } = await loadFrozenModel(checkpoint, BF16);
      for (const [name, { data }] of weights) assert.deepEqual(narrow.get(name)?.data, toBf16(data), name);
    }
  });

  it("are refused when a number is not finite, or no longer is in bf16", async () => {
    const refused = /holds numbers that are not finite/;
    const nan = await stored("nan", "BF16", (data) => data.with(0, NaN));
    await assert.rejects(loadFrozenModel(nan, AS_STORED), refused);
    const huge = await stored("huge", "F32", (data) => data.with(0, 3.4e38));
    assert.ok(await loadFrozenModel(huge, AS_STORED));
    await assert.rejects(loadFrozenModel(huge, BF16), refused);
  });

  it("of a bf16 checkpoint say what the same numbers in f32 say", async () => {
    const [half, wide] = [await stored("half", "BF16"), await stored("wide", "F32", rounded)];
    const settings = {
      prompts: ["reverse: city river time.", "repeat: a b c."],
      seed: 1,
      sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 12 },
      signal: new AbortController().signal,
    };
    assert.deepEqual(
      await generateResponses({ checkpoint: half, ...settings }),
      await generateResponses({ checkpoint: wide, ...settings }),
    );
  });

  it("in bf16 move results a little, and only those of stages that read them", async () => {
    const narrow = await runTiny(tiny({ runtime: { frozenWeights: "bf16" }, rlhf: { critic: "separate" } }), folder);
    const separate = await runTiny(tiny({ rlhf: { critic: "separate" } }), folder);
    assert.ok(computed(narrow).includes("ppo") && !computed(narrow).includes("sft-1"));
    const [kl = NaN, exact = NaN] = [narrow, separate].map((one) => metricOf(one, "ppo", "objective/kl")[0] ?? NaN);
    assert.equal(exact, 0, "the policy starts at the reference");
    // The reference is the start, rounded by 2⁻⁹ of each weight: some thousandths of a nat.
    assert.ok(kl !== 0 && Math.abs(kl) < 0.1, `KL to the rounded start is ${kl}`);
  });
});
