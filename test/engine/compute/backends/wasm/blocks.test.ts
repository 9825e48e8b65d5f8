import assert from "node:assert/strict";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { assertClose, assertSameBytes } from "../../../../contract/close.ts";
import { blockCases, evaluate } from "./programs.ts";

/**
 * Sums of up to 1,045 terms of size 1 in f32, in another order than the oracle's: 1045 · 2^-24 ≈ 6e-5 at worst, and
 * a factor for the exponentials on top.
 */
const TOLERANCE = 2e-4;

describe("wasm kernels that work in blocks", () => {
  const backends: Backend[] = [];
  let oracle: Backend;
  before(async () => {
    for (const threads of [1, 2, 3]) backends.push(await createWasmBackend({ threads }));
    oracle = await createTfjsBackend();
  });
  after(async () => {
    for (const backend of [...backends, oracle]) await backend.close();
  });

  for (const example of blockCases()) {
    it(`agree with the oracle where blocks have rests: ${example.title}`, async () => {
      const expected = await evaluate(oracle, example);
      const actual = await evaluate(backends[1] ?? oracle, example);
      for (const [name, data] of Object.entries(expected)) assertClose(name, actual[name], data, TOLERANCE);
    });

    it(`give the same bytes on 1, 2 and 3 threads, time after time: ${example.title}`, async () => {
      const results = [];
      for (const backend of [...backends, ...backends]) results.push(await evaluate(backend, example));
      const [first, ...others] = results;
      assert.ok(first !== undefined);
      for (const other of others) assertSameBytes(other, first);
    });
  }
});
