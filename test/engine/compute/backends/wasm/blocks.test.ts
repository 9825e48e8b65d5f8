import assert from "node:assert/strict";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { gradients } from "../../../../../engine/compute/graph/gradients.ts";
import { Graph, defined } from "../../../../../engine/compute/graph/tensor.ts";
import { logprob } from "../../../../../engine/compute/ops/index.ts";
import { assertClose, assertSameBytes } from "../../../../contract/close.ts";
import { blockCases, evaluate, randomFloats, randomInts } from "./programs.ts";

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

  it("gives a row's log-probability and its gradient the same bytes whichever others have a target", async () => {
    const [M, C, V] = [530, 37, 1045];
    const [h, w, weights] = [randomFloats(M * C), randomFloats(V * C), randomFloats(M)];
    const targets = randomInts(M, V);
    const masked = targets.map((target, row) => (row % 100 < 55 || row >= 512 || row === 60 ? -1 : target));
    const measured = async (rows: Int32Array): Promise<readonly (readonly [number, Float32Array])[]> => {
      const graph = new Graph();
      const states = graph.input("h", [M, C]);
      const result = logprob(states, graph.input("w", [V, C]), graph.input("targets", [M], "i32"));
      const loss = result.logprob
        .add(result.entropy)
        .mul(graph.input("weights", [M]))
        .sum();
      const outputs = { ...result, dh: defined(gradients(loss, [states])[0]) };
      const found = await evaluate(defined(backends[1]), { outputs, inputs: { h, w, weights, targets: rows } });
      return Object.values(found).map((data) => [data.length / M, data as Float32Array] as const);
    };
    const [all, some] = [await measured(targets), await measured(masked)];
    for (const [at, [width, data]] of some.entries()) {
      for (let row = 0; row < M; row++) {
        const part = data.subarray(row * width, (row + 1) * width);
        const expected = defined(all[at])[1].slice(row * width, (row + 1) * width);
        assert.deepEqual(part, masked[row] === -1 ? expected.fill(0) : expected, `row ${row}`);
      }
    }
  });
});
