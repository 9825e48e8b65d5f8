import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { writeTensors } from "../../../engine/storage/safetensorsWriter.ts";
import { openWeights } from "../../../engine/storage/shards.ts";
import { createWeights } from "../../../engine/storage/weightsWriter.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const TENSORS = new Map(
  ["b", "a", "c"].map((name, index) => [name, { shape: [2], data: Float32Array.of(index, -index) }] as const),
);

/** Writes three tensors of 8 bytes each. */
async function write(folder: string, mostBytes: number): Promise<string[]> {
  await writeTensors(TENSORS, (plan) => createWeights(folder, plan, { mostBytes, metadata: { format: "pt" } }));
  return (await fs.readdir(folder)).sort();
}

describe("the weights of a folder", () => {
  it("are one file up to a size, and shards with an index beyond", async () => {
    await inTemporaryFolder(async (folder) => {
      assert.deepEqual(await write(folder, 24), ["model.safetensors"]);
      const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
      assert.deepEqual(await write(folder, 23), [...shards, "model.safetensors.index.json"]);
      const index = await fs.readFile(path.join(folder, "model.safetensors.index.json"), "utf8");
      assert.deepEqual(JSON.parse(index), {
        metadata: { total_size: 24 },
        weight_map: { b: shards[0], a: shards[0], c: shards[1] },
      });
      const weights = await openWeights(folder);
      for (const [name, { data }] of TENSORS) assert.deepEqual(await weights.readTensor(name), data);
      await weights.close();
    });
  });

  it("replace those that the folder held, and leave files of other names", async () => {
    await inTemporaryFolder(async (folder) => {
      await write(folder, 8);
      await fs.writeFile(path.join(folder, "adapter.safetensors"), "mine");
      assert.deepEqual(await write(folder, 24), ["adapter.safetensors", "model.safetensors"]);
    });
  });

  it("are not there when writing fails, and those from before stay", async () => {
    await inTemporaryFolder(async (folder) => {
      await write(folder, 24);
      const failing = writeTensors(
        TENSORS,
        (plan) => createWeights(folder, plan, { mostBytes: 8 }),
        (name) => {
          if (name === "c") throw new RangeError("stop");
        },
      );
      await assert.rejects(failing, /stop/);
      assert.deepEqual(await fs.readdir(folder), ["model.safetensors"]);
    });
  });
});
