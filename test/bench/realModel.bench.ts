import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { DeviceWeights, Generator, handOver, sequenceArrays, withHeads } from "../../engine/models/index.ts";
import { AS_STORED, loadFrozenModel, loadModel } from "../../engine/pipeline/modelFolder.ts";
import { PpoTrainer } from "../../engine/rl/ppoTrainer.ts";
import { Random, TrainState, sftStep } from "../../engine/training/index.ts";
import { TRL_SETTINGS } from "./trlSettings.ts";
import { type BenchOptions, type Repeats, type Timing, median, timeSteps } from "./worker.ts";
import { inMemory } from "../inMemory.ts";

/** The same work as baselines/real_model.py. */
const TRAIN = { batchSize: 8, length: 256 } as const;
const DECODE = { prompt: 64, newTokens: 32 } as const;
const PPO = { rollouts: 8, minibatch: 4, query: 64, response: 32 } as const;

type Measured = Omit<Timing, "threads" | "versions">;

/** Work on the real model by name; each gets its checkpoint's folder and, where it has one, a batch size. */
export const REAL_WORK: Readonly<
  Record<string, (backend: Backend, repeats: Repeats, folder: string, batch: number) => Promise<Measured>>
> = { train, decode, ppo };

/** Times a training step, a step of decoding or a PPO iteration of a checkpoint; `files` are the work's name, the folder and a batch size. */
export async function realModelBench({
  threads,
  files = [],
  ...repeats
}: BenchOptions): Promise<Omit<Timing, "versions">> {
  const [name = "", folder = "", batch] = files;
  const work = REAL_WORK[name];
  if (work === undefined) throw new Error(`real model: no work is called ${name}`);
  const backend = await createWasmBackend({ threads });
  const before = process.cpuUsage();
  const start = performance.now();
  const timing = await work(backend, repeats, folder, Number(batch ?? 1));
  const { user, system } = process.cpuUsage(before);
  const busyPercent = (user + system) / 10 / (performance.now() - start);
  await backend.close();
  return { ...timing, threads, parts: { ...timing.parts, busyPercent } };
}

/** Token ids that every runtime gets, by row. */
function tokensOf(batch: number, length: number): number[][] {
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length }, (_, column) => 100 + ((row * 7919 + column * 104_729 + row * column) % 40_000)),
  );
}

async function train(backend: Backend, repeats: Repeats, folder: string): Promise<Measured> {
  const { batchSize, length } = TRAIN;
  const { config, weights } = await loadModel(folder);
  const state = TrainState.create(backend, handOver(weights));
  const step = sftStep(backend, config, { ...TRAIN, optimizer: { weightDecay: 0.01 } });
  const rows = tokensOf(batchSize, length);
  const inputs = {
    ...sequenceArrays(
      { tokens: Int32Array.from(rows.flat()), starts: new Int32Array(batchSize) },
      [...rows.keys()],
      batchSize,
    ),
    targets: Int32Array.from(rows.flatMap((row) => [...row.slice(1), -1])),
    tokenWeight: Float32Array.of(1 / (batchSize * (length - 1))),
  };
  const timing = await timeSteps(async () => (await step.run(state, [inputs], 1e-5)).loss, repeats);
  const deviceMiB = backend.memory.peakBytes / 2 ** 20;
  return { ...timing, parts: { deviceMiB } };
}

async function decode(
  backend: Backend,
  { warmup, repeats }: Repeats,
  folder: string,
  batch: number,
): Promise<Measured> {
  const { config, weights } = await loadFrozenModel(folder, AS_STORED);
  const device = DeviceWeights.upload(backend, handOver(weights));
  const generator = new Generator(backend, config, {
    batchSize: batch,
    queryLength: DECODE.prompt,
    responseLength: DECODE.newTokens,
    sampling: {},
    eos: [],
    pad: 0,
  });
  const queries = tokensOf(batch, DECODE.prompt);
  const samples: number[] = [];
  for (let attempt = 0; attempt < warmup + repeats; attempt++) {
    const start = performance.now();
    await generator.generate(device, queries, Random.of(attempt, "decode"));
    if (attempt >= warmup) samples.push((performance.now() - start) / DECODE.newTokens);
  }
  return { ms: median(samples), minMs: Math.min(...samples) };
}

async function ppo(backend: Backend, { warmup, repeats }: Repeats, folder: string): Promise<Measured> {
  const start = await loadModel(folder);
  const { config } = start;
  const reference = await loadFrozenModel(folder, AS_STORED);
  const rewarding = await loadModel(folder);
  const reward = withHeads(rewarding.weights, config, Random.of(1, "reward"), ["score"]);
  const policy = withHeads(start.weights, config, Random.of(1, "policy"), ["language", "value"]);
  const trainer = new PpoTrainer(
    backend,
    {
      policy: { config, weights: handOver(policy) },
      references: [{ config, weights: handOver(reference.weights) }],
      reward: { config, weights: handOver(reward) },
    },
    inMemory(tokensOf(PPO.rollouts, PPO.query)),
    {
      ...TRL_SETTINGS,
      iterations: warmup + repeats,
      batchSize: PPO.rollouts,
      minibatchSize: PPO.minibatch,
      ppoEpochs: 1,
      queryLength: PPO.query,
      responseLength: PPO.response,
      eos: [],
      learningRate: 1e-6,
    },
  );
  const samples: number[] = [];
  for (let iteration = 0; iteration < warmup + repeats; iteration++) {
    const began = performance.now();
    await trainer.iterate();
    if (iteration >= warmup) samples.push(performance.now() - began);
  }
  return { ms: median(samples), minMs: Math.min(...samples), parts: { deviceMiB: backend.memory.peakBytes / 2 ** 20 } };
}
