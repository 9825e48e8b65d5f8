import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import { asBf16 } from "../models/bf16Weights.ts";
import {
  type ModelConfig,
  DeviceWeights,
  Generator,
  ResponseScorer,
  SlotDecoder,
  initializeAdapter,
  joinResponses,
  padQueries,
} from "../../../engine/models/index.ts";
import { EnsembleScorer } from "../../../engine/models/ensembleScorer.ts";
import { type StepResult, Random, TrainState, sftStep, supervisedBatches } from "../../../engine/training/index.ts";
import { assertClose } from "../models/close.ts";
import {
  PICO,
  PICO_EVERYTHING,
  PICO_FAMILIES,
  picoGeneration,
  picoSequences,
  picoWeights,
  unevenWeights,
} from "../models/pico.ts";
import { interpreter } from "../../ptx/driver.ts";

/** Backends that compute in bf16: the oracle, and the kernels for NVIDIA cards. */
const ALL_BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = {
  tfjs: () => createTfjsBackend({ precision: "bf16" }),
  "cuda, interpreted": () => Promise.resolve(new CudaBackend(interpreter.open(0), { precision: "bf16" })),
};

const SHAPE = { batchSize: 2, length: 8 };
const BATCHES = supervisedBatches(
  picoSequences([8, 5]).map((tokens, row) => ({ tokens, promptLength: row })),
  SHAPE,
);
/** Every kind of model: all families, all options at once, and an adapter over a frozen base. */
const ADAPTED: ModelConfig = { ...PICO, adapter: { rank: 4, alpha: 8, targets: ["q_proj", "v_proj", "down_proj"] } };
const MODELS: readonly (readonly [name: string, config: ModelConfig])[] = [
  ...PICO_FAMILIES.map((config) => [config.architecture, config] as const),
  ["every option", PICO_EVERYTHING],
];
/**
 * A loss in bf16 against f32: logits of size 2 that some twenty roundings of 2⁻⁹ have moved by 1 %, over ten tokens. The
 * gradient's norm is relative to its size.
 */
const LOSS_TOLERANCE = 0.03;
/** Log-probs that were drawn and scored come of the same bf16 numbers: f32 sums in two orders (rl/preflight.ts). */
const SAME_NUMBERS = 1e-5;

async function stepsOf(backend: Backend, config: ModelConfig, count: number): Promise<readonly StepResult[]> {
  const step = sftStep(backend, config, { ...SHAPE, optimizer: { maxGradNorm: 1 } });
  const state = TrainState.create(backend, unevenWeights(config));
  const results: StepResult[] = [];
  for (let taken = 0; taken < count; taken++) results.push(await step.run(state, BATCHES, 0.01));
  state.release();
  step.release();
  return results;
}

/** Log-probs of a generation as they were drawn, and as a scorer has them. */
async function drawnAndScored(
  backend: Backend,
  config: ModelConfig,
  { queryLength, responseLength }: { readonly queryLength: number; readonly responseLength: number },
): Promise<readonly [drawn: Float32Array, scored: Float32Array]> {
  const weights = DeviceWeights.upload(backend, unevenWeights(config));
  const shape = { batchSize: 3, queryLength, responseLength };
  const generator = new Generator(backend, config, picoGeneration({ ...shape, eos: [] }));
  const scorer = new ResponseScorer(backend, config, { ...shape, batchSize: 2 });
  const queries = picoSequences([queryLength, 1, Math.ceil(queryLength / 2)]);
  const { responses, lengths, logprobs, ...drawn } = await generator.generate(weights, queries, Random.of(1, "draw"));
  const scores = await scorer.score(weights, joinResponses(drawn.queries, responses, lengths));
  for (const part of [generator, scorer, weights]) part.release();
  return [logprobs, scores.logprobs];
}

/** Asserts that the last loss is below a share of the first. */
function assertLearned(losses: readonly number[], share: number): void {
  assert.ok((losses.at(-1) ?? NaN) < share * (losses[0] ?? NaN), losses.join(", "));
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`models in bf16 on ${name}`, () => {
    let backend: Backend;
    let exact: Backend;
    before(async () => {
      [backend, exact] = [await open(), await createWasmBackend({ threads: 1 })];
    });
    after(async () => {
      assert.equal(backend.memory.allocatedBytes, 0);
      await Promise.all([backend.close(), exact.close()]);
    });

    it("holds matrices in bf16 over f32 masters, and vectors and moments in f32", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: {} });
      const state = TrainState.create(backend, picoWeights());
      await step.run(state, BATCHES, 0.01);
      const [computed, kept] = [await state.weights.read(), await state.read()];
      for (const [tensor, { shape, data }] of kept) {
        assert.ok(data instanceof Float32Array, tensor);
        const rounded = asBf16(new Map([[tensor, { shape, data }]])).get(tensor);
        assert.deepEqual(computed.get(tensor), shape.length > 1 ? rounded : { shape, data }, tensor);
      }
      const moments = Object.entries(state.variables).filter(([variable]) => variable.startsWith("exp_avg"));
      assert.ok(moments.length > 0 && moments.every(([, { dtype }]) => dtype === "f32"));
      state.release();
      step.release();
    });

    it("learns", async () => {
      const losses = (await stepsOf(backend, PICO, 8)).map(({ loss }) => loss);
      for (const [at, loss] of losses.entries()) assert.ok(loss < (losses[at - 1] ?? Infinity), losses.join(", "));
      assertLearned(losses, 0.8);
    });

    for (const [model, config] of MODELS) {
      it(`computes losses and gradients of ${model} as f32 does, but for the rounding`, async () => {
        const [[first], [expected]] = [await stepsOf(backend, config, 1), await stepsOf(exact, config, 1)];
        assert.ok(first !== undefined && expected !== undefined);
        assertClose([first.loss], [expected.loss], LOSS_TOLERANCE);
        assertClose([first.gradNorm / expected.gradNorm], [1], LOSS_TOLERANCE);
        assert.notEqual(first.loss, expected.loss);
      });

      it(`draws and scores tokens of ${model} by the same numbers`, async () => {
        const [drawn, scored] = await drawnAndScored(backend, config, { queryLength: 5, responseLength: 6 });
        assertClose(drawn, scored, SAME_NUMBERS);
      });
    }

    it("draws and scores by the same numbers where decoding shares keys among blocks", async () => {
      const [drawn, scored] = await drawnAndScored(backend, PICO, { queryLength: 130, responseLength: 3 });
      assertClose(drawn, scored, SAME_NUMBERS);
    });

    it("gives in slots, and in an ensemble of a model with itself, the log-probs that the model gives alone", async () => {
      const weights = DeviceWeights.upload(backend, picoWeights());
      const shape = { batchSize: 2, queryLength: 5, responseLength: 3 };
      const rollouts = joinResponses(
        padQueries(picoSequences([5, 3]), shape.queryLength, 0),
        Int32Array.of(3, 4, 5, 6, 7, 8),
        Int32Array.of(3, 3),
      );
      const [alone, ensemble] = [
        new ResponseScorer(backend, PICO, shape),
        new EnsembleScorer(backend, [PICO, PICO], shape),
      ];
      const { logprobs } = await alone.score(weights, rollouts);
      assertClose(await ensemble.score([weights, weights], rollouts), logprobs, SAME_NUMBERS);

      const decoder = new SlotDecoder(backend, PICO, { nSlots: 1, context: 16 });
      const slot = decoder.take();
      assert.ok(slot !== undefined);
      const read = await decoder.read(weights, slot, picoSequences([5])[0] ?? [], "last");
      const total = Math.log(read.logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      assertClose([(read.logits[3] ?? NaN) - total], [logprobs[0] ?? NaN], SAME_NUMBERS);
      for (const part of [decoder, alone, ensemble, weights]) part.release();
    });

    it("trains adapters over a base in bf16", async () => {
      const step = sftStep(backend, ADAPTED, { ...SHAPE, optimizer: {} });
      const state = TrainState.create(backend, initializeAdapter(ADAPTED, Random.of(1, "adapter")));
      const base = DeviceWeights.upload(backend, picoWeights());
      assert.equal(base.buffers["model.embed_tokens.weight"]?.dtype, "bf16");
      const losses: number[] = [];
      for (let taken = 0; taken < 6; taken++) losses.push((await step.run(state, BATCHES, 0.03, base.buffers)).loss);
      assertLearned(losses, 0.95);
      for (const part of [state, step, base]) part.release();
    });

    it("computes blocks again to the same bytes", async () => {
      const trained = await Promise.all(
        (["none", "blocks"] as const).map(async (recomputation) => {
          const step = sftStep(backend, PICO, { ...SHAPE, optimizer: {}, recomputation });
          const state = TrainState.create(backend, picoWeights());
          await step.run(state, BATCHES, 0.01);
          const weights = await state.read();
          state.release();
          step.release();
          return weights;
        }),
      );
      assert.deepEqual(trained[1], trained[0]);
    });
  });
}
