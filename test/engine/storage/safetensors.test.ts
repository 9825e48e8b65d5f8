import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { CheckpointError } from "../../../engine/protocol/errors.ts";
import type { StoredType } from "../../../engine/storage/elementTypes.ts";
import { openSafetensors, type WeightsFile } from "../../../engine/storage/safetensors.ts";
import { createSafetensors, type TensorSource, writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const float32 = fc.float({ noNaN: true });

const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = fc.array(float32, { minLength: size, maxLength: size });
  return fc.record({ shape: fc.constant(shape), data: values.map((list) => Float32Array.from(list)) });
});

const names = fc.string({ unit: "binary", maxLength: 12 }).filter((name) => name !== "__metadata__");
const files = fc.dictionary(names, tensor, { maxKeys: 6 });

async function roundTrip<T>(
  tensors: ReadonlyMap<string, TensorSource>,
  metadata: Readonly<Record<string, string>>,
  look: (weights: WeightsFile, file: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "x.safetensors");
    await writeSafetensors(file, tensors, metadata);
    const weights = await openSafetensors(file);
    try {
      return await look(weights, file);
    } finally {
      await weights.close();
    }
  });
}

async function stored(dtype: StoredType, values: readonly number[]): Promise<number[]> {
  const source = { dtype, shape: [values.length], data: Float32Array.from(values) };
  return roundTrip(new Map([["x", source]]), {}, async (weights) => [...(await weights.readTensor("x"))]);
}

describe("safetensors", () => {
  it("gives back the names, shapes, bits and metadata that were written", async () => {
    const property = fc.asyncProperty(files, fc.dictionary(names, fc.string()), async (content, metadata) => {
      await roundTrip(new Map(Object.entries(content)), metadata, async (weights) => {
        assert.deepEqual([...weights.tensors.keys()].sort(), Object.keys(content).sort());
        for (const [name, { shape, data }] of Object.entries(content)) {
          assert.deepEqual(weights.tensors.get(name)?.shape, shape);
          const back = await weights.readTensor(name);
          assert.deepEqual(new Uint32Array(back.buffer), new Uint32Array(data.buffer));
        }
        assert.deepEqual(new Map(Object.entries(metadata)), weights.metadata);
      });
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it("reads any range of a tensor as that range of the whole", async () => {
    const data = Float32Array.from({ length: 60 }, (_, i) => i);
    const property = fc.asyncProperty(
      fc.nat(60),
      fc.nat(60),
      fc.constantFrom("F32", "F16", "BF16"),
      async (a, b, dtype) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        await roundTrip(new Map([["x", { dtype, shape: [6, 10], data } as const]]), {}, async (weights) => {
          assert.deepEqual(await weights.readRange("x", from, to - from), data.slice(from, to));
        });
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  it("refuses a range beyond the tensor before it allocates", async () => {
    await roundTrip(new Map([["x", { shape: [2], data: new Float32Array(2) }]]), {}, async (weights) => {
      await assert.rejects(weights.readRange("x", 1, 1e15), RangeError);
      await assert.rejects(weights.readRange("x", -1, 1), RangeError);
    });
  });

  it("writes every bfloat16 number unchanged", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1 }),
      async (halves) => {
        const values = new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
        const numbers = [...values].filter((value) => !Number.isNaN(value));
        assert.deepEqual(await stored("BF16", numbers), numbers);
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it("rounds to the nearest bfloat16, and a tie to the even one", async () => {
    const ulp = 2 ** -7; // of numbers from 1 to 2
    const halfway = [1 + ulp / 2, 1 + 1.5 * ulp, -1 - ulp / 2];
    assert.deepEqual(await stored("BF16", halfway), [1, 1 + 2 * ulp, -1]);
    assert.deepEqual(await stored("BF16", [1 + 0.51 * ulp, 1 + 0.49 * ulp]), [1 + ulp, 1]);
    assert.deepEqual(await stored("BF16", [3.4e38, Infinity, NaN]), [Infinity, Infinity, NaN]);
  });

  it("rounds to the nearest float16, subnormal ones and infinity included", async () => {
    const values = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -24, 2 ** -25, 3 * 2 ** -26, -0, NaN];
    const expected = [1, 1 + 2 ** -9, 65504, Infinity, 2 ** -24, 0, 2 ** -24, -0, NaN];
    assert.deepEqual(await stored("F16", values), expected);
  });

  it("puts wider types first, then names in order, and starts the data at a multiple of 8", async () => {
    const data = new Float32Array(1);
    const tensors = new Map<string, TensorSource>([
      ["b", { shape: [1], data }],
      ["10", { dtype: "BF16", shape: [1], data }],
      ["9", { dtype: "F16", shape: [1], data }],
      ["a", { shape: [1], data }],
    ]);
    await roundTrip(tensors, {}, async (weights, file) => {
      assert.deepEqual([...weights.tensors.keys()], ["a", "b", "10", "9"]);
      const bytes = await fs.readFile(file);
      assert.equal(Number(bytes.readBigUInt64LE(0)) % 8, 0);
    });
  });

  it("leaves the old file in place when writing fails half-way", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "x.safetensors");
      await fs.writeFile(file, "old");
      const failing = { shape: [1], data: () => Promise.reject(new Error("no data")) };
      await assert.rejects(writeSafetensors(file, new Map([["x", failing]])), /no data/);
      assert.deepEqual(await fs.readdir(folder), ["x.safetensors"]);
      assert.equal(await fs.readFile(file, "utf8"), "old");
    });
  });

  it("does not give a file its name before every byte is written", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "x.safetensors");
      const writer = await createSafetensors(file, new Map([["x", { dtype: "F32", shape: [2] }]]));
      await writer.write("x", 0, new Uint8Array(4));
      await assert.rejects(writer.finish(), /4 bytes were not written/);
      await assert.rejects(writer.write("x", 4, new Uint8Array(5)), RangeError);
      await writer.abandon();
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("names file and tensor when there is none of that name or type", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "x.safetensors");
      const writer = await createSafetensors(file, new Map([["ids", { dtype: "I64", shape: [1] }]]));
      await writer.write("ids", 0, new Uint8Array(8));
      await writer.finish();
      const weights = await openSafetensors(file);
      await assert.rejects(weights.readTensor("ids"), { name: "CheckpointError", file, tensor: "ids", message: /I64/ });
      await assert.rejects(weights.readTensor("w"), { name: "CheckpointError", file, tensor: "w", message: /no such/ });
      await weights.close();
      await assert.rejects(openSafetensors(`${file}.none`), CheckpointError);
    });
  });

  it("reads what Python's library wrote, and writes the same bytes", async () => {
    const golden = path.join(import.meta.dirname, "../../golden/safetensors");
    const expected = JSON.parse(await fs.readFile(path.join(golden, "golden.json"), "utf8")) as {
      readonly metadata: Readonly<Record<string, string>>;
      readonly tensors: Readonly<Record<string, { dtype: StoredType; shape: number[]; values: number[] }>>;
    };
    const file = path.join(golden, "golden.safetensors");
    const weights = await openSafetensors(file);
    const tensors = new Map<string, TensorSource>();
    for (const [name, { dtype, shape, values }] of Object.entries(expected.tensors)) {
      assert.deepEqual(weights.tensors.get(name)?.shape, shape);
      assert.deepEqual([...(await weights.readTensor(name))], values, name);
      tensors.set(name, { dtype, shape, data: Float32Array.from(values) });
    }
    await weights.close();
    await roundTrip(tensors, expected.metadata, async (_, ours) => {
      assert.deepEqual(await fs.readFile(ours), await fs.readFile(file));
    });
  });
});
