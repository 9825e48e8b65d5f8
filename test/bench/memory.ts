import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PROCESS_BYTES } from "../../engine/common/memory.ts";
import type { PlanOutput } from "../../engine/protocol/toolOutput.ts";
import { BENCH_FOLDER, ROOT } from "./install.ts";
import { runProcess } from "./process.ts";

/**
 * Compares what `salsa plan` says about memory with what each stage takes, in a process of its own:
 * `memory.ts [CHECKPOINT] [--checkpointing]`. Without a checkpoint, models of 0.1M and 10M parameters.
 */
const [given] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const checkpoint = given === undefined ? undefined : resolve(given);
const gradientCheckpointing = process.argv.includes("--checkpointing");

const SCRIPTS = { cli: join(ROOT, "engine/cli/main.ts"), stage: join(ROOT, "test/bench/memoryStage.ts") };
const MIB = 2 ** 20;

interface Measured {
  readonly stage: string;
  readonly peakBytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const TRAINED = { steps: 3, learningRate: 1e-4 };

/** A config over the built-in task, with a new model of that shape. */
function taskConfig(architecture: object): object {
  return {
    task: { name: "miniinstruct" },
    model: { architecture, pretrain: { ...TRAINED, batchSize: 64 } },
    sft: { seeds: [1, 2], examples: 64, ...TRAINED, batchSize: 8 },
    reward: { pairs: 256, batchSize: 32, learningRate: 1e-4 },
    rlhf: { iterations: 2, batchSize: 128, minibatchSize: 128, ppoEpochs: 1 },
    arms: { salsa: { reference: "soup" } },
    soups: { soup: { method: "uniform", of: ["sft-1", "sft-2"] } },
    evaluation: { benchmarks: ["inDistribution"], prompts: 64, validationPrompts: 64 },
    runtime: { gradientCheckpointing },
  };
}

/** A config over a checkpoint, with conversations as long as they may be. */
async function checkpointConfig(folder: string): Promise<object> {
  const text = (length: number, seed: number): string =>
    Array.from({ length }, (_, at) => WORDS[(at * 7 + seed * 13 + ((at * seed) % 5)) % WORDS.length]).join(" ");
  const rows = (n: number, row: (seed: number) => object): string =>
    Array.from({ length: n }, (_, seed) => `${JSON.stringify(row(seed))}\n`).join("");
  await writeFile(
    join(folder, "sft.jsonl"),
    rows(16, (seed) => ({ prompt: text(60, seed), response: text(220, seed + 1) })),
  );
  await writeFile(
    join(folder, "pairs.jsonl"),
    rows(8, (seed) => ({ prompt: text(60, seed), chosen: text(220, seed + 1), rejected: text(200, seed + 2) })),
  );
  await writeFile(
    join(folder, "prompts.jsonl"),
    rows(16, (seed) => ({ prompt: text(60, seed) })),
  );
  return {
    data: {
      sft: "sft.jsonl",
      preferences: "pairs.jsonl",
      prompts: "prompts.jsonl",
      benchmarks: { mine: "prompts.jsonl" },
    },
    model: { checkpoint },
    sft: { seeds: [1, 2], steps: 2, learningRate: 1e-5, batchSize: 8, maxLength: 256 },
    reward: { batchSize: 2, learningRate: 1e-5, epochs: 1, maxLength: 256 },
    rlhf: { iterations: 1, batchSize: 8, minibatchSize: 4, ppoEpochs: 1, maxNewTokens: 32, learningRate: 1e-6 },
    arms: { salsa: { reference: "soup" } },
    soups: { soup: { method: "uniform", of: ["sft-1", "sft-2"] } },
    evaluation: { prompts: 8, validationPrompts: 8, sampling: { maxNewTokens: 32 } },
    runtime: { gradientCheckpointing },
  };
}

const WORDS = "the a river city of and to sing in that stone is for light it on with as mountain she".split(" ");

async function measure(name: string, make: (folder: string) => object | Promise<object>): Promise<void> {
  const folder = join(BENCH_FOLDER, "memory", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, "memory.salsa.json");
  await writeFile(file, JSON.stringify({ name, ...(await make(folder)) }));
  const planned = await runProcess({ file: process.execPath, args: [SCRIPTS.cli, "plan", file, "--json"] });
  const { stages } = JSON.parse(planned.stdout) as PlanOutput;
  for (;;) {
    const { stdout } = await runProcess({ file: process.execPath, args: [SCRIPTS.stage, file] });
    if (stdout.trim() === "") break;
    const { stage, peakBytes, seconds, cpuSeconds } = JSON.parse(stdout) as Measured;
    const plan = PROCESS_BYTES + (stages.find(({ id }) => id === stage)?.memoryBytes ?? NaN);
    const cells = [
      stage.padEnd(28),
      (plan / MIB).toFixed(0).padStart(8),
      (peakBytes / MIB).toFixed(0).padStart(8),
      `${(100 * (plan / peakBytes - 1)).toFixed(1)} %`.padStart(9),
      `${seconds.toFixed(1)} s`.padStart(9),
      `${((100 * cpuSeconds) / seconds).toFixed(0)} %`.padStart(7),
    ];
    process.stdout.write(`${name.padEnd(8)} ${cells.join(" ")}\n`);
  }
}

process.stdout.write(
  `${"model".padEnd(8)} ${"stage".padEnd(28)}  planned  measured      off      time    busy  (MiB)\n`,
);
if (checkpoint === undefined) {
  await measure("0.1M", () => taskConfig({ hiddenSize: 64, nLayers: 2, nHeads: 4, intermediateSize: 176 }));
  await measure("10M", () => taskConfig({ hiddenSize: 256, nLayers: 12, nHeads: 4, intermediateSize: 704 }));
} else await measure("given", checkpointConfig);
