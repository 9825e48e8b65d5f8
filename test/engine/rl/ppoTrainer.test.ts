import assert from "node:assert/strict";
import type { Backend, HostArray } from "../../../engine/compute/backend.ts";
import { type Weights, joinResponses, padQueries } from "../../../engine/models/index.ts";
import { PPO_LOSS_DEFAULTS } from "./ppoLossDefaults.ts";
import type { PpoSettings } from "../../../engine/rl/ppoSettings.ts";
import { type LearningBatch, minibatchInputs, ppoStep } from "../../../engine/rl/ppoStep.ts";
import type { PpoModels, ScoringModel } from "../../../engine/rl/ppoModels.ts";
import { type PpoIteration, PpoTrainer } from "../../../engine/rl/ppoTrainer.ts";
import { responseMask } from "../../../engine/rl/responseMask.ts";
import { TrainState } from "../../../engine/training/index.ts";
import { assertClose } from "../models/close.ts";
import { ALL_BACKENDS, PICO, PICO_EOS, PICO_PAD, picoSequences, picoWeights } from "../models/pico.ts";
import { inMemory } from "../../inMemory.ts";

const PROMPTS = picoSequences([5, 2, 4, 1, 3, 5]);

const SETTINGS: PpoSettings = {
  iterations: 3,
  batchSize: 4,
  minibatchSize: 2,
  gradientAccumulation: 1,
  ppoEpochs: 2,
  queryLength: 5,
  responseLength: 6,
  temperature: 1,
  topK: 0,
  topP: 1,
  eos: [PICO_EOS],
  pad: PICO_PAD,
  klKind: "kl",
  klController: { kind: "fixed", beta: 0.1 },
  score: { missingEosPenalty: 0, scaling: "none", clip: 0 },
  advantages: { gamma: 1, lam: 0.95, whitenRewards: "none", whitenAdvantages: true, scorePosition: "lastToken" },
  loss: PPO_LOSS_DEFAULTS,
  critic: "valueHead",
  optimizer: {},
  learningRate: 1e-3,
  schedule: "linear",
  warmupRatio: 0,
  seed: 1,
};

/** Everything that has a state of its own: critic, controller, running moments, schedule. */
const STATEFUL: Partial<PpoSettings> = {
  critic: "separate",
  klController: { kind: "adaptive", beta: 0.1, target: 1, horizon: 20 },
  klKind: "full",
  score: { missingEosPenalty: 1, scaling: "normalise", clip: 2 },
  gradientAccumulation: 2,
};

/** Ways in which models that score work: one by one, all for each chunk, all in one program. */
const SLEEPERS: Readonly<Record<string, Partial<PpoSettings>>> = {
  "a KL to each": {},
  "a critic and full KL": STATEFUL,
  "their ensemble": { referenceMix: "logSpace" },
};

/** The same model, read whenever it is to score. */
function sleeping({ weights, ...model }: ScoringModel): ScoringModel {
  return {
    ...model,
    weights: {
      async *read() {
        for (const tensor of weights as Weights) yield await Promise.resolve(tensor);
      },
    },
  };
}

function models(settings: PpoSettings, reward: Weights = picoWeights(4, ["score"])): PpoModels {
  const isSeparate = settings.critic === "separate";
  return {
    policy: { config: PICO, weights: picoWeights(1, isSeparate ? ["language"] : ["language", "value"]) },
    references: [2, 3].map((seed) => ({ config: PICO, weights: picoWeights(seed) })),
    reward: { config: PICO, weights: reward },
    ...(isSeparate ? { critic: { config: PICO, weights: picoWeights(5, ["value"]) } } : {}),
  };
}

/** A training with changed settings, from the start or a saved state. */
function trainerOf(
  backend: Backend,
  changes: Partial<PpoSettings>,
  saved?: ConstructorParameters<typeof PpoTrainer>[4],
): PpoTrainer {
  const settings = { ...SETTINGS, ...changes };
  return new PpoTrainer(backend, models(settings), inMemory(PROMPTS), settings, saved);
}

async function firstOf(backend: Backend, changes: Partial<PpoSettings>): Promise<PpoIteration> {
  const trainer = trainerOf(backend, changes);
  const iteration = await trainer.iterate();
  trainer.release();
  return iteration;
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`PPO training on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    it("reads in its first update the log-probs and values that were scored before it", async () => {
      for (const changes of [{}, STATEFUL]) {
        for (const scorePosition of ["lastToken", "afterEos"] as const) {
          const { metrics, learned } = await firstOf(backend, {
            ...changes,
            ...{ minibatchSize: 4, gradientAccumulation: 1, ppoEpochs: 1, temperature: 0.7, eos: [PICO_EOS, 5, 7, 9] },
            advantages: { ...SETTINGS.advantages, scorePosition },
          });
          // Two programs that sum the same f32 products; a value or log-prob of a neighbouring token is far off.
          assertClose([metrics["value/prediction"] ?? NaN], [metrics["value/mean"] ?? NaN], 1e-5);
          assertClose([metrics["value/error"] ?? NaN], [meanSquaredError(learned)], 1e-4);
          assertClose([metrics["policy/ratio"] ?? NaN, metrics["policy/approxKl"] ?? NaN], [1, 0], 1e-5);
        }
      }
    });

    it("goes on from a saved state with the same bytes: critic, controller, moments, data position", async () => {
      const whole = trainerOf(backend, STATEFUL);
      for (let at = 0; at < 2; at++) await whole.iterate();
      const saved = await whole.save();
      assert.notEqual(saved.controller.beta, 0.1);
      assert.equal(saved.moments.count, 8);
      const resumed = trainerOf(backend, STATEFUL, saved);
      const [expected, actual] = [await whole.iterate(), await resumed.iterate()];
      assert.deepEqual(actual, expected);
      assert.deepEqual(await resumed.save(), await whole.save());
      whole.release();
      resumed.release();
    });

    for (const [kind, changes] of Object.entries(SLEEPERS)) {
      it(`computes the same bytes where references and reward model sleep, and does not hold them between, with ${kind}`, async () => {
        const settings = { ...SETTINGS, ...changes };
        const awake = models(settings);
        const frozen = [...awake.references, awake.reward].map(({ weights }) => weights as Weights);
        const asleep = {
          ...awake,
          references: awake.references.map(sleeping),
          reward: sleeping(awake.reward),
        };
        const trained = async (all: PpoModels): Promise<readonly [number, ...unknown[]]> => {
          const trainer = new PpoTrainer(backend, all, inMemory(PROMPTS), settings);
          const iterations = [await trainer.iterate(), await trainer.iterate()];
          const held = backend.memory.allocatedBytes;
          const saved = await trainer.save();
          trainer.release();
          return [held, iterations, saved];
        };
        const [held, ...expected] = await trained(awake);
        const [less, ...actual] = await trained(asleep);
        assert.deepEqual(actual, expected);
        const bytes = frozen.reduce(
          (sum, one) => sum + [...one.values()].reduce((n, { data }) => n + data.byteLength, 0),
          0,
        );
        assert.ok(held - less >= bytes, `${held - less} bytes less, of ${bytes}`);
      });
    }

    for (const [kind, changes] of Object.entries({ "a value head": {}, "a critic and full KL": STATEFUL })) {
      it(`gives all device memory back, with ${kind}`, async () => {
        const before = backend.memory.allocatedBytes;
        await firstOf(backend, changes);
        assert.equal(backend.memory.allocatedBytes, before);
      });
    }
  });
}

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`PPO's algorithm on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());
    const first = (changes: Partial<PpoSettings>): Promise<PpoIteration> => firstOf(backend, changes);

    it("learns the same when the end-of-text token also pads", async () => {
      const eos = [PICO_EOS, 5, 7, 9]; // so many that some of a few responses end
      for (const scorePosition of ["lastToken", "afterEos"] as const) {
        const advantages = { ...SETTINGS.advantages, scorePosition };
        const [apart, same] = [await first({ advantages, eos }), await first({ advantages, eos, pad: PICO_EOS })];
        assert.ok(apart.generation.ended.includes(1), "the seed gives responses that end");
        assert.deepEqual(same.rewards, apart.rewards);
        // After the end the value is that of the token sampled there, not of the padding.
        assert.deepEqual(same.learned, apart.learned);
        assert.deepEqual(same.metrics, apart.metrics);
      }
    });

    it("tells the KL to each reference, of which the penalty is the mean", async () => {
      for (const klKind of ["kl", "full", "k3"] as const) {
        const { referenceKls, metrics } = await first({ klKind });
        const [one = NaN, other = NaN] = referenceKls;
        assert.equal(referenceKls.length, 2);
        assert.notEqual(one, other);
        assertClose([(one + other) / 2], [metrics["objective/kl"] ?? NaN], 1e-9);
      }
    });

    it("is stopped by the preflight check when the full KL of the policy to itself is not 0", async () => {
      const broken = withFault(backend, "fullKl", (kl) => kl + 0.1);
      const settings: PpoSettings = { ...SETTINGS, klKind: "full" };
      const trainer = new PpoTrainer(broken, models(settings), inMemory(PROMPTS), settings);
      await assert.rejects(trainer.iterate(), {
        name: "PreflightError",
        message: /^preflight: KL of the policy to itself is 0\.100 nats per token/,
      });
      trainer.release();
    });

    it("is held to the ensemble of its references, less far from it than from them on average", async () => {
      const [mean, ensemble] = [await first({}), await first({ referenceMix: "logSpace" })];
      assert.deepEqual(ensemble.logprobs, mean.logprobs);
      assert.equal(ensemble.referenceKls.length, 1);
      // log Z is below 0 for each token, as the references differ.
      const inside = mean.learned.valueMask;
      for (const [at, kl] of ensemble.kl.entries()) if (inside[at] === 1) assert.ok(kl < (mean.kl[at] ?? NaN), `${at}`);
    });

    it("is stopped by the preflight check when the ensemble of the policy with itself is another model", async () => {
      const broken = withFault(backend, "sliceGrad", (logprob) => logprob - 0.1);
      const settings: PpoSettings = { ...SETTINGS, referenceMix: "logSpace" };
      const trainer = new PpoTrainer(broken, models(settings), inMemory(PROMPTS), settings);
      await assert.rejects(trainer.iterate(), {
        name: "PreflightError",
        message: /^preflight: KL of the policy to itself is 0\.\d+ nats per token/,
      });
      trainer.release();
    });

    it("learns the same whatever the padding on the left", async () => {
      const [bare, padded] = [await first({}), await first({ queryLength: 8 })];
      assert.deepEqual(padded.generation.lengths, bare.generation.lengths);
      for (const [metric, value] of Object.entries(bare.metrics)) {
        // Sums of f32 products in another order, through two epochs of Adam.
        const scale = Math.max(1, Math.abs(value));
        assertClose([padded.metrics[metric] ?? NaN], [value], 1e-3 * scale, metric);
      }
    });

    it("goes on with the same bytes where the reference moves", async () => {
      const changes: Partial<PpoSettings> = { moving: { kind: "ema", every: 1, rate: 0.5 } };
      const settings = { ...SETTINGS, ...changes };
      const one = (): PpoModels => ({ ...models(settings), references: [{ config: PICO, weights: picoWeights(2) }] });
      const [whole, plain] = [
        new PpoTrainer(backend, one(), inMemory(PROMPTS), settings),
        new PpoTrainer(backend, one(), inMemory(PROMPTS), SETTINGS),
      ];
      const [moved, stays] = [await whole.iterate(), await plain.iterate()];
      assert.deepEqual(moved.kl, stays.kl, "it moves after the first iteration");
      const saved = await whole.save();
      const resumed = new PpoTrainer(backend, one(), inMemory(PROMPTS), settings, saved);
      const [expected, actual] = [await whole.iterate(), await resumed.iterate()];
      assert.deepEqual(actual, expected);
      assert.notDeepEqual(expected.kl, (await plain.iterate()).kl);
      const tensors = whole.fetched();
      const data = await tensors.get("reference.model.norm.weight")?.data();
      assert.deepEqual(data, (await whole.save()).reference?.get("model.norm.weight")?.data);
      for (const trainer of [whole, plain, resumed]) trainer.release();
    });

    it("blames the reward model for a score that is not finite", async () => {
      const reward = new Map(picoWeights(4, ["score"]));
      // Finite, but the sum of sixteen of them times numbers around 1 is not.
      reward.set("score.weight", { shape: [1, 16], data: new Float32Array(16).fill(3e38) });
      const trainer = new PpoTrainer(backend, models(SETTINGS, reward), inMemory(PROMPTS), SETTINGS);
      await assert.rejects(trainer.iterate(), {
        name: "NumericalError",
        message: /^ppo iteration 1: a reward-model score is (-?Infinity|NaN); the reward model has diverged/,
      });
      trainer.release();
    });

    it("averages the losses of accumulated minibatches, each alike whatever its tokens", async () => {
      const batch = learningBatch();
      const lossOf = async (gradientAccumulation: number, groups: readonly number[][]): Promise<number> => {
        const settings = { ...SETTINGS, gradientAccumulation };
        const step = ppoStep(backend, { policy: PICO }, settings);
        const state = TrainState.create(backend, picoWeights(1, ["language", "value"]));
        const micro = groups.map((rows) => minibatchInputs(batch, rows, settings));
        const { loss } = await step.run(state, micro, 1e-3);
        step.release();
        state.release();
        return loss;
      };
      const [short, long] = [
        [0, 1],
        [2, 3],
      ] as const;
      const alone = [await lossOf(1, [[...short]]), await lossOf(1, [[...long]])] as const;
      const together = await lossOf(2, [[...short], [...long]]);
      assert.ok(Math.abs(alone[0] - alone[1]) > 0.01, "the minibatches differ");
      assertClose([together], [(alone[0] + alone[1]) / 2], 1e-6);
    });
  });
}

/** Four rollouts, of 1 and 2 and of 6 and 6 response tokens, with advantages that grow along them. */
function learningBatch(): LearningBatch {
  const lengths = Int32Array.of(1, 2, 6, 6);
  const shape = { B: 4, R: SETTINGS.responseLength };
  const responses = Int32Array.from(picoSequences([6, 6, 6, 6], 9).flat());
  const mask = responseMask(lengths, shape);
  const ramp = Float64Array.from(mask, (inside, at) => inside * (0.1 * at - 1));
  return {
    rollouts: joinResponses(padQueries(PROMPTS.slice(0, 4), SETTINGS.queryLength, PICO_PAD), responses, lengths),
    logprobs: Float64Array.from(mask, (inside) => -3 * inside),
    mask,
    learned: { advantages: ramp, returns: ramp, values: new Float64Array(mask.length), valueMask: mask },
  };
}

/** Mean of (v − return)² over the tokens of the value loss. */
function meanSquaredError({ values, returns, valueMask }: PpoIteration["learned"]): number {
  const errors = Array.from(values, (value, at) => (valueMask[at] ?? 0) * (value - (returns[at] ?? NaN)) ** 2);
  return errors.reduce((sum, error) => sum + error, 0) / valueMask.reduce((sum, inside) => sum + inside, 0);
}

/** A backend on which programs with the given op give other numbers. */
function withFault(backend: Backend, op: string, fault: (value: number) => number): Backend {
  const compile: Backend["compile"] = (program) => {
    const executable = backend.compile(program);
    if (!program.instructions.some((instruction) => instruction.op === op)) return executable;
    const faulty = (outputs: Readonly<Record<string, HostArray>>): Record<string, HostArray> =>
      Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, Float32Array.from(values, fault)]));
    return {
      program,
      release: () => executable.release(),
      run: async (bindings) => faulty(await executable.run(bindings)),
      runKeeping: async (bindings, keep) => {
        const { outputs, kept } = await executable.runKeeping(bindings, keep);
        return { outputs: faulty(outputs), kept };
      },
    };
  };
  return Object.assign(Object.create(backend) as Backend, { compile });
}
