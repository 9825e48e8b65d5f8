import assert from "node:assert/strict";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import {
  copyRates,
  fastest,
  measuredParts,
  productRate,
  productsPart,
} from "../../../../../engine/compute/backends/cuda/rates.ts";
import { WEIGHT_TYPES } from "../../../../../engine/compute/graph/dtype.ts";
import { interpreter } from "../../../../ptx/driver.ts";

const ONCE = { seconds: 0, repeats: 1 };

describe("the rates of a card, interpreted", () => {
  let backend: CudaBackend;
  beforeEach(() => {
    backend = new CudaBackend(interpreter.open(0));
  });
  afterEach(async () => {
    assert.equal(backend.memory.allocatedBytes, 0);
    await backend.close();
  });

  it("are those of the fastest repetition, without the first", async () => {
    let calls = 0;
    let time = 0;
    const work = (): Promise<void> => {
      time += [2, 20, 5, 20][calls++] ?? 0;
      return Promise.resolve();
    };
    const seconds = await fastest(work, { seconds: 60, repeats: 3 }, () => time);
    assert.deepEqual([calls, seconds], [4, 0.005]);
  });

  it("are measured of copies and of products of every type that there are kernels for", async () => {
    const free = backend.device.freeBytes();
    const copies = await copyRates(backend.device, { bytes: 4096, ...ONCE });
    assert.ok(Object.values(copies).every((rate) => rate > 0));
    assert.equal(backend.device.freeBytes(), free);
    for (const type of WEIGHT_TYPES) assert.ok((await productRate(backend, { size: 40, type, ...ONCE })) > 0);
  });

  it("are written for people with the card's number and free memory", async () => {
    const parts = await measuredParts(backend, { bytes: 4096, product: 24, ...ONCE });
    assert.deepEqual(
      parts.map(({ name }) => name),
      ["card 0 copies", "card 0 products", "card 0 free memory"],
    );
    assert.match(
      parts[0]?.detail ?? "",
      /^within the card [\d.e-]+ GB\/s, to it [\d.e-]+ GB\/s, from it [\d.e-]+ GB\/s$/,
    );
    assert.match(parts[1]?.detail ?? "", /^24 × 24 × 24: f32 [\d.e-]+ TFLOP\/s, bf16 [\d.e-]+ TFLOP\/s$/);
    assert.match(parts[2]?.detail ?? "", /^[\d.]+ GiB$/);
    const byLibrary = new CudaBackend(interpreter.open(0), { cublas: "played" });
    const look = { product: 24, ...ONCE };
    const part = await productsPart(byLibrary, { what: "products by cuBLASLt 12.9.3", types: ["bf16"] }, look);
    assert.equal(part.name, "card 0 products by cuBLASLt 12.9.3");
    assert.match(part.detail, /^24 × 24 × 24: bf16 [\d.e-]+ TFLOP\/s$/);
    await byLibrary.close();
  });
});
