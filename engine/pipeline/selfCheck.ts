import type { Backend } from "../compute/backend.ts";
import { BackendUnavailableError } from "../compute/backends/choose.ts";
import {
  type Generation,
  DeviceWeights,
  Generator,
  ResponseScorer,
  initialize,
  joinResponses,
  parseModelConfig,
} from "../models/index.ts";
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
 * The same of bf16 against f32. A rounding moves a number by up to 2⁻⁹ of its size, a third of that on average (√12 by
 * deviation, 1.1e-3); on the way to a logit lie some 20 of them (weights, inputs and results of two blocks' products,
 * norms, attention), which add up like √20 to 0.5 %. Logits here deviate by 1.7, so that one is off by 0.009, and the
 * largest of a hundred log-probabilities by four times as much. A mean over some 40 tokens, and a gradient's norm, which
 * is one over all weights, are off by a tenth of that, and AdamW's steps, some of whose smallest gradients change their
 * sign, add as much again.
 */
const BF16_TOLERANCES = { logprob: 0.08, mean: 0.02 } as const;

/**
 * Trains a tiny model for a few steps, and decodes with it, on a backend and on one that is known to compute right. A
 * backend that computes in bf16 draws other tokens, here and there: it scores given ones, and those that it draws must be
 * as probable as it said.
 * Hardware and drivers differ in ways that no test beforehand sees: a backend that would give wrong numbers is refused
 * before it gives any.
 *
 * @param reference - Opened here and closed again.
 * @throws {BackendUnavailableError} naming the first number that differs.
 */
export async function checkAgainst(reference: () => Promise<Backend>, backend: Backend): Promise<void> {
  const right = await reference();
  try {
    const isRounded = backend.precision !== right.precision;
    const [expected, found] = [await sampleWork(right, isRounded), await sampleWork(backend, isRounded)];
    for (const [at, { what, value, tolerance = TOLERANCE }] of expected.entries()) {
      const got = found[at]?.value ?? NaN;
      // Written so that NaN differs.
      if (Math.abs(got - value) <= tolerance * Math.max(1, Math.abs(value))) continue;
      throw new BackendUnavailableError(
        `runtime.backend ${backend.name}: computes ${what} as ${got}, where ${right.name} has ${value}: ` +
          `update the driver, or set runtime.backend to ${right.name}; please report it, with the output of salsa doctor`,
      );
    }
  } finally {
    await right.close();
  }
}

interface Named {
  readonly what: string;
  readonly value: number;
  /** Per 1 of the larger of 1 and the value's size; {@link TOLERANCE} unless given. */
  readonly tolerance?: number;
}

/** With `isRounded`, work that means the same in bf16 and in f32. */
async function sampleWork(backend: Backend, isRounded: boolean): Promise<readonly Named[]> {
  const weights = initialize(CONFIG, Random.of(1, "check"));
  const sequences = randomSequences(BATCH);
  const trainedNumbers = await trained(backend, weights, sequences);
  if (!isRounded) return [...(await decoded(backend, weights, sequences)), ...trainedNumbers];
  return [
    ...(await scored(backend, weights, sequences)),
    ...trainedNumbers.map((one) => ({ ...one, tolerance: BF16_TOLERANCES.mean })),
  ];
}

type HostWeights = ReturnType<typeof initialize>;
type Sequences = readonly (readonly number[])[];

const SHAPE = { batchSize: BATCH, queryLength: LENGTH, responseLength: RESPONSE } as const;

async function decoded(backend: Backend, weights: HostWeights, sequences: Sequences): Promise<readonly Named[]> {
  const { responses, logprobs } = await generated(backend, weights, sequences);
  return [
    ...Array.from(responses, (value, at): Named => ({ what: `sampled token ${at}`, value })),
    ...Array.from(logprobs, (value, at): Named => ({ what: `the log-probability of sampled token ${at}`, value })),
  ];
}

async function generated(backend: Backend, weights: HostWeights, sequences: Sequences): Promise<Generation> {
  const generator = new Generator(backend, CONFIG, { ...SHAPE, sampling: { temperature: 1 }, eos: [], pad: 0 });
  const uploaded = DeviceWeights.upload(backend, weights);
  try {
    return await generator.generate(uploaded, sequences, Random.of(2, "check"));
  } finally {
    uploaded.release();
    generator.release();
  }
}

/** Log-probabilities of given tokens, and how far those of drawn tokens are from what the draw said: 0. */
async function scored(backend: Backend, weights: HostWeights, sequences: Sequences): Promise<readonly Named[]> {
  const drawn = await generated(backend, weights, sequences);
  const given = Int32Array.from({ length: BATCH * RESPONSE }, (_, at) => 1 + ((at * 37) % (CONFIG.vocabularySize - 1)));
  const scorer = new ResponseScorer(backend, CONFIG, SHAPE);
  const uploaded = DeviceWeights.upload(backend, weights);
  const score = async (responses: Int32Array): Promise<Float32Array> => {
    return (await scorer.score(uploaded, joinResponses(drawn.queries, responses, drawn.lengths))).logprobs;
  };
  try {
    const [own, others] = [await score(drawn.responses), await score(given)];
    return [
      ...Array.from(others, (value, at): Named => {
        return { what: `the log-probability of token ${at}`, value, tolerance: BF16_TOLERANCES.logprob };
      }),
      ...Array.from(own, (value, at): Named => {
        const what = `the difference between drawing and scoring token ${at}`;
        return { what, value: value - (drawn.logprobs[at] ?? NaN) };
      }),
    ];
  } finally {
    uploaded.release();
    scorer.release();
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
      numbers.push({ what: `the loss of training step ${taken}`, value: loss });
      numbers.push({ what: `the gradient's norm in step ${taken}`, value: gradNorm });
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
