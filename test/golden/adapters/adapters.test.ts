import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import { asBf16 } from "../../engine/models/bf16Weights.ts";
import {
  type FrozenWeights,
  type ModelConfig,
  type Weights,
  DeviceWeights,
  RewardScorer,
  hidden,
  merged,
  mixAdapters,
  padRight,
  sequenceArrays,
  sequenceInputs,
  splitTrainable,
  trainableParameters,
} from "../../../engine/models/index.ts";
import { TrainState, sftLoss, sftStep, supervisedBatches } from "../../../engine/training/index.ts";
import { assertClose } from "../../engine/models/close.ts";
import { ALL_BACKENDS } from "../../engine/models/pico.ts";
import { type AdaptedPico, type AdapterGolden, loadAdapted, loadAdaptersGolden } from "./golden.ts";

const LENGTH = 12;
/** As for the models themselves: sums of dozens of f32 terms in other orders. Measured: 4e-6. */
const LOGIT_TOLERANCE = 2e-5;
/** The merged weights are rounded once more, by 6e-8 of their size each. Measured: 4e-6. */
const MERGED_TOLERANCE = 4e-5;
/** Relative to the largest number of a tensor's gradient. Measured: 3e-6. */
const GRADIENT_TOLERANCE = 2e-5;
/** Relative to the gradient norm; three steps of Adam amplify such roundings a little. */
const STEP_TOLERANCE = 1e-4;

const GOLDEN = await loadAdaptersGolden();

for (const [backendName, open] of Object.entries(ALL_BACKENDS)) {
  describe(`adapters of PEFT on ${backendName}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    async function logitsOf(
      config: ModelConfig,
      weights: FrozenWeights,
      sequences: AdapterGolden["sequences"],
    ): Promise<Float32Array[]> {
      const device = DeviceWeights.upload(backend, weights);
      const graph = new Graph();
      const h = hidden(graph, config, sequenceInputs(graph, sequences.length, LENGTH));
      const executable = backend.compile(plan({ logits: logits(h, config) }));
      const inputs = sequenceArrays(padRight(sequences, LENGTH), [...sequences.keys()], sequences.length);
      const outputs = await executable.run({ inputs, variables: device.buffers });
      executable.release();
      device.release();
      const width = LENGTH * config.vocabularySize;
      return sequences.map(({ length }, row) => {
        const all = outputs["logits"] as Float32Array;
        return all.slice(row * width, row * width + length * config.vocabularySize);
      });
    }

    function assertLogits(actual: readonly Float32Array[], golden: AdapterGolden["logits"], tolerance: number): void {
      for (const [row, positions] of golden.entries()) assertClose(actual[row] ?? [], positions.flat(), tolerance);
    }

    for (const [name, golden] of Object.entries(GOLDEN.adapters)) {
      it(`give the logits of PyTorch: ${name}`, async () => {
        const { config, weights } = await loadAdapted(name, golden.base);
        assertLogits(await logitsOf(config, weights, golden.sequences), golden.logits, LOGIT_TOLERANCE);
      });

      it(`give them merged into the weights, too: ${name}`, async () => {
        const { config, weights, base } = await loadAdapted(name, golden.base);
        const whole = merged(config, weights);
        assert.deepEqual(whole.config, base.config);
        assert.deepEqual([...whole.weights.keys()].sort(), [...base.weights.keys()].sort());
        assertLogits(await logitsOf(whole.config, whole.weights, golden.sequences), golden.logits, MERGED_TOLERANCE);
      });

      it(`have the gradients of PyTorch: ${name}`, async () => {
        const { config, weights } = await loadAdapted(name, golden.base);
        const graph = new Graph();
        const { loss } = sftLoss(graph, config, { batchSize: 3, length: LENGTH });
        const trained = [...trainableParameters(config)];
        const grads = gradients(
          loss,
          trained.map(([tensor, shape]) => graph.variable(tensor, shape)),
        );
        const named = Object.fromEntries(trained.map(([tensor], at) => [tensor, grads[at] ?? loss]));
        const device = DeviceWeights.upload(backend, weights);
        const executable = backend.compile(plan(named));
        const outputs = await executable.run({ inputs: batchOf(golden), variables: device.buffers });
        assert.deepEqual(Object.keys(golden.sft.gradients).sort(), [...trained.map(([tensor]) => tensor)].sort());
        for (const [tensor, expected] of Object.entries(golden.sft.gradients)) {
          const largest = Math.max(...expected.map(Math.abs));
          assertClose(outputs[tensor] ?? [], expected, GRADIENT_TOLERANCE * largest, tensor);
        }
        executable.release();
        device.release();
      });

      it(`train A and B alone, like torch.optim.AdamW, step by step: ${name}`, async () => {
        const { config, weights } = await loadAdapted(name, golden.base);
        const { lr, betas, eps, weight_decay: weightDecay, maxGradNorm } = golden.optimizer;
        const optimizer = { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay, maxGradNorm };
        const { trained, frozen } = splitTrainable(config, weights);
        const state = TrainState.create(backend, trained);
        const base = DeviceWeights.upload(backend, frozen);
        const step = sftStep(backend, config, { batchSize: 3, length: LENGTH, optimizer });
        for (const { loss, gradNorm } of golden.sft.steps) {
          const result = await step.run(state, [batchOf(golden)], lr, base.buffers);
          assertClose([result.loss], [loss], STEP_TOLERANCE * Math.max(1, loss), "loss");
          assertClose([result.gradNorm], [gradNorm], STEP_TOLERANCE * gradNorm, "norm");
        }
        assertSums(await state.read(), golden.sft.parameters);
        assert.deepEqual(await base.read(), frozen);
        for (const held of [state, base, step]) held.release();
      });
    }

    it("train over a base that is held in bf16", async () => {
      const golden = goldenOf("llama-a");
      const { config, weights } = await loadAdapted("llama-a", golden.base);
      const { trained, frozen } = splitTrainable(config, weights);
      const losses: number[] = [];
      for (const held of [frozen, asBf16(frozen)]) {
        const state = TrainState.create(backend, trained);
        const base = DeviceWeights.upload(backend, held);
        const step = sftStep(backend, config, { batchSize: 3, length: LENGTH, optimizer: {} });
        for (let at = 0; at < 5; at++) {
          losses.push((await step.run(state, [batchOf(golden)], 0.01, base.buffers)).loss);
        }
        for (const one of [state, base, step]) one.release();
      }
      // Weights are off by 2⁻⁹ of their size: some hundredths in the logits.
      assertClose(losses.slice(5), losses.slice(0, 5), 0.1);
      assert.ok((losses[4] ?? NaN) < (losses[0] ?? NaN), "it learns");
    });

    it("are mixed without leaving low rank, as PEFT's cat mixes them", async () => {
      const { of, weights: shares, logits: expected } = GOLDEN.soup;
      const parts = await Promise.all(of.map((name) => loadAdapted(name, goldenOf(name).base)));
      const [{ base }] = parts as [AdaptedPico, ...AdaptedPico[]];
      const changes = parts.map(({ change }) => change);
      const { adapter, weights } = mixAdapters(base.config, changes, () => shares);
      assert.equal(adapter.rank, 5);
      const config = { ...base.config, adapter };
      const all = new Map([...base.weights, ...weights]);
      const { sequences } = goldenOf(of[0] ?? "");
      assertLogits(await logitsOf(config, all, sequences), expected, MERGED_TOLERANCE);
    });

    it("bring a reward model's head along", async () => {
      const { base, sequences, scores } = GOLDEN.reward;
      const { config, weights } = await loadAdapted("llama-reward", base, ["score"]);
      const scorer = new RewardScorer(backend, config, { batchSize: 3, length: LENGTH });
      const device = DeviceWeights.upload(backend, weights);
      assertClose(await scorer.score(device, sequences), scores, LOGIT_TOLERANCE);
      scorer.release();
      device.release();
    });
  });
}

function goldenOf(name: string): AdapterGolden {
  const golden = GOLDEN.adapters[name];
  if (golden === undefined) throw new RangeError(`there is no golden adapter ${name}`);
  return golden;
}

function batchOf({ sequences, promptLengths }: AdapterGolden): ReturnType<typeof supervisedBatches>[number] {
  const examples = sequences.map((tokens, row) => ({ tokens, promptLength: promptLengths[row] ?? 0 }));
  return supervisedBatches(examples, { batchSize: 3, length: LENGTH })[0] ?? {};
}

function assertSums(weights: Weights, sums: AdapterGolden["sft"]["parameters"]): void {
  assert.deepEqual([...weights.keys()].sort(), Object.keys(sums).sort());
  for (const [name, { sum, sumOfSquares }] of Object.entries(sums)) {
    const data = [...(weights.get(name)?.data ?? [])];
    const scale = Math.max(1, Math.sqrt(sumOfSquares * data.length));
    assertClose([data.reduce((total, x) => total + x, 0)], [sum], STEP_TOLERANCE * scale, name);
    assertClose([data.reduce((total, x) => total + x * x, 0)], [sumOfSquares], STEP_TOLERANCE * scale, name);
  }
}
