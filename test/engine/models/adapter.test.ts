import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { LORA_TARGETS } from "../../../engine/config/lora.ts";
import {
  type Adapter,
  type AdaptedModel,
  type ModelConfig,
  type Weights,
  DeviceWeights,
  adaptedLayers,
  adapterParameters,
  changeProducts,
  denseLayers,
  initializeAdapter,
  merged,
  mixAdapters,
  splitTrainable,
  trainableParameters,
} from "../../../engine/models/index.ts";
import { Evaluation, Random, TrainState, sftLoss, sftStep, supervisedBatches } from "../../../engine/training/index.ts";
import { assertClose } from "./close.ts";
import { ALL_BACKENDS, PICO, PICO_EVERYTHING, PICO_FAMILIES, picoSequences, unevenWeights } from "./pico.ts";

const ADAPTER: Adapter = { rank: 3, alpha: 6, targets: LORA_TARGETS };
const NARROW: Adapter = { rank: 2, alpha: 1, targets: ["q_proj", "up_proj"] };
const SHAPE = { batchSize: 4, length: 8 };
const [BATCH = {}] = supervisedBatches(
  picoSequences([8, 5, 7, 3]).map((tokens, row) => ({ tokens, promptLength: row })),
  SHAPE,
);

/** Half the distance between the two points of a difference quotient, along a direction of length 1. */
const STEP = 5e-3;
/** As for whole models: two f32 roundings of a loss of about 5, divided by 1e-2, and the curvature. */
const SLOPE_TOLERANCE = 1e-3;

const adapted = (config: ModelConfig, adapter = ADAPTER): ModelConfig => ({ ...config, adapter });

/** An adapter whose A and B both matter. */
function uneven(config: ModelConfig, seed: number): Weights {
  const random = Random.of(seed, "adapter");
  const tensors = [...initializeAdapter(config, random)].map(([name, { shape, data }]) => {
    return [name, { shape, data: data.map(() => 0.2 * random.normal()) }] as const;
  });
  return new Map(tensors);
}

/** The pico model's change by such an adapter. */
function changed(adapter: Adapter, seed: number): AdaptedModel {
  return { adapter, weights: uneven(adapted(PICO, adapter), seed) };
}

/** The pico model with the change in its weights. */
function whole(base: Weights, { adapter, weights }: AdaptedModel): Weights {
  return merged(adapted(PICO, adapter), new Map([...base, ...weights])).weights;
}

function dataOf(weights: Weights, name: string): Float32Array {
  return weights.get(name)?.data ?? new Float32Array(0);
}

function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, at) => x - (b[at] ?? NaN));
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, x, at) => sum + x * (b[at] ?? NaN), 0);
}

describe("an adapter", () => {
  for (const config of PICO_FAMILIES) {
    it(`may change every dense layer of ${config.architecture}, by the names of the config`, () => {
      assert.deepEqual(denseLayers(config), LORA_TARGETS);
      assert.equal(adaptedLayers(adapted(config)).length, LORA_TARGETS.length * config.nLayers);
    });
  }

  it("starts with A uniform in ±1/√inputs, as PEFT draws it, and B zero", () => {
    const config = adapted({ ...PICO, hiddenSize: 64, intermediateSize: 96 }, { ...ADAPTER, rank: 16 });
    const weights = initializeAdapter(config, Random.of(1, "adapter"));
    for (const [name, { shape, data }] of weights) {
      if (name.endsWith("lora_B.weight")) assert.ok(data.every((x) => x === 0));
      else {
        const bound = 1 / Math.sqrt(shape[1] ?? 0);
        const variance = data.reduce((sum, x) => sum + x * x, 0) / data.length;
        assert.ok(data.every((x) => Math.abs(x) <= bound));
        // A thousand draws: the variance of a uniform one is known to some 3 %.
        assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.15, `${name}: ${variance}`);
      }
    }
  });

  it("trains A, B and heads that the base lacks", () => {
    const config = adapted(PICO, { ...ADAPTER, targets: ["q_proj"] });
    const own = [...adapterParameters(config).keys()];
    assert.deepEqual([...trainableParameters(config).keys()], own);
    assert.deepEqual([...trainableParameters(config, ["score"]).keys()], [...own, "score.weight"]);
    const heads = [...trainableParameters(config, ["language", "value"]).keys()];
    assert.deepEqual(heads, [...own, "v_head.weight", "v_head.bias"]);
  });

  it("leaves out the gradient of the output embedding, which is as large as that", () => {
    const outputsOf = (config: ModelConfig): number | undefined => {
      const graph = new Graph();
      const { loss } = sftLoss(graph, config, SHAPE);
      const wrt = [...trainableParameters(config)].map(([tensor, shape]) => graph.variable(tensor, shape));
      const grads = Object.fromEntries(gradients(loss, wrt).map((grad, at) => [`gradient ${at}`, grad]));
      return plan(grads).instructions.find(({ op }) => op === "logprobGrad")?.outputs.length;
    };
    assert.equal(outputsOf(PICO), 2);
    assert.equal(outputsOf(adapted(PICO)), 1);
  });

  it("has inner products of changes without forming them", () => {
    const models = [changed(ADAPTER, 0), changed(NARROW, 1)];
    const base = unevenWeights(PICO);
    for (const { name } of adaptedLayers(adapted(PICO))) {
      const tensor = `${name}.weight`;
      const changes = models.map((model) => minus(dataOf(whole(base, model), tensor), dataOf(base, tensor)));
      const products = changeProducts([...models, { weights: new Map() }], name);
      for (const [i, a] of changes.entries()) {
        for (const [j, b] of changes.entries()) {
          // Differences of f32 numbers of size 1: off by 6e-8 each.
          assertClose([products[i]?.[j] ?? NaN], [product(a, b)], 1e-5, name);
        }
        assert.equal(products[i]?.[2], 0);
      }
    }
  });

  it("mixed with others is the mixture of the merged models, and not that of A and B by themselves", () => {
    const models = [changed(ADAPTER, 0), changed(NARROW, 1)];
    const base = unevenWeights(PICO);
    const shares = [1.5, -0.7, 0.2];
    const mixed = mixAdapters(PICO, [...models, { weights: new Map() }], () => shares);
    assert.deepEqual(mixed.adapter, { rank: 5, alpha: 5, targets: LORA_TARGETS });
    const actual = whole(base, mixed);
    const wholes = [...models.map((model) => whole(base, model)), base];
    for (const [name, { data }] of base) {
      const parts = wholes.map((weights) => dataOf(weights, name));
      const expected = data.map((_, at) =>
        product(
          shares,
          parts.map((part) => part[at] ?? NaN),
        ),
      );
      // A few f32 roundings of numbers of size 1.
      assertClose(actual.get(name)?.data ?? [], expected, 2e-6, name);
    }
  });

  it("leaves no room for models without a share", () => {
    const models = [changed(ADAPTER, 1), changed(ADAPTER, 2)];
    const { adapter, weights } = mixAdapters(PICO, models, () => [0, 1], [1]);
    assert.equal(adapter.rank, ADAPTER.rank);
    const name = "model.layers.0.self_attn.q_proj.lora_B.weight";
    assert.deepEqual(weights.get(name), models[1]?.weights.get(name));
  });
});

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`an adapter on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    // The oracle takes seconds for each.
    const families = name === "wasm" ? PICO_FAMILIES : [];
    const everything = { ...PICO_EVERYTHING, architecture: "everything at once" };
    for (const config of [...families, everything].map((one) => adapted(one))) {
      it(`has gradients that agree with finite differences: ${config.architecture}`, async () => {
        const { adapter: _adapter, ...base } = config;
        const all = new Map([...unevenWeights(base), ...uneven(config, 4)]);
        const graph = new Graph();
        const { loss } = sftLoss(graph, config, SHAPE);
        const trained = [...trainableParameters(config)];
        const grads = gradients(
          loss,
          trained.map(([tensor, shape]) => graph.variable(tensor, shape)),
        );
        const backward = backend.compile(
          plan(Object.fromEntries(trained.map(([one], at) => [one, grads[at] ?? loss]))),
        );
        const forward = new Evaluation(backend, (own) => sftLoss(own, config, SHAPE));
        const device = DeviceWeights.upload(backend, all);
        const analytic = await backward.run({ inputs: BATCH, variables: device.buffers });
        const random = Random.of(9, "direction");
        // One direction through each A and B of the first layer, whose gradients cross the second.
        for (const [tensor, shape] of trained.filter(([one]) => one.includes(".0."))) {
          const start = dataOf(all, tensor);
          const direction = start.map(() => random.normal());
          const norm = Math.hypot(...direction);
          const lossAt = async (step: number): Promise<number> => {
            const moved = start.map((x, at) => x + (step * (direction[at] ?? NaN)) / norm);
            device.write(new Map([...all, [tensor, { shape, data: moved }]]));
            return (await forward.run(device, [BATCH])).loss;
          };
          const slope = product(direction, analytic[tensor] ?? []) / norm;
          assertClose([slope], [((await lossAt(STEP)) - (await lossAt(-STEP))) / (2 * STEP)], SLOPE_TOLERANCE, tensor);
        }
        for (const held of [backward, forward, device]) held.release();
      });
    }

    it("holds and saves moments of A and B alone, and goes on from them with the same bytes", async () => {
      const config = adapted(PICO);
      const step = sftStep(backend, config, { ...SHAPE, optimizer: { weightDecay: 0.1, maxGradNorm: 1 } });
      const weights = new Map([...unevenWeights(PICO), ...initializeAdapter(config, Random.of(1))]);
      const { trained, frozen } = splitTrainable(config, weights);
      const base = DeviceWeights.upload(backend, frozen);
      const state = TrainState.create(backend, trained);
      const first = await step.run(state, [BATCH], 0.02, base.buffers);
      const saved = await state.save();
      const names = [...adapterParameters(config).keys()];
      assert.deepEqual([...saved.weights.keys()], names);
      assert.equal(saved.optimizer.size, 2 * names.length);
      const restored = TrainState.restore(backend, saved);
      for (let at = 0; at < 5; at++) {
        for (const one of [state, restored]) await step.run(one, [BATCH, BATCH], 0.01, base.buffers);
      }
      assert.deepEqual(await restored.save(), await state.save());
      const last = await step.run(state, [BATCH], 0.01, base.buffers);
      assert.ok(last.loss < first.loss);
      for (const held of [step, state, restored, base]) held.release();
    });
  });
}
