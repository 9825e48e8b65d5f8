import { fetchModel } from "../../examples/smollm2/fetchModel.ts";
import { copyFile, mkdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { BASELINES, BENCH_FOLDER, installNode, installPython, ROOT } from "./install.ts";
import { activation } from "./editor/activation.ts";
import { idle } from "./editor/idle.ts";
import { editor } from "./editor/editor.ts";
import type { Bench, ProcessTiming, RuntimeTiming, Setting } from "./bench.ts";
import { type Command, runProcess } from "./process.ts";
import { waitForQuiet } from "./quiet.ts";
import { soupFiles } from "./soupFiles.ts";
import { median, type Timing } from "./worker.ts";

/** Threads that every runtime gets. */
export const THREADS = 2;

const trainStep: Bench = {
  name: "trainStep",
  targets: {
    "trainStep.vsTorch": { atLeast: 0.7 },
    "trainStep.vsJax": { atLeast: 2 },
    "trainStep.vsTfjs": { atLeast: 20 },
  },
  async run(setting) {
    const python = await installPython(setting.log);
    await installNode(setting.log);
    const timings = await alternate(setting, {
      ours: ours("trainStep", 5, 20),
      torch: { file: python, args: [join(BASELINES, "train_step_torch.py"), "5", "20"] },
      jax: node(join(BASELINES, "trainStepJax.ts"), "3", "10", String(THREADS)),
      tfjs: node(join(BASELINES, "trainStepTfjs.ts"), "1", "3"),
    });
    const ratio = (theirs: string): number => speedup(timings, theirs);
    const figures = {
      "trainStep.vsTorch": ratio("torch"),
      "trainStep.vsJax": ratio("jax"),
      "trainStep.vsTfjs": ratio("tfjs"),
    };
    return { bench: "trainStep", figures, timings };
  },
};

const ppoIteration: Bench = {
  name: "ppoIteration",
  targets: { "ppoIteration.vsTrl": { atLeast: 2 } },
  async run(setting) {
    const python = await installPython(setting.log);
    const timings = await alternate(setting, {
      ours: ours("ppoIteration", 3, 15),
      trl: { file: python, args: [join(BASELINES, "ppo_trl.py"), "3", "15", "128"] },
    });
    return { bench: "ppoIteration", figures: { "ppoIteration.vsTrl": speedup(timings, "trl") }, timings };
  },
};

const demo: Bench = {
  name: "demo",
  targets: { "demo.seconds": { atMost: 150 }, "demo.peakMiB": { atMost: 1024 } },
  async run({ log }) {
    await waitForQuiet(log);
    log("demo: the whole pipeline, once");
    const folder = join(BENCH_FOLDER, "demo"); // runs land beside the config, so a copy elsewhere starts afresh
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await copyFile(join(ROOT, "examples/miniinstruct/demo.salsa.json"), join(folder, "demo.salsa.json"));
    const command = node(join(ROOT, "engine/cli/main.ts"), "run", join(folder, "demo.salsa.json"));
    const { seconds, peakMiB } = await runProcess({ ...command, watchesMemory: true });
    return {
      bench: "demo",
      figures: { "demo.seconds": seconds, ...(peakMiB && { "demo.peakMiB": peakMiB }) },
      timings: {},
    };
  },
};

const soup: Bench = {
  name: "soup",
  targets: { "soup.vsTorch": { atLeast: 1 }, "soup.peakMiB": { atMost: 300 } },
  async run(setting) {
    const python = await installPython(setting.log);
    const folder = await soupFolder();
    try {
      setting.log("soup: writing two files of 1 GiB");
      const files = await soupFiles(folder);
      const timings = await alternate(setting, {
        ours: { ...ours("soup", 0, 1, ...files, join(folder, "ours.safetensors")), watchesMemory: true },
        torch: {
          file: python,
          args: [join(BASELINES, "soup_torch.py"), ...files, join(folder, "torch.safetensors")],
          watchesMemory: true,
        },
      });
      const peaks = timings["ours"]?.processes.map(({ peakMiB }) => peakMiB ?? 0) ?? [];
      const peakMiB = Math.max(...peaks);
      const figures = { "soup.vsTorch": speedup(timings, "torch"), ...(peakMiB && { "soup.peakMiB": peakMiB }) };
      return { bench: "soup", figures, timings };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Sequences decoded side by side. */
const DECODED = [1, 8, 32] as const;

const realModel: Bench = {
  name: "realModel",
  targets: {
    "real.trainVsTorch": { atLeast: 1.7 },
    "real.decodeVsTransformers": { atLeast: 2 },
    "real.ppoVsTrl": { atLeast: 1.7 },
  },
  async run(setting) {
    const python = await installPython(setting.log);
    const folder = await fetchModel({ tell: setting.log });
    const script = join(BASELINES, "real_model.py");
    const theirs = (mode: string, ...more: readonly string[]): Command => {
      return { file: python, args: [script, mode, folder, "1", "3", ...more], watchesMemory: true };
    };
    const mine = (name: string, ...more: readonly string[]): Command => {
      return { ...ours("realModel", 1, 3, name, folder, ...more), watchesMemory: true };
    };
    const train = await alternate(setting, { ours: mine("train"), torch: theirs("train") });
    const ppo = await alternate(setting, { ours: mine("ppo"), trl: theirs("ppo") });
    const figures: Record<string, number> = {
      "real.trainVsTorch": speedup(train, "torch"),
      "real.ppoVsTrl": speedup(ppo, "trl"),
    };
    const timings: Record<string, RuntimeTiming> = { ...named("train", train), ...named("ppo", ppo) };
    for (const batch of DECODED) {
      const decode = await alternate(setting, {
        ours: mine("decode", `${batch}`),
        f32: theirs("decode", `${batch}`),
        bf16: theirs("decodeBf16", `${batch}`),
      });
      // Against whichever type is the faster for them.
      figures[`real.decode${batch}`] = Math.min(speedup(decode, "f32"), speedup(decode, "bf16"));
      Object.assign(timings, named(`decode${batch}`, decode));
    }
    figures["real.decodeVsTransformers"] = Math.min(...DECODED.map((batch) => figures[`real.decode${batch}`] ?? NaN));
    return { bench: "realModel", figures, timings };
  },
};

const serve: Bench = {
  name: "serve",
  targets: { "serve.vsTransformers": { atLeast: 1 } },
  async run(setting) {
    const python = await installPython(setting.log);
    const folder = await fetchModel({ tell: setting.log });
    const theirs = (type: string): Command => {
      return { file: python, args: [join(BASELINES, "serve_transformers.py"), folder, "1", "3", type] };
    };
    const timings = await alternate(setting, {
      ours: ours("serve", 1, 3, folder),
      f32: theirs("float32"),
      bf16: theirs("bfloat16"),
    });
    // Against whichever type is the faster for them.
    const figures = { "serve.vsTransformers": Math.min(speedup(timings, "f32"), speedup(timings, "bf16")) };
    return { bench: "serve", figures, timings };
  },
};

const statistics: Bench = {
  name: "statistics",
  targets: { "statistics.seconds": { atMost: 2 }, "statistics.pairSeconds": { atMost: 2 } },
  async run(setting) {
    const timings = await alternate(setting, { ours: ours("statistics", 1, 3) });
    const seconds = (part: string): number =>
      median(timings["ours"]?.processes.map(({ parts }) => parts?.[part] ?? NaN) ?? []) / 1000;
    const figures = { "statistics.seconds": seconds("league"), "statistics.pairSeconds": seconds("pair") };
    return { bench: "statistics", figures, timings };
  },
};

const cluster: Bench = {
  name: "cluster",
  targets: {
    "cluster.listSeconds": { atMost: 1 },
    "cluster.watchPercent": { atMost: 10 },
    "cluster.makespan": { atMost: 1.1 },
  },
  async run(setting) {
    const timings = await alternate(setting, { ours: ours("cluster", 0, 1) });
    const of = (part: string): number =>
      median(timings["ours"]?.processes.map(({ parts }) => parts?.[part] ?? NaN) ?? []);
    const figures = {
      "cluster.listSeconds": of("listMs") / 1000,
      "cluster.listOlderSeconds": of("listOlderMs") / 1000,
      "cluster.watchPercent": of("watchPercent"),
      "cluster.makespan": of("makespan"),
      "cluster.makespanOnEight": of("onEight"),
    };
    return { bench: "cluster", figures, timings };
  },
};

function named(part: string, timings: Readonly<Record<string, RuntimeTiming>>): Record<string, RuntimeTiming> {
  return Object.fromEntries(Object.entries(timings).map(([name, timing]) => [`${part}.${name}`, timing]));
}

/** Every benchmark, in the order in which it runs. Add yours here. */
export const BENCHES = [
  trainStep,
  ppoIteration,
  realModel,
  serve,
  soup,
  statistics,
  cluster,
  demo,
  activation,
  idle,
  editor,
] as const satisfies readonly Bench[];

function node(...args: readonly string[]): Command {
  return { file: process.execPath, args, cwd: ROOT };
}

function ours(name: string, warmup: number, repeats: number, ...files: readonly string[]): Command {
  return node(join(ROOT, "test/bench/ours.ts"), name, String(warmup), String(repeats), String(THREADS), ...files);
}

/** Memory, where there is room for three files of 1 GiB, so that a slow disk does not hide the work. */
async function soupFolder(): Promise<string> {
  const memory = "/dev/shm";
  const isThere = (await stat(memory).catch(() => undefined)) !== undefined;
  const { bavail, bsize } = isThere ? await statfs(memory) : { bavail: 0, bsize: 0 };
  return bavail * bsize > 6 * 2 ** 30 ? `${memory}/salsa-bench-${process.pid}` : join(BENCH_FOLDER, "soup");
}

/** Runs each command once a round, one at a time, each in a process of its own. */
async function alternate(
  { rounds, log }: Setting,
  commands: Readonly<Record<string, Command>>,
): Promise<Record<string, RuntimeTiming>> {
  const processes = new Map<string, ProcessTiming[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const busyBefore = await waitForQuiet(log);
      const { stdout, peakMiB } = await runProcess(command);
      const timing = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Timing;
      checkLosses(name, timing);
      processes.get(name)?.push({ ...timing, busyBefore, ...largestMemory(timing.peakMiB, peakMiB) });
      log(`round ${round} of ${rounds}: ${name} ${timing.ms.toFixed(1)} ms`);
    }
  }
  return Object.fromEntries([...processes].map(([name, timings]) => [name, summarize(timings)]));
}

function summarize(processes: readonly ProcessTiming[]): RuntimeTiming {
  const ms = median(processes.map((timing) => timing.ms));
  return { ms, minMs: Math.min(...processes.map((timing) => timing.minMs)), processes };
}

/** A step that is fast because it does not train would be worth nothing. */
function checkLosses(name: string, { losses }: Timing): void {
  if (losses === undefined) return;
  const [first, last] = losses;
  if (!(last < first)) throw new Error(`${name}: the loss did not fall: ${first} at first, ${last} at last`);
}

function speedup(timings: Readonly<Record<string, RuntimeTiming>>, theirs: string): number {
  const [mine, other] = [timings["ours"], timings[theirs]];
  if (mine === undefined || other === undefined) throw new Error(`no timings of ours and ${theirs}`);
  return other.ms / mine.ms;
}

/** A process's own measurement is exact; one from outside includes its descendants. */
function largestMemory(own: number | undefined, seen: number | undefined): { peakMiB?: number } {
  const known = [own, seen].filter((value) => value !== undefined);
  return known.length === 0 ? {} : { peakMiB: Math.max(...known) };
}
