import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import {
  type HostTensor,
  type ModelConfig,
  type Weights,
  DeviceWeights,
  parameters,
} from "../../../engine/models/index.ts";
import {
  type TokenizedExample,
  type LossBuilder,
  type PreferencePair,
  Evaluation,
  Random,
  TrainState,
  TrainStep,
  pairBatches,
  rewardModelLoss,
  rewardModelStep,
  sftLoss,
  sftStep,
  supervisedBatches,
} from "../../../engine/training/index.ts";
import { type ReferredPair, SequenceScorer, dpoBatches, dpoNodes, dpoStep } from "../../../engine/rl/dpoStep.ts";
import { assertClose } from "../models/close.ts";
import {
  BACKENDS,
  PICO,
  PICO_EVERYTHING,
  PICO_FAMILIES,
  picoSequences,
  picoWeights,
  unevenWeights,
} from "../models/pico.ts";

const PICO_GEMMA: ModelConfig = {
  ...PICO,
  activation: "geluTanh",
  normOffset: 1,
  embeddingScale: 4,
  attentionPattern: [{ window: 3, rope: { theta: 10_000 } }],
  tiedEmbeddings: true,
};
const SHAPE = { batchSize: 4, length: 8 };
const bradleyTerry: Parameters<typeof rewardModelStep>[2]["loss"] = (chosen, rejected, margin) =>
  chosen.sub(rejected).sub(margin).logSigmoid().sum().div(chosen.size).neg();

function picoExamples(): TokenizedExample[] {
  return picoSequences([8, 5, 7, 3]).map((tokens, row) => ({ tokens, promptLength: row }));
}

function picoPairs(): PreferencePair[] {
  const [chosen, rejected] = [picoSequences([8, 5, 7, 3], 1), picoSequences([6, 5, 2, 4], 2)];
  return chosen.map((sequence, row) => ({ chosen: sequence, rejected: rejected[row] ?? [] }));
}

/** Pairs of one prompt each, with what some reference says of them. */
function picoResponses(): ReferredPair[] {
  const [chosen, rejected] = [picoSequences([8, 5, 7, 3], 1), picoSequences([6, 5, 4, 4], 2)];
  return chosen.map((tokens, row) => ({
    chosen: { tokens, promptLength: 1 + (row % 2) },
    rejected: { tokens: rejected[row] ?? [], promptLength: 1 + (row % 2) },
    referenceChosen: -10 - row,
    referenceRejected: -12 + 2 * row,
  }));
}

for (const [name, open] of Object.entries(BACKENDS)) {
  describe(`training step on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** Compares each tensor's gradient with the change of the loss along a random direction. */
    async function checkGradients(build: LossBuilder, weights: Weights, inputs: Inputs): Promise<void> {
      const graph = new Graph();
      const { loss } = build(graph);
      const names = [...weights.keys()];
      const wrt = [...weights].map(([tensor, { shape }]) => graph.variable(tensor, shape));
      const named = Object.fromEntries(gradients(loss, wrt).map((grad, at) => [names[at] ?? "", grad]));
      const backward = backend.compile(plan(named));
      const forward = new Evaluation(backend, build);
      const base = DeviceWeights.upload(backend, weights);
      const analytic = await backward.run({ inputs, variables: base.buffers });
      const lossAt = async (values: Weights): Promise<number> => {
        base.write(values);
        return (await forward.run(base, [inputs])).loss;
      };
      for (const tensor of names) {
        const direction = unitDirection(weights.get(tensor)?.data.length ?? 0, tensor);
        const up = await lossAt(moved(weights, tensor, direction, STEP));
        const down = await lossAt(moved(weights, tensor, direction, -STEP));
        const slope = direction.reduce((sum, x, at) => sum + x * (analytic[tensor]?.[at] ?? NaN), 0);
        assertClose([slope], [(up - down) / (2 * STEP)], SLOPE_TOLERANCE, tensor);
      }
      for (const held of [backward, forward, base]) held.release();
    }

    it("has gradients of the whole SFT loss that agree with finite differences", async () => {
      const [inputs = {}] = supervisedBatches(picoExamples(), SHAPE);
      await checkGradients((graph) => sftLoss(graph, PICO, SHAPE), picoWeights(), inputs);
    });

    for (const [title, config] of [
      ["where embeddings are tied and scaled, and norms stored as w − 1", PICO_GEMMA],
      ["through every kind of norm, bias and cap", PICO_EVERYTHING],
    ] as const) {
      it(`has them ${title}, too`, async () => {
        const [inputs = {}] = supervisedBatches(picoExamples(), SHAPE);
        await checkGradients((graph) => sftLoss(graph, config, SHAPE), unevenWeights(config), inputs);
      });
    }

    it("has gradients of the reward loss that agree with finite differences", async () => {
      const [inputs = {}] = pairBatches(picoPairs(), SHAPE);
      const build: LossBuilder = (graph) => rewardModelLoss(graph, PICO, { ...SHAPE, loss: bradleyTerry });
      await checkGradients(build, picoWeights(1, ["score"]), inputs);
    });

    it("has gradients of the DPO loss that agree with finite differences, for each of its shapes", async () => {
      // Near what the policy says itself: a large square would drown the differences in f32.
      const scorer = new SequenceScorer(backend, PICO, SHAPE);
      const weights = DeviceWeights.upload(backend, picoWeights());
      const pairs = picoResponses();
      const chosen = await scorer.score(
        weights,
        pairs.map((pair) => pair.chosen),
      );
      const rejected = await scorer.score(
        weights,
        pairs.map((pair) => pair.rejected),
      );
      for (const held of [scorer, weights]) held.release();
      const near = pairs.map((pair, row) => ({
        ...pair,
        referenceChosen: (chosen[row] ?? NaN) - 0.3 * row,
        referenceRejected: (rejected[row] ?? NaN) + 0.2,
      }));
      const [inputs = {}] = dpoBatches(near, SHAPE);
      for (const loss of [
        { beta: 0.3, kind: "sigmoid", smoothing: 0.1 },
        { beta: 0.3, kind: "hinge" },
        { beta: 0.3, kind: "ipo" },
      ] as const) {
        await checkGradients((graph) => dpoNodes(graph, PICO, { ...SHAPE, loss }), picoWeights(), inputs);
      }
    });

    it("of DPO counts a pair alike in one micro-batch and in several", async () => {
      const loss = { beta: 0.3, kind: "sigmoid" } as const;
      const results: number[][] = [];
      for (const batchSize of [4, 2]) {
        const shape = { ...SHAPE, batchSize };
        const step = dpoStep(backend, PICO, { ...shape, loss, optimizer: { maxGradNorm: 1 } });
        const state = TrainState.create(backend, picoWeights());
        const { loss: found, gradNorm, metrics } = await step.run(state, dpoBatches(picoResponses(), shape), 0.01);
        results.push([found, gradNorm, ...Object.values(metrics)]);
        for (const held of [step, state]) held.release();
      }
      // Sums of four numbers in another order.
      assertClose(results[1] ?? [], results[0] ?? [], 1e-5, "loss, norm and metrics");
    });

    it("teaches DPO's policy to prefer the chosen to the rejected more than its reference does", async () => {
      const loss = { beta: 0.5, kind: "sigmoid" } as const;
      const step = dpoStep(backend, PICO, { ...SHAPE, loss, optimizer: { maxGradNorm: 1 } });
      const state = TrainState.create(backend, picoWeights());
      const batches = dpoBatches(picoResponses(), SHAPE);
      for (let at = 0; at < 40; at++) await step.run(state, batches, 0.01);
      const { loss: found, metrics } = await step.run(state, batches, 0);
      assert.ok(found < 0.1, `loss ${found}`);
      assert.equal(metrics["dpo/accuracy"], 1);
      const [margin, chosen, rejected] = ["margin", "chosenReward", "rejectedReward"].map(
        (one) => metrics[`dpo/${one}`],
      );
      assertClose([margin ?? NaN], [(chosen ?? NaN) - (rejected ?? NaN)], 1e-5, "margin");
      for (const held of [step, state]) held.release();
    });

    it("sums a response's log-probs alone: the prompt's and the padding's leave them as they are", async () => {
      const scorer = new SequenceScorer(backend, PICO, { batchSize: 3, length: 8 });
      const whole = new SequenceScorer(backend, PICO, { batchSize: 1, length: 5 });
      const weights = DeviceWeights.upload(backend, picoWeights());
      const [tokens = []] = picoSequences([5]);
      const from = (promptLength: number): TokenizedExample => ({ tokens, promptLength });
      const [all, later, last] = await scorer.score(weights, [from(1), from(3), from(4)]);
      const [alone] = await whole.score(weights, [from(1)]);
      const [start] = await whole.score(weights, [{ tokens: tokens.slice(0, 3), promptLength: 1 }]);
      const [third] = await whole.score(weights, [{ tokens: tokens.slice(0, 4), promptLength: 3 }]);
      assertClose([all ?? NaN], [alone ?? NaN], 1e-5, "padding");
      assertClose([later ?? NaN], [(all ?? NaN) - (start ?? NaN)], 1e-5, "after three tokens");
      assertClose([last ?? NaN], [(later ?? NaN) - (third ?? NaN)], 1e-5, "the last token");
      for (const held of [scorer, whole, weights]) held.release();
    });

    for (const [title, config] of [
      ["learns one batch by heart", PICO],
      ["does so with every kind of norm, bias and cap", PICO_EVERYTHING],
    ] as const) {
      it(title, async () => {
        const step = sftStep(backend, config, { ...SHAPE, optimizer: {} });
        const state = TrainState.create(backend, unevenWeights(config));
        const batches = supervisedBatches(picoExamples(), SHAPE);
        let loss = Infinity;
        for (let at = 0; at < 60; at++) ({ loss } = await step.run(state, batches, 0.02));
        // No token follows one history twice, so the loss has no floor above 0.
        assert.ok(loss < 0.05, `loss ${loss}`);
        assert.equal(state.step, 60);
        state.release();
        step.release();
      });
    }

    it("teaches a reward model to tell chosen from rejected", async () => {
      const step = rewardModelStep(backend, PICO, { ...SHAPE, loss: bradleyTerry, optimizer: { maxGradNorm: 1 } });
      const state = TrainState.create(backend, picoWeights(1, ["score"]));
      const batches = pairBatches(picoPairs(), SHAPE);
      for (let at = 0; at < 30; at++) await step.run(state, batches, 0.01);
      const { loss, metrics } = await step.run(state, batches, 0);
      assert.ok(loss < 0.1, `loss ${loss}`);
      assert.equal(metrics["reward/accuracy"], 1);
      state.release();
      step.release();
    });

    // The copies are the graph's; the oracle takes half a minute over them.
    for (const config of name === "tfjs" ? [] : PICO_FAMILIES) {
      it(`trains ${config.architecture} to the same bytes whatever the backward pass computes again`, async () => {
        const batches = supervisedBatches(picoExamples(), SHAPE);
        const results = [];
        for (const recomputation of ["none", "cheap", "blocks"] as const) {
          const step = sftStep(backend, config, { ...SHAPE, optimizer: { maxGradNorm: 1 }, recomputation });
          const state = TrainState.create(backend, unevenWeights(config));
          const steps = [await step.run(state, batches, 0.02), await step.run(state, batches.slice(0, 1), 0.02)];
          results.push({ steps, saved: await state.save() });
          for (const held of [state, step]) held.release();
        }
        const [kept, cheap, blocks] = results;
        assert.deepEqual(cheap, kept);
        assert.deepEqual(blocks, kept);
      });
    }

    it("reports an evaluation like the step that would follow", async () => {
      const step = sftStep(backend, PICO, { ...SHAPE, optimizer: {} });
      const evaluation = new Evaluation(backend, (graph) => sftLoss(graph, PICO, SHAPE));
      const state = TrainState.create(backend, picoWeights());
      const batches = supervisedBatches(picoExamples(), SHAPE);
      const evaluated = await evaluation.run(state.weights, batches);
      const { loss, metrics } = await step.run(state, batches, 0.01);
      assert.deepEqual(evaluated, { loss, metrics });
      for (const held of [state, step, evaluation]) held.release();
    });

    for (const [path, batchSize] of [
      ["one run", 4],
      ["micro-batches", 2],
    ] as const) {
      it(`reports a broken weight and changes nothing: ${path}`, async () => {
        const step = sftStep(backend, PICO, { batchSize, length: 8, optimizer: { maxGradNorm: 1 } });
        const weights = new Map(picoWeights());
        weights.set("model.norm.weight", { shape: [16], data: new Float32Array(16).fill(NaN) });
        const state = TrainState.create(backend, weights);
        const before = await state.save();
        const batches = supervisedBatches(picoExamples(), { batchSize, length: 8 });
        await assert.rejects(step.run(state, batches, 0.5), {
          name: "NumericalError",
          metric: "loss",
          message: "sft step 1: loss is NaN; lower the learning rate (now 0.5) or lower maxGradNorm (now 1)",
        });
        assert.deepEqual(await state.save(), before);
        state.release();
        step.release();
      });
    }

    it("changes nothing when only the gradient overflows", async () => {
      const huge = 1e30;
      const step = new TrainStep(backend, {
        name: "test",
        parameters: new Map([["w", [2]]]),
        // The loss is small, but its gradient's square is beyond f32.
        loss: (graph) => ({ loss: graph.variable("w", [2]).mul(huge).sum().mul(1) }),
        optimizer: {},
      });
      const state = TrainState.create(backend, new Map([["w", { shape: [2], data: Float32Array.of(1e-30, -1e-30) }]]));
      const before = await state.save();
      await assert.rejects(step.run(state, [{}], 0.1), {
        name: "NumericalError",
        metric: "gradNorm",
        message: "test step 1: gradNorm is Infinity; lower the learning rate (now 0.1) or set maxGradNorm",
      });
      assert.deepEqual(await state.save(), before);
      state.release();
      step.release();
    });

    it("decays matrices only", async () => {
      const parametersOf = new Map([
        ["matrix", [1, 1]],
        ["norm.weight", [1]],
      ]);
      const step = new TrainStep(backend, {
        name: "test",
        parameters: parametersOf,
        loss: (graph) => {
          const [matrix, norm] = [graph.variable("matrix", [1, 1]), graph.variable("norm.weight", [1])];
          return { loss: matrix.sum().add(norm.sum()).mul(0) };
        },
        optimizer: { weightDecay: 0.5 },
      });
      const one = (shape: readonly number[]): HostTensor => ({ shape, data: Float32Array.of(1) });
      const state = TrainState.create(backend, new Map([...parametersOf].map(([key, shape]) => [key, one(shape)])));
      await step.run(state, [{}], 0.1);
      const weights = await state.weights.read();
      // With a gradient of 0 only decay moves a weight: by lr · decay = 0.05, up to the rounding of f32.
      assertClose(weights.get("matrix")?.data ?? [], [0.95], 1e-7);
      assertClose(weights.get("norm.weight")?.data ?? [], [1], 1e-7);
      state.release();
      step.release();
    });

    it("gives all device memory back", async () => {
      const before = backend.memory.allocatedBytes;
      const step = sftStep(backend, PICO, { batchSize: 2, length: 8, optimizer: {} });
      const state = TrainState.create(backend, picoWeights());
      await step.run(state, supervisedBatches(picoExamples(), { batchSize: 2, length: 8 }), 0.01);
      state.release();
      step.release();
      assert.equal(backend.memory.allocatedBytes, before);
    });

    it("trains exactly the tensors of the model and its head", () => {
      const names = [...parameters(PICO, ["score"]).keys()];
      assert.ok(!names.includes("lm_head.weight") && names.includes("score.weight"));
    });
  });
}

type Inputs = Parameters<Evaluation["run"]>[1][number];

/** Half the distance between the two points of a difference quotient, along a direction of length 1. */
const STEP = 5e-3;
/**
 * The quotient divides the f32 rounding of two losses of about 5 (some 5e-7 each) by 1e-2, and is off by the third
 * derivative times 4e-6; slopes here are around 0.1 to 1.
 */
const SLOPE_TOLERANCE = 1e-3;

function unitDirection(size: number, name: string): Float32Array {
  const random = Random.of(9, name);
  const direction = Float32Array.from({ length: size }, () => random.normal());
  const norm = Math.hypot(...direction);
  return direction.map((x) => x / norm);
}

function moved(weights: Weights, name: string, direction: Float32Array, step: number): Weights {
  const tensor = weights.get(name);
  assert.ok(tensor);
  const data = tensor.data.map((x, at) => x + step * (direction[at] ?? 0));
  return new Map([...weights, [name, { shape: tensor.shape, data }]]);
}
