import assert from "node:assert/strict";
import * as path from "node:path";
import fc from "fast-check";
import { combine } from "../../../engine/soup/combine.ts";
import { decodeFloats, encodeFloats, type StoredType } from "../../../engine/storage/elementTypes.ts";
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

/** What reading a stored tensor gives. */
function rounded(dtype: StoredType, data: Float32Array): Float32Array {
  return decodeFloats(dtype, encodeFloats(dtype, data));
}

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe("mixWeights", () => {
  for (const dtype of ["F32", "F16", "BF16"] as const) {
    it(`gives the bits of the sum in f32, rounded once to ${dtype}`, async () => {
      const values = fc.array(fc.float(), { minLength: 1, maxLength: 40 });
      const property = fc.asyncProperty(
        values,
        values,
        values,
        fc.array(fc.float(), { minLength: 3, maxLength: 3 }),
        async (...drawn) => {
          const weights = drawn[3];
          const size = Math.min(drawn[0].length, drawn[1].length, drawn[2].length);
          const models = drawn.slice(0, 3).map((list) => Float32Array.from(list.slice(0, size)));
          const files = models.map((data) => new Map([["x", { dtype, shape: [size], data }]]));
          const stored = models.map((data) => rounded(dtype, data));
          const expected = rounded(dtype, combine(stored, weights));
          const result = await mixed(files, weights, "x");
          for (const [i, value] of expected.entries()) {
            // NaNs are equal whatever their payload: IEEE 754 leaves it to the processor.
            if (Number.isNaN(value)) assert.ok(Number.isNaN(result[i]));
            else assert.equal(bits(result)[i], bits(expected)[i], `${value} at ${i}`);
          }
        },
      );
      await fc.assert(property, { numRuns: 60 });
    });
  }

  it("rounds every float16 and bfloat16 to itself", async () => {
    for (const dtype of ["F16", "BF16"] as const) {
      const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
      const data = decodeFloats(dtype, new Uint8Array(halves.buffer));
      const result = await mixed([new Map([["x", { dtype, shape: [65_536], data }]])], [1], "x");
      for (const [i, value] of data.entries()) assert.ok(Object.is(result[i], value), `${dtype} ${i}`);
    }
  });

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
