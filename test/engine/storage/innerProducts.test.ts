import assert from "node:assert/strict";
import * as path from "node:path";
import { innerProducts } from "../../../engine/storage/innerProducts.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

async function products(models: readonly Float32Array[], origin: "zero" | "first"): Promise<unknown> {
  return inTemporaryFolder(async (folder) => {
    const open = [];
    for (const [m, data] of models.entries()) {
      const file = path.join(folder, String(m));
      await writeSafetensors(file, new Map([["w", { shape: [data.length], data }]]));
      open.push(await openSafetensors(file));
    }
    const found = await innerProducts(open, "w", origin);
    for (const file of open) await file.close();
    return found;
  });
}

describe("innerProducts", () => {
  it("are those of every two models, from zero or from the first model", async () => {
    const models = [Float32Array.of(1, 2, 3), Float32Array.of(1, 0, 5), Float32Array.of(0, 2, -1)];
    assert.deepEqual(await products(models, "zero"), [
      [14, 16, 1],
      [16, 26, -5],
      [1, -5, 5],
    ]);
    assert.deepEqual(await products(models, "first"), [
      [0, 0, 0],
      [0, 8, -8],
      [0, -8, 17],
    ]);
  });

  it("are summed over all pieces of a large tensor", async () => {
    const size = 600_001; // more than two pieces of 2^18, and odd
    assert.deepEqual(await products([new Float32Array(size).fill(2)], "zero"), [[4 * size]]);
  });

  it("keep the digits of small changes of large weights", async () => {
    const change = 2 ** -10; // the smallest that f32 resolves near 10,000
    const base = new Float32Array(1000).fill(10_000);
    const moved = base.map((value) => value + change);
    assert.deepEqual(await products([base, moved], "first"), [
      [0, 0],
      [0, 1000 * change ** 2],
    ]);
  });
});
