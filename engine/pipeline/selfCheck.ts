import type { Backend } from "../compute/backend.ts";
import { BackendUnavailableError } from "../compute/backends/choose.ts";
import { DeviceWeights, Generator, initialize, parseModelConfig } from "../models/index.ts";
import { Random, TrainState, sftStep, supervisedBatches } from "../training/index.ts";

/** Small enough to take a second anywhere; grouped queries, and sizes that are no multiples of a tile. */
const CONFIG = parseModelConfig({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 131,
  hidden_size: 72,
  intermediate_size: 100,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  initializer_range: 0.2,
  tie_word_embeddings: false,
});
const [BATCH, LENGTH, RESPONSE, STEPS] = [3, 17, 8, 3];

/**
 * Relative difference of losses and log-probabilities that orders of summation in f32 explain: some 1e-6 each, which
 * AdamW's first steps, of one size whatever the gradient's, raise a hundredfold.
 */
const TOLERANCE = 1e-3;

/**
 * Trains a tiny model for a few steps, and decodes with it, on a backend and on one that is known to compute right.
 * Hardware and drivers differ in ways that no test beforehand sees: a backend that would give wrong numbers is refused
 * before it gives any.
 *
 * @param reference - Opened here and closed again.
 * @throws {BackendUnavailableError} naming the first number that differs.
 */
export async function checkAgainst(reference: () => Promise<Backend>, backend: Backend): Promise<void> {
  const right = await reference();
  try {
    const [expected, found] = [await sampleWork(right), await sampleWork(backend)];
    for (const [at, [what, value]] of expected.entries()) {
      const got = found[at]?.[1] ?? NaN;
      // Written so that NaN differs.
      if (Math.abs(got - value) <= TOLERANCE * Math.max(1, Math.abs(value))) continue;
      throw new BackendUnavailableError(
        `runtime.backend ${backend.name}: computes ${what} as ${got}, where ${right.name} has ${value}: ` +
          `update the driver, or set runtime.backend to ${right.name}; please report it, with the output of salsa doctor`,
      );
    }
  } finally {
    await right.close();
  }
}

type Named = readonly [what: string, value: number];

async function sampleWork(backend: Backend): Promise<readonly Named[]> {
  const weights = initialize(CONFIG, Random.of(1, "check"));
  const sequences = randomSequences(BATCH);
  return [...(await decoded(backend, weights, sequences)), ...(await trained(backend, weights, sequences))];
}

type HostWeights = ReturnType<typeof initialize>;
type Sequences = readonly (readonly number[])[];

async function decoded(backend: Backend, weights: HostWeights, sequences: Sequences): Promise<readonly Named[]> {
  const generator = new Generator(backend, CONFIG, {
    ...{ batchSize: BATCH, queryLength: LENGTH, responseLength: RESPONSE },
    ...{ sampling: { temperature: 1 }, eos: [], pad: 0 },
  });
  const uploaded = DeviceWeights.upload(backend, weights);
  try {
    const { responses, logprobs } = await generator.generate(uploaded, sequences, Random.of(2, "check"));
    return [
      ...Array.from(responses, (token, at): Named => [`sampled token ${at}`, token]),
      ...Array.from(logprobs, (value, at): Named => [`the log-probability of sampled token ${at}`, value]),
    ];
  } finally {
    uploaded.release();
    generator.release();
  }
}

async function trained(backend: Backend, weights: HostWeights, sequences: Sequences): Promise<readonly Named[]> {
  const step = sftStep(backend, CONFIG, { batchSize: BATCH, length: LENGTH, optimizer: { maxGradNorm: 1 } });
  const state = TrainState.create(backend, weights);
  try {
    const examples = sequences.map((tokens) => ({ tokens, promptLength: 2 }));
    const batches = supervisedBatches(examples, { batchSize: BATCH, length: LENGTH });
    const numbers: Named[] = [];
    for (let taken = 1; taken <= STEPS; taken++) {
      const { loss, gradNorm } = await step.run(state, batches, 1e-3);
      numbers.push([`the loss of training step ${taken}`, loss], [`the gradient's norm in step ${taken}`, gradNorm]);
    }
    return numbers;
  } finally {
    state.release();
    step.release();
  }
}

/** Of different lengths, so that padding counts, too. */
function randomSequences(count: number): Sequences {
  const random = Random.of(3, "check");
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: LENGTH - 3 * row }, () => 1 + random.integer(CONFIG.vocabularySize - 1)),
  );
}
