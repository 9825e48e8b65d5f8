import assert from "node:assert/strict";
import * as path from "node:path";
import { combine } from "../soup/combine.ts";
import type { StoredType } from "../../../engine/storage/elementTypes.ts";
import { mixturePlan, mixWeights } from "../../../engine/storage/mixWeights.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { createSafetensors, type TensorSource, writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

type Model = ReadonlyMap<string, TensorSource>;

/** Writes the models, mixes them on disk, and gives back one tensor of the result. */
async function mixed(models: readonly Model[], weights: readonly number[], tensor: string): Promise<Float32Array> {
  return inTemporaryFolder(async (folder) => {
    const open = [];
    let result: Float32Array | undefined;
    try {
      for (const [m, model] of models.entries()) {
        const file = path.join(folder, `${m}.safetensors`);
        await writeSafetensors(file, model);
        open.push(await openSafetensors(file));
      }
      await mixWeights(path.join(folder, "soup.safetensors"), open, () => weights);
      open.push(await openSafetensors(path.join(folder, "soup.safetensors")));
      result = await open.at(-1)?.readTensor(tensor);
    } finally {
      for (const file of open) await file.close();
    }
    assert.ok(result);
    return result;
  });
}

describe("mixWeights", () => {
  it("joins the pieces of tensors that are larger than one", async () => {
    const size = 700_001; // 2.8 MB in F32: two whole pieces and one that is not a multiple of the kernel's step
    const a = Float32Array.from({ length: size }, (_, i) => i % 1000);
    const b = Float32Array.from({ length: size }, (_, i) => -i % 777);
    const models = [a, b].map(
      (data) =>
        new Map([
          ["x", { shape: [size], data }],
          ["y", { shape: [1], data: data.slice(0, 1) }],
        ]),
    );
    assert.deepEqual(await mixed(models, [0.25, 0.75], "x"), combine([a, b], [0.25, 0.75]));
  });

  it("copies tensors that hold no floats when they are equal, and refuses them when not", async () => {
    await inTemporaryFolder(async (folder) => {
      const write = async (name: string, byte: number): Promise<string> => {
        const file = path.join(folder, name);
        const writer = await createSafetensors(file, new Map([["ids", { dtype: "I64", shape: [1] }]]));
        await writer.write("ids", 0, new Uint8Array(8).fill(byte));
        await writer.finish();
        return file;
      };
      const [a, b, c] = [await write("a", 1), await write("b", 1), await write("c", 2)];
      const soup = path.join(folder, "soup");
      const open = await Promise.all([a, b, c].map(openSafetensors));
      await mixWeights(soup, open.slice(0, 2), () => [0.5, 0.5]);
      const bytes = new Uint8Array(8);
      const result = await openSafetensors(soup);
      await result.readBytes("ids", 0, bytes);
      assert.deepEqual(bytes, new Uint8Array(8).fill(1));
      await assert.rejects(
        mixWeights(soup, open, () => [0.5, 0.3, 0.2]),
        { name: "CheckpointError", file: c, tensor: "ids" },
      );
      for (const file of [...open, result]) await file.close();
    });
  });

  it("stops when asked to, reports how far it came, and leaves nothing behind", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "a");
      await writeSafetensors(
        file,
        new Map([
          ["x", { shape: [4], data: new Float32Array(4) }],
          ["y", { shape: [4], data: new Float32Array(4) }],
        ]),
      );
      const model = await openSafetensors(file);
      const seen: number[] = [];
      await mixWeights(path.join(folder, "b"), [model], () => [1], {
        onProgress: ({ done, total }) => seen.push(done / total),
      });
      assert.deepEqual(seen, [0.5, 1]);
      const signal = AbortSignal.abort();
      await assert.rejects(
        mixWeights(path.join(folder, "c"), [model], () => [1], { signal }),
        { name: "AbortError" },
      );
      await model.close();
      const { readdir } = await import("node:fs/promises");
      assert.deepEqual((await readdir(folder)).sort(), ["a", "b"]);
    });
  });

  const one = (dtype: StoredType, ...values: number[]): Model =>
    new Map([["x", { dtype, shape: [values.length], data: Float32Array.from(values) }]]);

  it("stores models of several types in f32, rounded from nothing", async () => {
    const third = Math.fround(1 / 3);
    const sum = await mixed([one("BF16", 1, 2), one("F16", 0.5, -1), one("F32", third, 3)], [1, 1, 1], "x");
    assert.deepEqual(sum, Float32Array.of(Math.fround(1.5 + third), 4));
  });

  for (const [what, models, weights, message] of [
    ["a NaN that a model holds", [one("F32", 1), one("F32", NaN)], [1, 0], /1\.safetensors: tensor x: .*not finite/],
    ["an infinity that a model holds", [one("F16", Infinity), one("BF16", 1)], [0.5, 0.5], /0\.safetensors: tensor x/],
    ["an overflow", [one("F16", 4e4), one("F16", -4e4)], [1.5, -0.5], /tensor x: .*leaves the range of float16/],
    ["an overflow that rounding makes", [one("BF16", 3.3895e38), one("BF16", 3e36)], [1, 1], /range of bfloat16/],
  ] as const) {
    it(`stops at ${what}, with the tensor's name, and writes nothing`, async () => {
      await assert.rejects(mixed(models, weights, "x"), { name: "CheckpointError", message });
    });
  }

  it("says nothing of what an earlier piece left in the buffers", async () => {
    // Read as float16, the halves of these numbers are infinities and NaNs.
    const bits = new Float32Array(Uint32Array.of(0x7c007c00, 0x7c007c00, 0x7e007e00, 0x7e007e00).buffer);
    const model: Model = new Map([
      ["a", { shape: [4], data: bits }],
      ["b", { dtype: "F16", shape: [1], data: Float32Array.of(3) }],
    ]);
    assert.deepEqual(await mixed([model, model], [0.5, 0.5], "b"), Float32Array.of(3));
  });

  it("can be saved in another type, and stops where that is too narrow", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "a.safetensors");
      await writeSafetensors(file, one("F32", 1 / 3, 7e4));
      const model = await openSafetensors(file);
      const save = async (saveAs: StoredType): Promise<Float32Array> => {
        const plan = mixturePlan([model], { saveAs });
        await mixWeights(path.join(folder, saveAs), [model], () => [1], { plan });
        const saved = await openSafetensors(path.join(folder, saveAs));
        const values = await saved.readTensor("x");
        await saved.close();
        return values;
      };
      assert.deepEqual(await save("BF16"), Float32Array.of(0.333984375, 70144)); // the nearest to both, by hand
      await assert.rejects(save("F16"), /tensor x: mix: the mixture leaves the range of float16; .*--save-as/);
      await model.close();
    });
  });
});
