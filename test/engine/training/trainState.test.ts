import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { DeviceWeights, asF32 } from "../../../engine/models/index.ts";
import { Evaluation, TrainState, sftLoss, sftStep, supervisedBatches } from "../../../engine/training/index.ts";
import { asBf16 } from "../models/bf16Weights.ts";
import { ALL_BACKENDS, PICO, picoSequences, picoWeights } from "../models/pico.ts";

const SHAPE = { batchSize: 2, length: 8 };
const OPTIMIZER = { maxGradNorm: 1, weightDecay: 0.1 };
/** Two micro-batches of two rows. */
const BATCHES = supervisedBatches(
  picoSequences([8, 5, 7, 3]).map((tokens, row) => ({ tokens, promptLength: row })),
  SHAPE,
);
const [FIRST = {}] = BATCHES;

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`training state on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** Asserts that the model's weights are those of the optimizer, rounded where they are matrices. */
    async function assertRounded(state: TrainState): Promise<void> {
      const [computed, kept] = [await state.weights.read(), await state.read()];
      assert.deepEqual([...computed.keys()], [...kept.keys()]);
      for (const [tensor, { shape, data }] of kept) {
        const one = new Map([[tensor, { shape, data }]]);
        assert.deepEqual(computed.get(tensor), (shape.length > 1 ? asBf16(one) : one).get(tensor), tensor);
      }
    }

    it("is one copy where the model computes in f32", () => {
      const before = backend.memory.allocatedBytes;
      const state = TrainState.create(backend, picoWeights());
      const tensors = picoWeights().size;
      assert.equal(Object.keys(state.variables).length, 3 * tensors);
      assert.ok(Object.values(state.variables).every(({ dtype }) => dtype === "f32"));
      state.release();
      assert.equal(backend.memory.allocatedBytes, before);
    });

    it("keeps bf16 weights equal to their rounded masters, step after step", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: OPTIMIZER });
      const state = TrainState.create(backend, picoWeights(), "bf16");
      await assertRounded(state);
      for (const batches of [[FIRST], [FIRST], BATCHES]) {
        const start = await state.read();
        await step.run(state, batches, 0.01);
        assert.notDeepEqual(await state.read(), start);
        await assertRounded(state);
      }
      state.release();
      step.release();
    });

    it("computes with the rounded weights and keeps updates too small for them", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: {} });
      const evaluation = new Evaluation(backend, (graph) => sftLoss(graph, PICO, SHAPE));
      const state = TrainState.create(backend, picoWeights(), "bf16");
      const start = await state.read();
      const rounded = DeviceWeights.upload(backend, asF32(await state.weights.read()));
      const expected = await evaluation.run(rounded, [FIRST]);
      assert.deepEqual(await evaluation.run(state.weights, [FIRST]), expected);
      const { loss } = await step.run(state, [FIRST], 1e-6);
      assert.equal(loss, expected.loss);
      // A step of 1e-6 is far below half a step of bf16 for weights of 0.3, but for some near 0 or on an edge.
      const name = "model.layers.0.mlp.up_proj.weight";
      const before = start.get(name)?.data ?? new Float32Array(0);
      const kept = (await state.read()).get(name)?.data ?? new Float32Array(0);
      const [computed, rounds] = [await state.weights.read(), asBf16(start)].map((weights) => weights.get(name)?.data);
      const count = (data: ArrayLike<number>, other?: ArrayLike<number>): number =>
        Array.from(data).filter((x, at) => x !== other?.[at]).length;
      assert.ok(count(kept, before) > 0.9 * kept.length, "masters move");
      assert.ok(count(computed ?? [], rounds) < 0.05 * kept.length, "few bf16 weights do");
      for (const held of [step, evaluation, state, rounded]) held.release();
    });

    it("learns in bf16 as in f32, but for rounding", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: {} });
      const losses: number[] = [];
      for (const compute of ["f32", "bf16"] as const) {
        const state = TrainState.create(backend, picoWeights(), compute);
        let loss = Infinity;
        for (let at = 0; at < 30; at++) ({ loss } = await step.run(state, [FIRST], 0.02));
        losses.push(loss);
        state.release();
      }
      const [f32 = NaN, bf16 = NaN] = losses;
      // Weights are off by 2⁻⁹ of their size: some hundredths in the logits.
      assert.ok(Math.abs(f32 - bf16) < 0.05 && bf16 < 0.3, `loss ${bf16} in bf16, ${f32} in f32`);
      step.release();
    });

    it("saves masters alone, and goes on from them with the same bytes", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: OPTIMIZER });
      const state = TrainState.create(backend, picoWeights(), "bf16");
      await step.run(state, [FIRST], 0.01);
      const saved = await state.save();
      assert.deepEqual([...saved.weights.keys()], [...picoWeights().keys()]);
      assert.ok([...saved.weights.values()].every(({ data }) => data instanceof Float32Array));
      const restored = TrainState.restore(backend, saved, "bf16");
      await assertRounded(restored);
      for (const one of [state, restored]) await step.run(one, BATCHES, 0.01);
      assert.deepEqual(await restored.save(), await state.save());
      for (const held of [step, state, restored]) held.release();
    });
  });
}
