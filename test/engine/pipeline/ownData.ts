import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createTask } from "../../../engine/evaluation/tasks/index.ts";
import type { Task } from "../../../engine/evaluation/tasks/task.ts";
import { taskSchema } from "../../../engine/config/task.ts";
import { Random } from "../../../engine/training/index.ts";
import { type TinyRun, type Written, artifactOf, runTiny, tiny } from "./tinyRun.ts";

/** The built-in task, as a source of text for files. */
export function miniInstruct(): Task {
  return createTask(taskSchema.parse({ name: "miniinstruct" }));
}

/** How many lines the files have. */
export interface DataSizes {
  readonly sft?: number;
  readonly preferences?: number;
  readonly prompts?: number;
  readonly benchmark?: number;
}

/** One JSON object a line. */
export async function writeJsonl(file: string, records: readonly object[]): Promise<void> {
  await fs.writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/**
 * Makes a folder with data files and a base checkpoint, as somebody has them who brings their own.
 * @returns A tiny config over them.
 */
export async function ownData(folder: string, sizes: DataSizes = {}): Promise<Written> {
  const { sft = 64, preferences = 24, prompts = 60, benchmark = 6 } = sizes;
  const task = miniInstruct();
  const draw = (name: string): Random => Random.of(5, name);
  const examples = task.sft(Math.max(sft, preferences), draw("sft"));
  await writeJsonl(path.join(folder, "sft.jsonl"), examples.slice(0, sft));
  const pairs = examples.slice(0, preferences).map(({ prompt, response }, at) => {
    return { prompt, chosen: response, rejected: "um", margin: 0.5 + at / 100, source: "made up" };
  });
  await writeJsonl(path.join(folder, "preferences.jsonl"), pairs);
  const asked = (n: number, name: string): object[] =>
    task.prompts("train", n, draw(name)).map((prompt) => ({ prompt }));
  await writeJsonl(path.join(folder, "prompts.jsonl"), asked(prompts, "prompts"));
  await writeJsonl(path.join(folder, "mine.jsonl"), asked(benchmark, "mine"));
  await writeJsonl(path.join(folder, "other.jsonl"), asked(benchmark, "other"));
  const { task: _task, evaluation: _evaluation, ...rest } = tiny();
  return {
    ...rest,
    data: {
      sft: "sft.jsonl",
      preferences: "preferences.jsonl",
      prompts: "prompts.jsonl",
      benchmarks: { mine: "mine.jsonl", other: "other.jsonl" },
    },
    model: { checkpoint: await baseCheckpoint(folder) },
    rlhf: { ...(rest["rlhf"] as Written), maxNewTokens: 8 },
    evaluation: { prompts: 4, sampling: { maxNewTokens: 8 } },
  };
}

/**
 * Makes a base checkpoint, `<folder>/<name>`: a run's first stage.
 * @returns Its name.
 */
export async function baseCheckpoint(folder: string, name = "base", overrides: Written = {}): Promise<string> {
  const run = await runBase(tiny({ ...overrides, runtime: { directory: "made" } }), folder);
  await fs.cp(artifactOf(run, "base"), path.join(folder, name), { recursive: true });
  await fs.rm(path.join(folder, "made"), { recursive: true });
  return name;
}

/** Runs a config's first stage, and stops. */
export async function runBase(written: Written, folder: string): Promise<TinyRun> {
  const controller = new AbortController();
  return runTiny(written, folder, {
    signal: controller.signal,
    onEvent: ({ kind }) => {
      if (kind === "stageFinished") controller.abort();
    },
  });
}
