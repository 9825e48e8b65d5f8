import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Backend } from "../../../engine/compute/backend.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import {
  ARCHITECTURES,
  DeviceWeights,
  Generator,
  hidden,
  padRight,
  parameters,
  sequenceArrays,
  sequenceInputs,
} from "../../../engine/models/index.ts";
import { Random, TrainState, sftStep, supervisedBatches } from "../../../engine/training/index.ts";
import { assertClose } from "../../engine/models/close.ts";
import { ALL_BACKENDS } from "../../engine/models/pico.ts";
import { loadGolden, loadPico } from "./checkpoint.ts";

const LENGTH = 12;
const RESPONSE = 8;
const PAD = 2;

/**
 * Both sides compute in f32 and add in different orders: logits of up to about 10 are sums of dozens of terms, each
 * rounded to 6e-8 of its size. Measured: 3e-6.
 */
const LOGIT_TOLERANCE = 2e-5;
/** Relative to the gradient norm; three steps of Adam amplify such roundings a little. Measured: 3e-5. */
const STEP_TOLERANCE = 1e-4;

const GOLDEN = await loadGolden();

describe("golden checkpoints", () => {
  for (const { name } of ARCHITECTURES) {
    it(`are there for ${name}`, () => {
      assert.ok(name in GOLDEN);
    });
  }
});

/** Of a model that pads with end-of-text: see padding.py. */
interface PaddingGolden {
  readonly pad: number;
  readonly sequence: readonly number[];
  /** Rows of the input embedding that a training step of transformers moves. */
  readonly moved: readonly number[];
}

for (const [backendName, open] of Object.entries(ALL_BACKENDS)) {
  describe(`the padding token's input embedding on ${backendName}`, () => {
    it("is trained like any other, where transformers' padding_idx keeps it: the one departure of a step", async () => {
      const text = await readFile(new URL("padding.json", import.meta.url), "utf8");
      const { pad, sequence, moved } = JSON.parse(text) as PaddingGolden;
      const backend = await open();
      const { config, weights } = await loadPico("llama");
      assert.equal(config.specialTokens.pad, pad);
      const name = "model.embed_tokens.weight";
      const before = weights.get(name)?.data.slice() ?? new Float32Array();
      const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1 };
      const step = sftStep(backend, config, { batchSize: 1, length: LENGTH, optimizer });
      const state = TrainState.create(backend, weights);
      const batches = supervisedBatches([{ tokens: sequence, promptLength: 1 }], { batchSize: 1, length: LENGTH });
      await step.run(state, batches, 1e-3);
      const after = (await state.read()).get(name)?.data ?? new Float32Array();
      const C = config.hiddenSize;
      const ours = Array.from({ length: config.vocabularySize }, (_, row) => row).filter((row) =>
        before.subarray(row * C, (row + 1) * C).some((value, at) => value !== after[row * C + at]),
      );
      assert.deepEqual(
        ours,
        [...moved, pad].sort((a, b) => a - b),
      );
      state.release();
      step.release();
      await backend.close();
    });
  });

  for (const [name, golden] of Object.entries(GOLDEN)) {
    describe(`${name} checkpoint of transformers on ${backendName}`, () => {
      let backend: Backend;

      before(async () => (backend = await open()));
      after(() => backend.close());

      it("has the tensors that transformers saved", async () => {
        const { config, saved } = await loadPico(name);
        assert.deepEqual([...parameters(config).keys()].sort(), [...saved].sort());
      });

      it("gives the logits of PyTorch", async () => {
        const { config, weights } = await loadPico(name);
        const device = DeviceWeights.upload(backend, weights);
        const graph = new Graph();
        const h = hidden(graph, config, sequenceInputs(graph, golden.sequences.length, LENGTH));
        const executable = backend.compile(plan({ logits: logits(h, config) }));
        const inputs = sequenceArrays(padRight(golden.sequences, LENGTH), [...golden.sequences.keys()], 3);
        const outputs = await executable.run({ inputs, variables: device.buffers });
        const actual = outputs["logits"];
        assert.ok(actual);
        for (const [row, positions] of golden.logits.entries()) {
          const from = row * LENGTH * config.vocabularySize;
          const wanted = positions.flat();
          assertClose(actual.subarray(from, from + wanted.length), wanted, LOGIT_TOLERANCE);
        }
        executable.release();
        device.release();
      });

      it("continues greedily with the tokens of transformers", async () => {
        const { config, weights } = await loadPico(name);
        const device = DeviceWeights.upload(backend, weights);
        const generator = new Generator(backend, config, {
          batchSize: 2,
          queryLength: Math.max(...golden.promptLengths),
          responseLength: RESPONSE,
          sampling: { temperature: 0 },
          eos: [PAD],
          pad: PAD,
        });
        const queries = golden.sequences.map((sequence, row) => sequence.slice(0, golden.promptLengths[row]));
        const { responses, lengths } = await generator.generate(device, queries, Random.of(1));
        const texts = [...lengths].map((length, row) => [
          ...responses.subarray(row * RESPONSE, row * RESPONSE + length),
        ]);
        assert.deepEqual(texts, golden.greedy);
        generator.release();
        device.release();
      });

      it("trains like torch.optim.AdamW with clipping, step by step", async () => {
        const { config, weights } = await loadPico(name);
        const { lr, betas, eps, weight_decay: weightDecay, maxGradNorm } = golden.optimizer;
        const optimizer = { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay, maxGradNorm };
        const step = sftStep(backend, config, { batchSize: 3, length: LENGTH, optimizer });
        const state = TrainState.create(backend, weights);
        const batches = supervisedBatches(
          golden.sequences.map((tokens, row) => ({ tokens, promptLength: golden.promptLengths[row] ?? 0 })),
          { batchSize: 3, length: LENGTH },
        );
        for (const expected of golden.sft.steps) {
          const { loss, gradNorm } = await step.run(state, batches, lr);
          assertClose([loss, gradNorm], [expected.loss, expected.gradNorm], STEP_TOLERANCE * expected.gradNorm);
        }
        for (const [tensor, { data }] of await state.read()) {
          const expected = golden.sft.parameters[tensor];
          assert.ok(expected, tensor);
          const sums = [sumOf(data), sumOf(data.map((x) => x * x))];
          // Adam moves each weight by up to lr per step whatever the gradient's size, so weights whose gradient is
          // all but 0 may move differently; sums of hundreds of weights differ by a small part of that. Measured: 2e-4,
          // and 1.2e-3 where one weight of gemma3_text does so.
          assertClose(sums, [expected.sum, expected.sumOfSquares], 2e-3, tensor);
        }
        state.release();
        step.release();
      });
    });
  }
}

function sumOf(data: Float32Array): number {
  return data.reduce((sum, x) => sum + x, 0);
}
