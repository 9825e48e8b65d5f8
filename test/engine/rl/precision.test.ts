import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { PPO_LOSS_DEFAULTS } from "./ppoLossDefaults.ts";
import type { PpoSettings } from "../../../engine/rl/ppoSettings.ts";
import type { PpoModels } from "../../../engine/rl/ppoModels.ts";
import { PpoTrainer } from "../../../engine/rl/ppoTrainer.ts";
import { assertClose } from "../models/close.ts";
import { PICO, PICO_EOS, PICO_PAD, picoSequences, picoWeights } from "../models/pico.ts";
import { interpreter } from "../../ptx/driver.ts";
import { inMemory } from "../../inMemory.ts";

const PROMPTS = picoSequences([5, 2, 4, 1]);
const SETTINGS: PpoSettings = {
  ...{ iterations: 3, batchSize: 4, minibatchSize: 4, gradientAccumulation: 1, ppoEpochs: 1 },
  ...{ queryLength: 5, responseLength: 6, temperature: 0.7, topK: 0, topP: 1, eos: [PICO_EOS], pad: PICO_PAD },
  klKind: "kl",
  klController: { kind: "fixed", beta: 0.1 },
  score: { missingEosPenalty: 0, scaling: "none", clip: 0 },
  advantages: { gamma: 1, lam: 0.95, whitenRewards: "none", whitenAdvantages: true, scorePosition: "lastToken" },
  loss: PPO_LOSS_DEFAULTS,
  critic: "valueHead",
  optimizer: {},
  ...{ learningRate: 1e-3, schedule: "linear", warmupRatio: 0, seed: 1 },
};

/** The policy against itself: what it is held to has its own weights. */
const MODELS: PpoModels = {
  policy: { config: PICO, weights: picoWeights(1, ["language", "value"]) },
  references: [{ config: PICO, weights: picoWeights(1) }],
  reward: { config: PICO, weights: picoWeights(4, ["score"]) },
};

/**
 * Drawing, scoring and learning read the same bf16 numbers: every op gives a token the same result in any program, and
 * only the softmax over the vocabulary is summed in two orders of f32, some 1e-6 of a log-prob.
 */
const TOLERANCE = 1e-5;

const onCard = (cublas?: string): Promise<Backend> =>
  Promise.resolve(new CudaBackend(interpreter.open(0), { precision: "bf16", cublas }));

for (const [name, open] of [
  ["tfjs", () => createTfjsBackend({ precision: "bf16" })],
  ["cuda, interpreted", () => onCard()],
  ["cuda, interpreted, with a library of products", () => onCard("played")],
] as const) {
  describe(`PPO in bf16 on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(async () => {
      assert.equal(backend.memory.allocatedBytes, 0);
      await backend.close();
    });

    for (const klKind of ["kl", "full"] as const) {
      it(`starts at ratio 1, with no KL to its own weights (${klKind})`, async () => {
        const trainer = new PpoTrainer(backend, MODELS, inMemory(PROMPTS), { ...SETTINGS, klKind });
        const { metrics, referenceKls, generation, logprobs } = await trainer.iterate();
        assertClose(generation.logprobs, logprobs, TOLERANCE);
        assertClose([metrics["policy/ratio"] ?? NaN, metrics["policy/approxKl"] ?? NaN], [1, 0], TOLERANCE);
        assertClose(referenceKls, [0], 6 * TOLERANCE);
        trainer.release();
      });
    }

    it("goes on from a saved state with the same bytes", async () => {
      const settings = { ...SETTINGS, ppoEpochs: 2 };
      const whole = new PpoTrainer(backend, MODELS, inMemory(PROMPTS), settings);
      await whole.iterate();
      const resumed = new PpoTrainer(backend, MODELS, inMemory(PROMPTS), settings, await whole.save());
      assert.deepEqual(await resumed.iterate(), await whole.iterate());
      assert.deepEqual(await resumed.save(), await whole.save());
      whole.release();
      resumed.release();
    });
  });
}
