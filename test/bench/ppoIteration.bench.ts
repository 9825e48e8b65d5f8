import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { type ModelConfig, initialize, parameterCount, parseModelConfig } from "../../engine/models/index.ts";
import type { PpoSettings } from "../../engine/rl/ppoSettings.ts";
import { PpoTrainer } from "../../engine/rl/ppoTrainer.ts";
import { Random } from "../../engine/training/index.ts";
import { TRL_SETTINGS } from "./trlSettings.ts";
import { type BenchOptions, type Repeats, type Timing, median } from "./worker.ts";
import { inMemory } from "../inMemory.ts";

/** The same work as baselines/ppo_trl.py: sizes, sampling, minibatches and settings. */
const SHAPE = { rollouts: 128, query: 12, response: 12, vocabulary: 64, parameters: 99_648 } as const;
const PROMPTS = 4096;

/** Times one PPO iteration on the wasm backend: generation, scoring and two epochs. */
export async function ppoIterationBench(options: BenchOptions): Promise<Omit<Timing, "versions">> {
  const { threads } = options;
  const backend = await createWasmBackend({ threads });
  const timing = await timePpoIteration(backend, options);
  await backend.close();
  return { ...timing, threads };
}

/** Times the iteration on any backend. */
export async function timePpoIteration(
  backend: Backend,
  { warmup, repeats }: Repeats,
): Promise<Omit<Timing, "threads" | "versions">> {
  const config = demoShape();
  const policy = { config, weights: initialize(config, Random.of(1, "policy"), ["language", "value"]) };
  const reference = { config, weights: initialize(config, Random.of(1, "policy")) };
  const reward = { config, weights: initialize(config, Random.of(1, "reward"), ["score"]) };
  const trainer = new PpoTrainer(
    backend,
    { policy, references: [reference], reward },
    inMemory(prompts()),
    settings(warmup + repeats),
  );
  const samples: number[] = [];
  let tokens = 0;
  for (let iteration = 0; iteration < warmup + repeats; iteration++) {
    const started = performance.now();
    const { generation } = await trainer.iterate();
    if (iteration < warmup) continue;
    samples.push(performance.now() - started);
    tokens += generation.lengths.reduce((sum, length) => sum + length, 0);
  }
  trainer.release();
  const meanResponse = tokens / (SHAPE.rollouts * repeats);
  return { ms: median(samples), minMs: Math.min(...samples), parts: { meanResponse } };
}

function demoShape(): ModelConfig {
  const config = parseModelConfig({
    architectures: ["LlamaForCausalLM"],
    vocab_size: SHAPE.vocabulary,
    hidden_size: 64,
    intermediate_size: 152,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: SHAPE.query + SHAPE.response,
  });
  if (parameterCount(config) !== SHAPE.parameters) throw new Error("demo model: another number of parameters");
  return config;
}

function prompts(): number[][] {
  const random = Random.of(1, "prompts");
  const token = (): number => 2 + random.integer(SHAPE.vocabulary - 2);
  return Array.from({ length: PROMPTS }, () => Array.from({ length: SHAPE.query }, token));
}

function settings(iterations: number): PpoSettings {
  return {
    ...TRL_SETTINGS,
    iterations,
    batchSize: SHAPE.rollouts,
    minibatchSize: SHAPE.rollouts,
    ppoEpochs: 2,
    queryLength: SHAPE.query,
    responseLength: SHAPE.response,
    eos: [1],
    learningRate: 2e-4,
  };
}
