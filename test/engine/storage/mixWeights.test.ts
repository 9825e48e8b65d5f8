import assert from "node:assert/strict";
import * as path from "node:path";
import { combine } from "../soup/combine.ts";
import { mixWeights } from "../../../engine/storage/mixWeights.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { createSafetensors, type TensorSource, writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

type Model = ReadonlyMap<string, TensorSource>;

/** Writes the models, mixes them on disk, and gives back one tensor of the result. */
async function mixed(models: readonly Model[], weights: readonly number[], tensor: string): Promise<Float32Array> {
  return inTemporaryFolder(async (folder) => {
    const open = [];
    for (const [m, model] of models.entries()) {
      const file = path.join(folder, `${m}.safetensors`);
      await writeSafetensors(file, model);
      open.push(await openSafetensors(file));
    }
    await mixWeights(path.join(folder, "soup.safetensors"), open, () => weights);
    open.push(await openSafetensors(path.join(folder, "soup.safetensors")));
    const result = await open.at(-1)?.readTensor(tensor);
    for (const file of open) await file.close();
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
});
