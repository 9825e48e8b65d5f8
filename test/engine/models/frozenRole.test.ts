import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { WasmBackend } from "../../../engine/compute/backends/wasm/backend.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import {
  type Weights,
  type WeightsSource,
  DeviceWeights,
  FrozenRole,
  Generator,
  RewardScorer,
  allAtWork,
} from "../../../engine/models/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { ALL_BACKENDS, PICO, picoGeneration, picoSequences, picoWeights } from "./pico.ts";

/** Weights that are read one by one, and how often all of them were. */
function sourceOf(weights: Weights): WeightsSource & { readonly counts: { reads: number } } {
  const counts = { reads: 0 };
  return {
    counts,
    async *read() {
      for (const [name, { shape, data }] of weights) {
        const passing = data.slice();
        yield await Promise.resolve([name, { shape, data: passing }] as const);
        // The next one may take its place.
        passing.fill(NaN);
      }
      counts.reads++;
    },
  };
}

const SEQUENCES = picoSequences([5, 2, 4]);

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`a model that sleeps on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    it("scores as one that stays, is read for each work, and leaves nothing on the device", async () => {
      const weights = picoWeights(4, ["score"]);
      const source = sourceOf(weights);
      const [awake, asleep] = [new FrozenRole(backend, weights), new FrozenRole(backend, source)];
      const scorer = new RewardScorer(backend, PICO, { batchSize: 2, length: 8 });
      const score = (role: FrozenRole): Promise<Float32Array> => role.atWork((on) => scorer.score(on, SEQUENCES));
      const expected = await score(awake);
      backend.rest();
      const before = backend.memory.allocatedBytes;
      for (let work = 1; work <= 2; work++) {
        assert.deepEqual(await score(asleep), expected);
        assert.equal(source.counts.reads, work);
        assert.equal(backend.memory.allocatedBytes, before);
      }
      for (const held of [scorer, awake, asleep]) held.release();
    });

    it("works beside others, over weights that somebody else holds", async () => {
      const [base, head] = [picoWeights(1), new Map([...picoWeights(4, ["score"])].slice(-1))];
      const below = DeviceWeights.upload(backend, base);
      const roles = [sourceOf(head), head].map((weights) => new FrozenRole(backend, weights, below));
      const before = backend.memory.allocatedBytes;
      await allAtWork(roles, async (models) => {
        for (const { buffers } of models) assert.deepEqual(Object.keys(buffers), [...base.keys(), "score.weight"]);
        const [asleep, awake] = await Promise.all(models.map((model) => model.under("score.").read()));
        assert.deepEqual(asleep, awake);
      });
      backend.rest();
      assert.ok(backend.memory.allocatedBytes <= before);
      for (const held of [...roles, below]) held.release();
    });

    it("leaves nothing behind where its weights cannot be read, or its work fails", async () => {
      const weights = picoWeights();
      const half: WeightsSource = {
        async *read() {
          for (const entry of [...weights].slice(0, 1)) yield await Promise.resolve(entry);
          throw new Error("gone");
        },
      };
      backend.rest();
      const before = backend.memory.allocatedBytes;
      await assert.rejects(
        new FrozenRole(backend, half).atWork(() => Promise.resolve()),
        /gone/,
      );
      const fails = (): Promise<never> => Promise.reject(new Error("failed"));
      await assert.rejects(new FrozenRole(backend, sourceOf(weights)).atWork(fails), /failed/);
      assert.equal(backend.memory.allocatedBytes, before);
    });
  });
}

describe("the memory of wasm", () => {
  let backend: WasmBackend;
  before(async () => {
    const opened = await createWasmBackend({ threads: 1 });
    assert.ok(opened instanceof WasmBackend);
    backend = opened;
  });
  after(() => backend.close());

  const extent = (): number => backend.threads.memory.buffer.byteLength;

  it("is the same for models at work and for the programs before and after, whatever is compiled meanwhile", async () => {
    const x = new Float32Array(2 ** 20).fill(0.5);
    // Two intermediate values at a time.
    const large = backend.compile(plan({ y: new Graph().input("x", [x.length]).exp().exp() }));
    const { y: expected } = await large.run({ inputs: { x } });
    const before = extent();
    const weights: Weights = new Map([["w", { shape: [2 ** 20], data: x }]]);
    const role = new FrozenRole(backend, sourceOf(weights));
    const small = await role.atWork(async ({ buffers: variables }) => {
      const graph = new Graph();
      const executable = backend.compile(plan({ sum: graph.variable("w", [2 ** 20]).sum() }));
      assert.deepEqual(await executable.run({ variables }), { sum: Float32Array.of(2 ** 19) });
      return executable;
    });
    assert.deepEqual((await large.run({ inputs: { x } }))["y"], expected);
    // The weights alone are 4 MiB; the program that stays is a page.
    assert.ok(extent() - before < 2 ** 20, `${extent() - before} bytes more`);
    for (const held of [large, small]) held.release();
  });

  it("does not hold large caches of keys and values between two calls, and the responses are those of small ones", async () => {
    const device = DeviceWeights.upload(backend, picoWeights());
    const queries = picoSequences([5, 2, 4, 1]);
    const responsesOf = async (batchSize: number): Promise<readonly [ArrayLike<number>, number]> => {
      const generator = new Generator(backend, PICO, picoGeneration({ batchSize, queryLength: 40, eos: [] }));
      const { responses } = await generator.generate(device, queries, Random.of(1));
      backend.rest();
      const held = backend.memory.allocatedBytes;
      generator.release();
      return [responses, held - backend.memory.allocatedBytes];
    };
    // 128 bytes a row and position: 45 positions in 8,192 rows are 45 MiB.
    const [[small, kept], [large, left]] = [await responsesOf(4), await responsesOf(8192)];
    assert.deepEqual(large, small);
    assert.ok(kept >= 4 * 45 * 128 && left < 2 ** 20, `${kept} and ${left} bytes`);
    device.release();
  });
});
