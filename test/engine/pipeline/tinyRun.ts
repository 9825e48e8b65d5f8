import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { runPipeline } from "../../../engine/pipeline/index.ts";
import type { RunResult } from "../../../engine/pipeline/index.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";

/** A config as somebody writes it. */
export type Written = Readonly<Record<string, unknown>>;

/** The whole recipe in about a second: one layer of width 16, a handful of steps a stage. */
export const TINY: Written = {
  name: "tiny",
  task: { name: "miniinstruct" },
  model: { architecture: { hiddenSize: 16, nLayers: 1, nHeads: 2 }, pretrain: { steps: 8, batchSize: 8 } },
  sft: { seeds: [1, 2], examples: 32, steps: 6, learningRate: 1e-3, batchSize: 4 },
  reward: { pairs: 40, learningRate: 1e-3 },
  rlhf: { iterations: 3, batchSize: 8, minibatchSize: 4, ppoEpochs: 2, learningRate: 1e-3, beta: 0.05 },
  evaluation: { benchmarks: ["inDistribution"], prompts: 16, validationPrompts: 16 },
  runtime: { threads: 1, checkpointEvery: 2 },
};

/** The tiny config with some settings of its sections replaced; a section given as undefined goes. */
export function tiny(overrides: Written = {}): Written {
  const sections = Object.entries(overrides).map(([name, value]) => {
    const isSection = (one: unknown): one is object => typeof one === "object" && one !== null && !Array.isArray(one);
    return [name, isSection(value) && isSection(TINY[name]) ? { ...TINY[name], ...value } : value] as const;
  });
  return JSON.parse(JSON.stringify({ ...TINY, ...Object.fromEntries(sections) })) as Written;
}

/** A config as the engine resolves it, lying in `folder`. */
export function resolved(written: Written, folder: string): RunConfig {
  const file = path.join(folder, "tiny.salsa.json");
  return parseConfig(JSON.stringify(written), file, { folder, exists: existsSync });
}

/** A run in this process, with everything it reported. */
export interface TinyRun extends RunResult {
  readonly config: RunConfig;
  readonly events: readonly RunEvent[];
}

/** How a run is started other than with its config. */
export interface TinyOptions {
  readonly resume?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/** Runs a config whose folder, artifacts included, is `folder`. */
export async function runTiny(written: Written, folder: string, options: TinyOptions = {}): Promise<TinyRun> {
  const { resume, signal = new AbortController().signal, onEvent } = options;
  const config = resolved(written, folder);
  const events: RunEvent[] = [];
  const result = await runPipeline({
    config,
    configFile: path.join(folder, "tiny.salsa.json"),
    runsRoot: config.runtime.directory,
    ...(resume === undefined ? {} : { resume }),
    signal,
    report: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  return { ...result, config, events };
}

/** A run's config as run.json has it: with the backend that was taken, where the config leaves that to the machine. */
export function recordedConfig({ config }: Pick<TinyRun, "config">): unknown {
  const runtime = { ...config.runtime, backend: "wasm" };
  return JSON.parse(JSON.stringify({ ...config, runtime }));
}

/** Artifact key of every stage, by its name in the run, in the order of their declaration. */
export function keysOf({ events }: Pick<TinyRun, "events">): ReadonlyMap<string, string> {
  return new Map(started(events).map(({ stage, key }) => [stage, key]));
}

/** Names of the stages that were computed, not found, in the order of their declaration. */
export function computed({ events }: Pick<TinyRun, "events">): string[] {
  return started(events).flatMap(({ stage, cached }) => (cached ? [] : [stage]));
}

/** Judgments begin beside other stages, sooner or later. */
function started(events: readonly RunEvent[]): readonly Extract<RunEvent, { readonly kind: "stageStarted" }>[] {
  const declared = events.flatMap((event) => (event.kind === "runStarted" ? event.stages : []));
  const places = new Map(declared.map((stage, place) => [typeof stage === "string" ? stage : stage.id, place]));
  return events
    .filter((event) => event.kind === "stageStarted")
    .toSorted((a, b) => (places.get(a.stage) ?? 0) - (places.get(b.stage) ?? 0));
}

/** The folder of a stage's artifact. */
export function artifactOf(run: TinyRun, stage: string): string {
  const key = keysOf(run).get(stage);
  if (key === undefined) throw new RangeError(`the run has no stage ${stage}`);
  return path.join(run.config.runtime.directory, "artifacts", key);
}

/** SHA-256 of every file of every artifact below a run root, manifests left out. */
export async function artifactHashes(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = path.join(root, "artifacts");
  const hashes = new Map<string, string>();
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === "manifest.json") continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await fs.readFile(file);
    hashes.set(path.relative(folder, file), createHash("sha256").update(bytes).digest("hex"));
  }
  return new Map([...hashes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The files of a run's tables, by name. */
export async function tableFiles(runFolder: string): Promise<ReadonlyMap<string, string>> {
  const folder = path.join(runFolder, "tables");
  const names = (await fs.readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await fs.readFile(path.join(folder, name), "utf8")] as const)),
  );
}

/** Values of a metric over a stage's steps, in the order of the run. */
export function metricOf({ events }: Pick<TinyRun, "events">, stage: string, metric: string): (number | null)[] {
  return events.flatMap((event) =>
    event.kind === "metrics" && event.stage === stage && metric in event.values ? [event.values[metric] ?? null] : [],
  );
}
