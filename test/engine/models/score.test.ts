import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import {
  type Rollouts,
  DeviceWeights,
  FullKlScorer,
  ResponseScorer,
  RewardScorer,
  hidden,
  joinResponses,
  padQueries,
  padRight,
  sequenceArrays,
  sequenceInputs,
  unpaddedSequences,
} from "../../../engine/models/index.ts";
import { assertClose } from "./close.ts";
import { ALL_BACKENDS, PICO, picoSequences, picoWeights } from "./pico.ts";

const Q = 4;
const R = 3;
const V = PICO.vocabularySize;
const SHAPE = { batchSize: 2, queryLength: Q, responseLength: R };
/** Sums of a few dozen f32 terms of order 1, added in two orders. */
const TOLERANCE = 2e-5;

/** Three rollouts with responses of 3, 1 and 2 tokens. */
function rollouts(): Rollouts {
  const queries = padQueries(picoSequences([4, 2, 3]), Q, 0);
  const responses = Int32Array.from(picoSequences([R, R, R], 8).flat());
  return joinResponses(queries, responses, Int32Array.of(3, 1, 2));
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`scorers on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** Log-softmax rows over the vocabulary, one per response token, computed on the host from plain logits. */
    async function distributions(seed: number, temperature: number, config = PICO): Promise<number[][]> {
      const device = DeviceWeights.upload(backend, picoWeights(seed));
      const graph = new Graph();
      const length = Q + R;
      const program = plan({ logits: logits(hidden(graph, config, sequenceInputs(graph, 3, length)), config) });
      const executable = backend.compile(program);
      const sequences = unpaddedSequences(rollouts());
      const inputs = sequenceArrays(padRight(sequences, length), [0, 1, 2], 3);
      const outputs = await executable.run({ inputs, variables: device.buffers });
      device.release();
      executable.release();
      return sequences.flatMap((sequence, row) =>
        Array.from({ length: rollouts().lengths[row] ?? 0 }, (_, at) => {
          const position = row * length + sequence.length - (rollouts().lengths[row] ?? 0) + at - 1;
          return logSoftmax(outputs["logits"]?.subarray(position * V, (position + 1) * V) ?? [], temperature);
        }),
      );
    }

    it("give log-probability and entropy of each response token, and 0 behind it", async () => {
      const temperature = 0.7;
      const scorer = new ResponseScorer(backend, PICO, { ...SHAPE, temperature });
      const device = DeviceWeights.upload(backend, picoWeights());
      const { logprobs, entropies, values } = await scorer.score(device, rollouts());
      const rows = await distributions(1, temperature);
      const tokens = [0, 1, 2, 3, 6, 7].map((at) => picoSequences([R, R, R], 8).flat()[at] ?? 0);
      const expected = rows.map((row, at) => row[tokens[at] ?? 0] ?? NaN);
      const entropy = rows.map((row) => -row.reduce((sum, x) => sum + Math.exp(x) * x, 0));
      assertClose(logprobs, scatter(expected), TOLERANCE);
      assertClose(entropies, scatter(entropy), TOLERANCE);
      assert.equal(values.length, 0);
      scorer.release();
      device.release();
    });

    it("give the value of the state before each response token, and of padding, too", async () => {
      const scorer = new ResponseScorer(backend, PICO, SHAPE, ["language", "value"]);
      const weights = new Map(picoWeights(1, ["language", "value"]));
      const zero = { shape: [1, PICO.hiddenSize], data: new Float32Array(PICO.hiddenSize) };
      weights.set("v_head.weight", zero).set("v_head.bias", { shape: [1], data: Float32Array.of(0.5) });
      const device = DeviceWeights.upload(backend, weights);
      const { values } = await scorer.score(device, rollouts());
      assert.deepEqual(new Set(values), new Set([0.5]));
      scorer.release();
      device.release();
    });

    for (const config of [PICO, { ...PICO, logitSoftcap: 2 }]) {
      const under = config.logitSoftcap === 0 ? "" : ", under a soft-cap";
      it(`give a full KL of 0 to the same model and of Σ π (log π − log π_ref) to another${under}`, async () => {
        const scorer = new FullKlScorer(backend, config, SHAPE);
        const [policy, reference] = [1, 2].map((seed) => DeviceWeights.upload(backend, picoWeights(seed)));
        assert.ok(policy && reference);
        const [p, r] = [await distributions(1, 1, config), await distributions(2, 1, config)];
        const expected = p.map((row, at) =>
          row.reduce((sum, x, v) => sum + Math.exp(x) * (x - (r[at]?.[v] ?? NaN)), 0),
        );
        const [toItself, toReference] = await scorer.score(policy, [policy, reference], rollouts());
        assertClose(toItself ?? [], new Float32Array(9), 1e-6);
        assertClose(toReference ?? [], scatter(expected), TOLERANCE);
        const before = backend.memory.allocatedBytes; // its programs are compiled by now
        await scorer.score(policy, [policy, reference], rollouts());
        assert.equal(backend.memory.allocatedBytes, before, "the policy's states must be given back");
        for (const held of [scorer, policy, reference]) held.release();
      });
    }

    it("give each sequence the score of its last token, whatever stands beside it", async () => {
      const settings = { batchSize: 2, length: 6 };
      const scorer = new RewardScorer(backend, PICO, settings);
      const wide = new RewardScorer(backend, PICO, { batchSize: 1, length: 9 });
      const device = DeviceWeights.upload(backend, picoWeights(1, ["score"]));
      const sequences = picoSequences([6, 2, 4]);
      const together = await scorer.score(device, sequences);
      assert.equal(new Set(together).size, 3);
      assertClose(await wide.score(device, sequences), together, TOLERANCE);
      for (const held of [scorer, wide, device]) held.release();
    });

    it("refuse rollouts of another shape", async () => {
      const scorer = new ResponseScorer(backend, PICO, { ...SHAPE, queryLength: 5 });
      const device = DeviceWeights.upload(backend, picoWeights());
      await assert.rejects(scorer.score(device, rollouts()), {
        name: "SequenceError",
        message: "score rollouts: compiled for 5 + 3 tokens, got 4 + 3",
      });
      scorer.release();
      device.release();
    });
  });
}

/** Puts the numbers of the six real response tokens at their places in `[N, R]`. */
function scatter(numbers: readonly number[]): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
  return [a, b, c, d, 0, 0, e, f, 0];
}

function logSoftmax(logits: ArrayLike<number>, temperature: number): number[] {
  const scaled = Array.from(logits, (x) => x / temperature);
  const most = Math.max(...scaled);
  const lse = most + Math.log(scaled.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return scaled.map((x) => x - lse);
}
