import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import type { Program } from "../../../engine/compute/graph/program.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import { asBf16 } from "./bf16Weights.ts";
import {
  type FrozenWeights,
  type ModelConfig,
  type Rollouts,
  DeviceWeights,
  FullKlScorer,
  Generator,
  ResponseScorer,
  RewardScorer,
  asF32,
  joinResponses,
  padQueries,
} from "../../../engine/models/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { ALL_BACKENDS, PICO, picoGeneration, picoSequences, picoWeights } from "./pico.ts";

const SHAPE = { batchSize: 2, queryLength: 4, responseLength: 3 };
/** An output embedding of its own, and tied embeddings with norms stored as w − 1. */
const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  "with a language head": PICO,
  "with tied embeddings": { ...PICO, tiedEmbeddings: true, normOffset: 1, activation: "geluTanh", embeddingScale: 4 },
};

function rollouts(): Rollouts {
  const queries = padQueries(picoSequences([4, 2, 3]), SHAPE.queryLength, 0);
  return joinResponses(queries, Int32Array.from(picoSequences([3, 3, 3], 8).flat()), Int32Array.of(3, 1, 2));
}

describe("weights in bf16", () => {
  it("are rounded once, and come back to f32 exactly", () => {
    const narrow = asBf16(picoWeights());
    assert.ok([...narrow.values()].every(({ data }) => data instanceof Uint16Array));
    assert.deepEqual(asBf16(asF32(narrow)), narrow);
    assert.deepEqual(asF32(picoWeights()), picoWeights());
  });
});

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  for (const [kind, config] of Object.entries(CONFIGS)) {
    describe(`weights in bf16 on ${name}, ${kind}`, () => {
      let backend: Backend;
      let narrow: DeviceWeights;
      let wide: DeviceWeights;
      before(async () => {
        backend = await open();
        const stored: FrozenWeights = asBf16(picoWeights(1, ["language", "value", "score"], config));
        narrow = DeviceWeights.upload(backend, stored);
        wide = DeviceWeights.upload(backend, asF32(stored));
      });
      after(() => backend.close());

      it("come back from the device as they went, vectors in f32", async () => {
        const stored = asBf16(picoWeights(1, ["language", "value", "score"], config));
        const vectors = asF32(new Map([...stored].filter(([, { shape }]) => shape.length === 1)));
        assert.ok(vectors.size > 0);
        assert.deepEqual(await narrow.read(), new Map<string, unknown>([...stored, ...vectors]));
        narrow.write(stored);
        assert.deepEqual(await narrow.read(), new Map<string, unknown>([...stored, ...vectors]));
      });

      it("need no cast in a step of decoding", async () => {
        const ops = new Set<string>();
        const observed = Object.create(backend, {
          compile: {
            value: (program: Program) => {
              for (const { op } of program.instructions) ops.add(op);
              return backend.compile(program);
            },
          },
        }) as Backend;
        const generator = new Generator(observed, config, picoGeneration());
        await generator.generate(narrow, picoSequences([2]), Random.of(3));
        assert.ok(ops.has("rmsNorm") && !ops.has("cast"));
        generator.release();
      });

      it("give responses the log-probabilities, entropies and values of the same weights in f32, bit by bit", async () => {
        const scorer = new ResponseScorer(backend, config, SHAPE, ["language", "value"]);
        assert.deepEqual(await scorer.score(narrow, rollouts()), await scorer.score(wide, rollouts()));
        scorer.release();
      });

      it("give sequences the same scores", async () => {
        const scorer = new RewardScorer(backend, config, { batchSize: 2, length: 6 });
        const sequences = picoSequences([6, 2, 4]);
        assert.deepEqual(await scorer.score(narrow, sequences), await scorer.score(wide, sequences));
        scorer.release();
      });

      it("generate the same tokens with the same log-probabilities", async () => {
        const generator = new Generator(backend, config, picoGeneration());
        const queries = picoSequences([5, 2, 3, 4]);
        const [narrowly, widely] = [
          await generator.generate(narrow, queries, Random.of(3)),
          await generator.generate(wide, queries, Random.of(3)),
        ];
        assert.deepEqual(narrowly, widely);
        generator.release();
      });

      it("give the same full KL as reference of a policy in f32", async () => {
        const scorer = new FullKlScorer(backend, config, SHAPE);
        const policy = DeviceWeights.upload(backend, picoWeights(2, ["language"], config));
        assert.deepEqual(
          await scorer.score(policy, [narrow], rollouts()),
          await scorer.score(policy, [wide], rollouts()),
        );
        policy.release();
        scorer.release();
      });
    });
  }
}

describe("weights in bf16 on wasm", () => {
  it("take half the memory of the device", async () => {
    const backend = await createWasmBackend({ threads: 1 });
    const weights = new Map([["w", { shape: [64, 512], data: new Float32Array(64 * 512) }]]);
    const bytesOf = (stored: FrozenWeights): number => {
      const before = backend.memory.allocatedBytes;
      const device = DeviceWeights.upload(backend, stored);
      const bytes = backend.memory.allocatedBytes - before;
      device.release();
      return bytes;
    };
    assert.equal(bytesOf(weights), 64 * 512 * 4);
    assert.equal(bytesOf(asBf16(weights)), 64 * 512 * 2);
    await backend.close();
  });
});
