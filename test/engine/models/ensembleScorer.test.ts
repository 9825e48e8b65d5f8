import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import {
  type ModelConfig,
  type Rollouts,
  DeviceWeights,
  EnsembleScorer,
  ResponseScorer,
  hidden,
  joinResponses,
  padQueries,
  padRight,
  parseModelConfig,
  sequenceArrays,
  sequenceInputs,
  unpaddedSequences,
} from "../../../engine/models/index.ts";
import { interpreter } from "../../ptx/driver.ts";
import { assertClose } from "./close.ts";
import { ALL_BACKENDS, PICO, PICO_JSON, picoSequences, picoWeights } from "./pico.ts";

const Q = 4;
const R = 3;
const V = PICO.vocabularySize;
const SHAPE = { batchSize: 2, queryLength: Q, responseLength: R, temperature: 0.8 };
const LENGTHS = [3, 1, 2];
/** Sums of a few dozen f32 terms of order 1, added in two orders. */
const TOLERANCE = 2e-5;

const RESPONSES = picoSequences([R, R, R], 8);

/** Three rollouts with responses of 3, 1 and 2 tokens. */
function rollouts(): Rollouts {
  const queries = padQueries(picoSequences([4, 2, 3]), Q, 0);
  return joinResponses(queries, Int32Array.from(RESPONSES.flat()), Int32Array.from(LENGTHS));
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`the log-space ensemble on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** Of each response token the logits of a model, from its plain forward pass. */
    async function logitsOf(config: ModelConfig, seed: number): Promise<number[][]> {
      const device = DeviceWeights.upload(backend, picoWeights(seed));
      const graph = new Graph();
      const length = Q + R;
      const inputs = sequenceInputs(graph, 3, length);
      const executable = backend.compile(plan({ logits: logits(hidden(graph, config, inputs), config) }));
      const sequences = unpaddedSequences(rollouts());
      const arrays = sequenceArrays(padRight(sequences, length), [0, 1, 2], 3);
      const outputs = await executable.run({ inputs: arrays, variables: device.buffers });
      device.release();
      executable.release();
      return sequences.flatMap((sequence, row) =>
        Array.from({ length: LENGTHS[row] ?? 0 }, (_, at) => {
          const position = row * length + sequence.length - (LENGTHS[row] ?? 0) + at - 1;
          return Array.from(outputs["logits"]?.subarray(position * V, (position + 1) * V) ?? []);
        }),
      );
    }

    async function scored(seeds: readonly number[]): Promise<Float32Array> {
      const scorer = new EnsembleScorer(
        backend,
        seeds.map(() => PICO),
        SHAPE,
      );
      const models = seeds.map((seed) => DeviceWeights.upload(backend, picoWeights(seed)));
      try {
        return await scorer.score(models, rollouts());
      } finally {
        for (const held of [scorer, ...models]) held.release();
      }
    }

    it("is the normalised geometric mean, computed in float64 from the models' distributions", async () => {
      for (const seeds of [
        [1, 2],
        [1, 2, 3],
      ]) {
        const perModel = await Promise.all(seeds.map((seed) => logitsOf(PICO, seed)));
        const expected = tokens().map((token, at) => {
          const logs = perModel.map((rows) => logSoftmax(rows[at] ?? [], SHAPE.temperature));
          const means = Array.from(
            { length: V },
            (_, v) => logs.reduce((sum, row) => sum + (row[v] ?? NaN), 0) / seeds.length,
          );
          const z = means.reduce((sum, value) => sum + Math.exp(value), 0);
          assert.ok(z < 1 - 1e-3, "the models differ, so that there is something to normalise");
          return (means[token] ?? NaN) - Math.log(z);
        });
        assertClose(await scored(seeds), scatter(expected), TOLERANCE, seeds.join());
      }
    });

    it("of a model with itself is that model", async () => {
      const scorer = new ResponseScorer(backend, PICO, SHAPE);
      const device = DeviceWeights.upload(backend, picoWeights(2));
      const { logprobs } = await scorer.score(device, rollouts());
      assertClose(await scored([2, 2]), logprobs, TOLERANCE);
      scorer.release();
      device.release();
    });

    it("does not depend on the order of its models, and is 0 behind each response", async () => {
      const [one, other] = [await scored([1, 3]), await scored([3, 1])];
      assertClose(one, other, TOLERANCE);
      assert.deepEqual([one[4], one[5], one[8]], [0, 0, 0]);
    });

    it("is refused for models that cap their logits", () => {
      const capped = { ...parseModelConfig(PICO_JSON), logitSoftcap: 30 };
      assert.throws(() => new EnsembleScorer(backend, [PICO, capped], SHAPE), {
        name: "WeightsError",
        message: /cap their logits \(at 30\).*; use "referenceMix": "meanKl"/,
      });
    });
  });
}

describe("the log-space ensemble of models in bf16", () => {
  it("of a model with itself is that model: states and embeddings are taken as f32, which is exact", async () => {
    const backend = new CudaBackend(interpreter.open(0), { precision: "bf16" });
    const device = DeviceWeights.upload(backend, picoWeights(2));
    const [plain, twins] = [new ResponseScorer(backend, PICO, SHAPE), new EnsembleScorer(backend, [PICO, PICO], SHAPE)];
    const { logprobs } = await plain.score(device, rollouts());
    assertClose(await twins.score([device, device], rollouts()), logprobs, TOLERANCE);
    for (const held of [plain, twins, device]) held.release();
    await backend.close();
  });
});

/** The six real response tokens. */
function tokens(): readonly number[] {
  return RESPONSES.flatMap((response, row) => response.slice(0, LENGTHS[row]));
}

/** Puts their numbers at their places in `[N, R]`. */
function scatter(numbers: readonly number[]): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  return [a, b, c, d, 0, 0, e, f, 0];
}

function logSoftmax(row: readonly number[], temperature: number): number[] {
  const scaled = row.map((x) => x / temperature);
  const most = Math.max(...scaled);
  const lse = most + Math.log(scaled.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return scaled.map((x) => x - lse);
}
