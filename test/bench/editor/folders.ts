import { createWriteStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { configOf } from "../../webview/recording.ts";

/** Metrics of the synthetic runs. */
const METRICS = [
  "objective/score",
  "objective/kl",
  "objective/entropy",
  "rollout/length",
  "rollout/eosRate",
  "loss/policy",
  "loss/value",
  "policy/clipFraction",
  "policy/entropy",
  "value/explainedVariance",
];

/** Writes runs under `<root>/runs` whose policies recorded `steps` points of ten metrics each. @returns Their folders. */
export async function writeRuns(root: string, count: number, steps: number): Promise<readonly string[]> {
  await rm(root, { recursive: true, force: true });
  const folders: string[] = [];
  for (let index = 0; index < count; index++) {
    const folder = await runFolder(root, `bench-${index + 1}`);
    await writeLines(join(folder, "events.jsonl"), eventLines(`bench-${index + 1}`, steps, index));
    folders.push(folder);
  }
  return folders;
}

/** Writes a run whose arms left `rows` prompts of samples. @returns Its folder. */
export async function writeSamples(root: string, rows: number): Promise<string> {
  await rm(root, { recursive: true, force: true });
  const folder = await runFolder(root, "samples-1");
  await writeLines(join(folder, "events.jsonl"), eventLines("samples-1", 1, 0));
  await writeLines(join(folder, "samples.jsonl"), sampleLines(rows));
  return folder;
}

async function runFolder(root: string, id: string): Promise<string> {
  const folder = join(root, "runs", id);
  await mkdir(folder, { recursive: true });
  const record = { id, config: configOf(), configFile: "/bench/bench.salsa.json", seeds: [1], salsa: "0.1.0" };
  const machine = { node: process.version, platform: "linux-x64", cpu: "", memoryBytes: 0 };
  await writeFile(join(folder, "run.json"), JSON.stringify({ ...record, ...machine }));
  return folder;
}

function* eventLines(run: string, steps: number, seed: number): Generator<string> {
  let sequence = 0;
  const begin = Date.UTC(2026, 8, 1);
  const stamp = (step: number): object => ({ time: begin + 1000 * step, sequence: sequence++ });
  const started = { kind: "runStarted", run, name: run, device: "wasm, 2 threads", resumed: false, stages: ["ppo"] };
  yield JSON.stringify({ ...started, ...stamp(0) });
  yield JSON.stringify({ kind: "stageStarted", stage: "ppo", key: "rlhf-0", name: "RLHF", cached: false, ...stamp(0) });
  for (let step = 1; step <= steps; step++) {
    const wave = (k: number): number => Math.sin(step / (50 + 10 * k) + seed) + Math.sin(step * 12.9898 + k) / 3;
    const values = Object.fromEntries(METRICS.map((name, k) => [name, wave(k)]));
    yield JSON.stringify({ kind: "metrics", stage: "ppo", step, values, ...stamp(step) });
  }
  yield JSON.stringify({ kind: "stageFinished", stage: "ppo", seconds: steps, ...stamp(steps) });
  yield JSON.stringify({ kind: "runFinished", status: "finished", seconds: steps, ...stamp(steps) });
}

function* sampleLines(rows: number): Generator<string> {
  const words = ["river", "city", "summer", "time", "forest", "island", "night", "music"];
  for (let row = 0; row < rows; row++) {
    const text = Array.from({ length: 5 }, (_, k) => words[(row * (k + 3)) % words.length] ?? "").join(" ");
    for (const stage of ["ppo", "salsa"]) {
      const tokens = `${text} thanks </s>`.split(" ");
      const each = (value: number): number[] => tokens.map((_, k) => value + k / 10);
      const numbers = { logprobs: each(-1), kl: each(0), rewards: each(0), advantages: each(1), values: each(0) };
      const score = Math.sin(row) + (stage === "salsa" ? 0.1 : 0);
      const what = {
        stage,
        step: 1 + Math.floor(row / 4),
        prompt: `copy: ${text} ${row}.`,
        response: `${text} thanks`,
      };
      yield JSON.stringify({ ...what, ended: true, score, tokens, ...numbers });
    }
  }
}

async function writeLines(file: string, lines: Iterable<string>): Promise<void> {
  const stream = createWriteStream(file);
  for (const line of lines) if (!stream.write(`${line}\n`)) await once(stream, "drain");
  stream.end();
  await once(stream, "finish");
}
