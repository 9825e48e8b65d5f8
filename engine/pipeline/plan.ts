import { basename } from "node:path";
import type { Backend } from "../compute/backend.ts";
import { plan } from "../compute/graph/program.ts";
import { Graph } from "../compute/graph/tensor.ts";
import { matmul } from "../compute/ops/index.ts";
import type { ModelConfig } from "../models/index.ts";
import type { RunConfig } from "../config/index.ts";
import { Artifacts, artifactKey } from "../storage/artifacts.ts";
import { openBackend } from "./backends.ts";
import { taskOf, taskTokenizer } from "./corpus.ts";
import { type Cost, costOf } from "./cost.ts";
import { fileFingerprint, folderFingerprint } from "./fingerprints.ts";
import { loadConfig } from "./modelFolder.ts";
import { salsa } from "./salsa.ts";
import { modelConfigOf } from "./stages/baseModel.ts";
import { type Artifact, type Stage, type StageInput, type Steps, stageIdentity } from "./step.ts";

/** One stage of a recipe before it runs. */
export interface StagePlan {
  /** For people: "sft-1". */
  readonly name: string;
  readonly stage: string;
  /** Content address of what it makes. */
  readonly key: string;
  readonly cached: boolean;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly estimatedSeconds: number;
}

/**
 * Share of the rate measured on a large matrix product that stages reach: the demo's, on two cores (plan 35 s, run 30 s).
 */
const EFFICIENCY = 0.75;
/** Reading, writing and making programs. */
const SECONDS_PER_STAGE = 0.1;
/** Operations per second that stages are weighed against each other at, where nothing is measured. */
const NOMINAL_RATE = 5e10;

/** What a run of the config would do: the recipe, executed by somebody who only takes notes. */
export async function planPipeline(
  config: RunConfig,
  { runsRoot }: { readonly runsRoot: string },
): Promise<readonly StagePlan[]> {
  const notes = new DryRun(config, new Artifacts(runsRoot), await baseConfig(config));
  await salsa(notes);
  const backend = await openBackend(config.runtime);
  const rate = (await matmulRate(backend)) * EFFICIENCY;
  await backend.close();
  return notes.stages.map(({ cost, ...stage }) => ({
    ...stage,
    parameters: cost.parameters,
    memoryBytes: cost.memoryBytes,
    estimatedSeconds: SECONDS_PER_STAGE + cost.flops / rate,
  }));
}

/** The stages that a run of the config goes through, in order: their names, and how their work compares. */
export async function outline(
  config: RunConfig,
  artifacts: Artifacts,
): Promise<{ readonly stages: string[]; readonly work: number[] }> {
  const notes = new DryRun(config, artifacts, await baseConfig(config));
  await salsa(notes);
  return {
    stages: notes.stages.map(({ name }) => name),
    work: notes.stages.map(({ cached, cost }) => (cached ? 0 : SECONDS_PER_STAGE + cost.flops / NOMINAL_RATE)),
  };
}

type StageEstimate = Pick<StagePlan, "name" | "stage" | "key" | "cached"> & { readonly cost: Cost };

class DryRun implements Steps {
  readonly config: RunConfig;
  readonly stages: StageEstimate[] = [];
  private readonly artifacts: Artifacts;
  private readonly model: ModelConfig;

  constructor(config: RunConfig, artifacts: Artifacts, model: ModelConfig) {
    this.config = config;
    this.artifacts = artifacts;
    this.model = model;
  }

  async step<I extends StageInput>(stage: Stage<I>, input: I, name: string): Promise<Artifact> {
    const { config, model } = this;
    const key = artifactKey(stage.name, stageIdentity(stage, input, config));
    const folder = this.artifacts.path(key);
    const cached = (await this.artifacts.get(key)) !== undefined;
    const cost = costOf(stage.name, { config, model }, input);
    this.stages.push({ name, stage: stage.name, key: basename(folder), cached, cost });
    return { key: basename(folder), name, folder };
  }

  async external(folder: string, name: string): Promise<Artifact> {
    return { key: await folderFingerprint(folder), name, folder };
  }

  fingerprint(file: string): Promise<string> {
    return fileFingerprint(file);
  }
}

async function baseConfig(config: RunConfig): Promise<ModelConfig> {
  const { model } = config;
  if ("checkpoint" in model) return loadConfig(model.checkpoint);
  const task = taskOf(config);
  if (task === undefined) throw new TypeError("plan: a new base model needs a task");
  return modelConfigOf(model.architecture, taskTokenizer(task));
}

const SIZE = 512;
const REPETITIONS = 5;

/** Floating-point operations per second of a large matrix product: the best of a few. */
async function matmulRate(backend: Backend): Promise<number> {
  const graph = new Graph();
  const product = matmul(graph.input("a", [SIZE, SIZE]), graph.input("b", [SIZE, SIZE]), {});
  const executable = backend.compile(plan({ product }));
  const inputs = { a: new Float32Array(SIZE * SIZE).fill(0.5), b: new Float32Array(SIZE * SIZE).fill(0.5) };
  let best = Infinity;
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const started = performance.now();
    await executable.run({ inputs });
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  executable.release();
  return (2 * SIZE ** 3) / best;
}
