import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../../../engine/compute/backend.ts";
import {
  type Head,
  type ModelConfig,
  type Rollouts,
  DeviceWeights,
  ResponseScorer,
  joinResponses,
  padQueries,
  parseModelConfig,
} from "../../../engine/models/index.ts";
import { advantages } from "../../../engine/rl/advantages.ts";
import { klPerToken } from "../../../engine/rl/kl.ts";
import type { DpoLossSettings } from "../../../engine/rl/dpoLoss.ts";
import { SequenceScorer, dpoBatches, dpoStep } from "../../../engine/rl/dpoStep.ts";
import type { PpoSettings } from "../../../engine/rl/ppoSettings.ts";
import { minibatchInputs, ppoStep } from "../../../engine/rl/ppoStep.ts";
import { responseMask } from "../../../engine/rl/responseMask.ts";
import { rewardLoss } from "../../../engine/rl/rewardLoss.ts";
import { rewards } from "../../../engine/rl/rewards.ts";
import {
  type OptimizerSettings,
  type StepResult,
  type TokenizedExample,
  TrainState,
  pairBatches,
  rewardModelStep,
  sftStep,
  supervisedBatches,
} from "../../../engine/training/index.ts";
import { ALL_BACKENDS } from "../../engine/models/pico.ts";
import { draw, goldenWeights, loadShapes } from "../architectures/shapes.ts";

/**
 * Of losses and gradient norms, relative where they are above 1. PyTorch's are of float64; each step begins where the one
 * before has ended, so that f32's rounding grows from step to step, and PyTorch's own float32 ends 2e-4 away. A wrong
 * gradient, decay or clip shows in the second step already.
 */
const TOLERANCE = 1e-4;

type Step = readonly [loss: number, gradNorm: number];

interface Golden {
  readonly transformers: string;
  readonly steps: number;
  readonly rows: number;
  readonly optimizer: OptimizerSettings & { readonly learningRate: number };
  readonly ppo: Readonly<Record<string, number>> & {
    readonly epochs: number;
    readonly queryLength: number;
    readonly responseLength: number;
  };
  readonly dpo: { readonly beta: number; readonly smoothing: number };
  readonly trainings: Readonly<Record<string, Readonly<Record<keyof typeof TRAININGS, readonly Step[]>>>>;
}

const GOLDEN = JSON.parse(await readFile(join(import.meta.dirname, "golden.json"), "utf8")) as Golden;
const SHAPES = await loadShapes();
const { rows, optimizer } = GOLDEN;
/** Steps where they are slow: enough to show what is wrong, which the second step does. */
const FEW_STEPS: Readonly<Record<string, number>> = { tfjs: 6, "cuda, interpreted": 4 };
const ROWS = Array.from({ length: rows }, (_, row) => row);
/** Room for the longest sequence of all trainings. */
const LENGTH = 17;

/** A shape's model, as record.py makes it. */
interface Scene {
  readonly backend: Backend;
  readonly steps: number;
  readonly shape: string;
  readonly config: ModelConfig;
  /** Token ids of a sequence. */
  readonly tokens: (name: string, length: number) => number[];
}

function sceneOf(backend: Backend, steps: number, shape: string): Scene {
  const json = SHAPES.get(shape)?.configs[GOLDEN.transformers];
  const config = parseModelConfig(json);
  const tokens: Scene["tokens"] = (name, length) =>
    [...draw(length, `${shape}/${name}`)].map((x) => 3 + Math.floor((x + 0.5) * (config.vocabularySize - 3)));
  return { backend, steps, shape, config, tokens };
}

function startOf({ backend, config, shape }: Scene, heads: readonly Head[]): TrainState {
  return TrainState.create(backend, goldenWeights(config, shape, heads));
}

async function sft(scene: Scene): Promise<StepResult[]> {
  const { backend, steps, config, tokens } = scene;
  const shape = { batchSize: rows, length: LENGTH };
  const step = sftStep(backend, config, { ...shape, optimizer });
  const state = startOf(scene, ["language"]);
  const results: StepResult[] = [];
  for (let at = 0; at < steps; at++) {
    const examples = ROWS.map((row) => ({
      tokens: tokens(`sft/${at}/${row}`, 8 + ((5 * at + 3 * row) % 9)),
      promptLength: 2 + ((at + row) % 4),
    }));
    results.push(await step.run(state, supervisedBatches(examples, shape), optimizer.learningRate));
  }
  for (const held of [step, state]) held.release();
  return results;
}

async function reward(scene: Scene): Promise<StepResult[]> {
  const { backend, steps, config, tokens } = scene;
  const shape = { batchSize: rows, length: LENGTH };
  const step = rewardModelStep(backend, config, {
    ...{ ...shape, optimizer },
    loss: (chosen, rejected) => rewardLoss(chosen, rejected, { centering: 0 }),
  });
  const state = startOf(scene, ["score"]);
  const results: StepResult[] = [];
  for (let at = 0; at < steps; at++) {
    const pairs = ROWS.map((row) => ({
      chosen: tokens(`reward/${at}/${row}/chosen`, 5 + ((3 * at + 5 * row) % 11)),
      rejected: tokens(`reward/${at}/${row}/rejected`, 5 + ((7 * at + 2 * row) % 11)),
    }));
    results.push(await step.run(state, pairBatches(pairs, shape), optimizer.learningRate));
  }
  for (const held of [step, state]) held.release();
  return results;
}

/** Drawn and not sampled: both sides learn from the same. */
function rolloutsOf({ tokens, shape }: Scene, iteration: number): { rollouts: Rollouts; scores: number[] } {
  const { queryLength: Q, responseLength: R } = GOLDEN.ppo;
  const name = (row: number): string => `ppo/${iteration}/${row}`;
  const queries = ROWS.map((row) => tokens(`${name(row)}/query`, 3 + ((iteration + row) % (Q - 2))));
  const lengths = Int32Array.from(ROWS, (row) => 3 + ((2 * iteration + 3 * row) % (R - 2)));
  const responses = new Int32Array(rows * R);
  for (const row of ROWS) responses.set(tokens(`${name(row)}/response`, lengths[row] ?? 0), row * R);
  const scores = ROWS.map((row) => 4 * (draw(1, `${shape}/${name(row)}/score`)[0] ?? NaN));
  return { rollouts: joinResponses(padQueries(queries, Q, 0), responses, lengths), scores };
}

function ppoSettings(steps: number): PpoSettings {
  const { epochs, queryLength, responseLength, gamma = NaN, lam = NaN } = GOLDEN.ppo;
  const { beta = NaN, clip = NaN, valueClip = NaN, valueCoefficient = NaN } = GOLDEN.ppo;
  return {
    ...{ iterations: steps / epochs, batchSize: rows, minibatchSize: rows, gradientAccumulation: 1 },
    ...{ ppoEpochs: epochs, queryLength, responseLength, temperature: 1, topK: 0, topP: 1, eos: [2], pad: 0 },
    ...{ klKind: "kl", klController: { kind: "fixed", beta }, critic: "valueHead", seed: 0 },
    score: { missingEosPenalty: 0, scaling: "none", clip: 0 },
    advantages: { gamma, lam, whitenRewards: "none", whitenAdvantages: true, scorePosition: "lastToken" },
    loss: { clip, valueClip, valueCoefficient, entropyCoefficient: 0, ratioThreshold: 10 },
    ...{ optimizer, learningRate: optimizer.learningRate, schedule: "constant", warmupRatio: 0 },
  };
}

async function ppo(scene: Scene): Promise<StepResult[]> {
  const { backend, config } = scene;
  const settings = ppoSettings(scene.steps);
  const { beta = NaN, queryLength, responseLength } = GOLDEN.ppo;
  const heads: readonly Head[] = ["language", "value"];
  const step = ppoStep(backend, { policy: config }, settings);
  const scorer = new ResponseScorer(backend, config, { batchSize: rows, queryLength, responseLength }, [
    "language",
    "value",
  ]);
  const state = startOf(scene, heads);
  const reference = DeviceWeights.upload(backend, goldenWeights(config, scene.shape, heads));
  const shape = { B: rows, R: responseLength };
  const results: StepResult[] = [];
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    const { rollouts, scores } = rolloutsOf(scene, iteration);
    const mask = responseMask(rollouts.lengths, shape);
    const { logprobs, values } = await scorer.score(state.weights, rollouts);
    const kl = klPerToken(logprobs, (await scorer.score(reference, rollouts)).logprobs, "kl");
    const paid = rewards(kl, scores, mask, shape, { beta, scorePosition: "lastToken" });
    const learned = advantages(paid, values, mask, shape, settings.advantages);
    const inputs = minibatchInputs({ rollouts, logprobs, mask, learned }, ROWS, settings);
    for (let epoch = 0; epoch < settings.ppoEpochs; epoch++)
      results.push(await step.run(state, [inputs], settings.learningRate));
  }
  for (const held of [step, scorer, state, reference]) held.release();
  return results;
}

/** The mean of the start and another model: what holds DPO. */
function soupOf({ config, shape }: Scene): ReturnType<typeof goldenWeights> {
  const other = goldenWeights(config, `${shape}/other`, ["language"]);
  const mixed = [...goldenWeights(config, shape, ["language"])].map(([name, { shape: axes, data }]) => {
    const theirs = other.get(name)?.data;
    return [name, { shape: axes, data: data.map((x, at) => (x + (theirs?.[at] ?? NaN)) / 2) }] as const;
  });
  return new Map(mixed);
}

function dpo(loss: Omit<DpoLossSettings, "beta">): (scene: Scene) => Promise<StepResult[]> {
  return async (scene) => {
    const { backend, steps, config, tokens } = scene;
    const shape = { batchSize: rows, length: LENGTH };
    const step = dpoStep(backend, config, { ...shape, optimizer, loss: { ...loss, beta: GOLDEN.dpo.beta } });
    const scorer = new SequenceScorer(backend, config, shape);
    const reference = DeviceWeights.upload(backend, soupOf(scene));
    const state = startOf(scene, ["language"]);
    const results: StepResult[] = [];
    for (let at = 0; at < steps; at++) {
      const examples = (side: string, pace: readonly [number, number]): TokenizedExample[] =>
        ROWS.map((row) => ({
          tokens: tokens(`dpo/${at}/${row}/${side}`, 6 + ((pace[0] * at + pace[1] * row) % 11)),
          promptLength: 2 + ((at + row) % 3),
        }));
      const [chosen, rejected] = [examples("chosen", [3, 5]), examples("rejected", [7, 2])];
      const [better, worse] = [await scorer.score(reference, chosen), await scorer.score(reference, rejected)];
      const pairs = chosen.map((example, row) => ({
        chosen: example,
        rejected: rejected[row] ?? example,
        referenceChosen: better[row] ?? NaN,
        referenceRejected: worse[row] ?? NaN,
      }));
      results.push(await step.run(state, dpoBatches(pairs, shape), optimizer.learningRate));
    }
    for (const held of [step, scorer, reference, state]) held.release();
    return results;
  };
}

const TRAININGS = {
  ...{ sft, reward, ppo },
  dpoSigmoid: dpo({ kind: "sigmoid" }),
  dpoSmoothed: dpo({ kind: "sigmoid", smoothing: GOLDEN.dpo.smoothing }),
  dpoHinge: dpo({ kind: "hinge" }),
  dpoIpo: dpo({ kind: "ipo" }),
};

for (const [backendName, open] of Object.entries(ALL_BACKENDS)) {
  describe(`golden trainings on ${backendName}`, () => {
    const steps = FEW_STEPS[backendName] ?? GOLDEN.steps;
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    for (const [shape, trainings] of Object.entries(GOLDEN.trainings)) {
      for (const [kind, training] of Object.entries(TRAININGS) as [keyof typeof TRAININGS, typeof sft][]) {
        it(`${kind} of ${shape} follows PyTorch's losses and gradient norms for ${steps} steps`, async () => {
          const results = await training(sceneOf(backend, steps, shape));
          const wanted = trainings[kind].slice(0, steps);
          assert.equal(results.length, wanted.length);
          for (const [at, [loss, gradNorm]] of wanted.entries()) {
            const near = (name: string, actual: number | undefined, expected: number): void => {
              const off = Math.abs((actual ?? NaN) - expected) / Math.max(1, Math.abs(expected));
              assert.ok(off < TOLERANCE, `step ${at + 1}: ${name} ${actual} where PyTorch has ${expected}`);
            };
            near("loss", results[at]?.loss, loss);
            near("gradient norm", results[at]?.gradNorm, gradNorm);
          }
        });
      }
    }
  });
}
