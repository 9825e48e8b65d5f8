import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { criticalPath } from "../../engine/cli/sweepNotes.ts";
import { parseConfig } from "../../engine/config/index.ts";
import { runReady } from "../../engine/pipeline/executors/schedule.ts";
import { planPipeline } from "../../engine/pipeline/index.ts";
import type { ResolvedStage } from "../../engine/pipeline/resolve.ts";
import { keepSummary } from "../../engine/pipeline/outcome/summaryFile.ts";
import { Runs } from "../../engine/server/service/runs.ts";
import { AttemptLog, AttemptTail } from "../../engine/storage/attempts.ts";
import { makeFolderAt } from "../../engine/storage/writing.ts";
import { placeIn } from "../../engine/storage/places.ts";
import { RunFolder, listRuns } from "../../engine/storage/runFolder.ts";
import { recordFolder } from "../../engine/storage/recordFolder.ts";
import { stamped, writeRun } from "../engine/server/service/runFolders.ts";
import type { BenchOptions, Timing } from "./worker.ts";

/** Runs of a shared folder, and stages of each. */
const [RUNS, STAGES] = [1000, 100];
/** Jobs that are watched, and events of each a second. */
const [JOBS, RATE] = [64, 10];
const WATCHED_SECONDS = 10;
/** Milliseconds between two looks at a job's log, as the executor has them. */
const LOOK_MS = 250;
/** Milliseconds that the longest chain of the sweep's stages is played in. */
const CHAIN_MS = 5000;

/**
 * Watching a cluster at scale, by simulation. In `parts`: milliseconds to list a folder of 1,000 runs and 100,000 stages,
 * percent of a core to watch 64 jobs with 10 events a second each, and how often over the longest chain of a sweep of forty
 * arms its stages take that the scheduler hands out, on as many cards as are wanted and on eight.
 */
export async function clusterBench(_options: BenchOptions): Promise<Omit<Timing, "versions">> {
  const folder = await mkdtemp(join(tmpdir(), "salsa-scale-"));
  try {
    const { listMs, listOlderMs } = await listing(join(folder, "list"));
    const watchPercent = await watching(join(folder, "watch"));
    const stages = await sweep(join(folder, "sweep"));
    const [makespan, onEight] = [await overChain(stages, 256), await overChain(stages, 8)];
    return { ms: listMs, minMs: listMs, threads: 1, parts: { listMs, listOlderMs, watchPercent, makespan, onEight } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lists the runs from their logs, as those of older versions, and from the summaries that they leave. */
async function listing(folder: string): Promise<{ readonly listMs: number; readonly listOlderMs: number }> {
  const root = join(folder, ".salsa");
  const ids = Array.from({ length: STAGES }, (_, at) => `answers-${at}`);
  for (let number = 1; number <= RUNS; number++) {
    const id = `sweep-${number}`;
    const of = ids.flatMap((stage) => [
      { kind: "stageStarted", stage, key: `answers-${"0".repeat(16)}`, cached: false },
      { kind: "stageFinished", stage, seconds: 1 },
    ]);
    const started = { kind: "runStarted", run: id, name: id, device: "cuda", resumed: false, stages: ids };
    const events = stamped([started, ...of, { kind: "runFinished", status: "finished", seconds: 100 }]);
    await writeRun(folder, id, { events });
  }
  const listOlderMs = await listed(root);
  for (const id of await listRuns(root)) {
    const held = await RunFolder.open(root, id);
    await keepSummary(held);
    await held.close();
  }
  return { listMs: await listed(root), listOlderMs };
}

/** Milliseconds for the first list of a new service. */
async function listed(root: string): Promise<number> {
  const runs = new Runs({ client: () => "bench", log: () => undefined, send: () => Promise.resolve() });
  try {
    const began = performance.now();
    runs.setRoots([root]);
    const all = await runs.list();
    const ms = performance.now() - began;
    const nFinished = all.filter(({ status }) => status === "finished").length;
    if (nFinished !== RUNS) throw new Error(`${nFinished} of ${RUNS} runs are listed`);
    return ms;
  } finally {
    runs.close();
  }
}

const keyOf = (job: number): string => `rlhf-${String(job).padStart(16, "0")}`;

async function watching(root: string): Promise<number> {
  for (let job = 0; job < JOBS; job++) await makeFolderAt(placeIn(recordFolder(root, keyOf(job))));
  const writer = spawn(process.execPath, [fileURLToPath(import.meta.url), root], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(writer, "exit");
  let nSeen = 0;
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await Promise.all(
    Array.from({ length: JOBS }, async (_, job) => {
      const tail = new AttemptTail({ root, key: keyOf(job), number: 1 });
      while (tail.end === undefined) {
        await tail.read({ event: () => (nSeen += 1), sample: () => undefined });
        await setTimeout(LOOK_MS);
      }
    }),
  );
  await ended;
  const { user, system } = process.cpuUsage(cpu);
  const percent = (user + system) / (10 * (performance.now() - began));
  const all = JOBS * RATE * WATCHED_SECONDS;
  if (nSeen !== all) throw new Error(`${nSeen} of ${all} events were seen`);
  return percent;
}

/** Plays the jobs: writes their events, evenly over time. */
async function writeEvents(root: string): Promise<void> {
  const logs = Array.from({ length: JOBS }, (_, job) => new AttemptLog({ root, key: keyOf(job), number: 1 }));
  for (const log of logs) log.began("bench");
  for (let step = 1; step <= RATE * WATCHED_SECONDS; step++) {
    for (const log of logs) {
      const values = { "objective/kl": step, "objective/score": 1 / step, "loss/policy": 0.1, "loss/value": 0.2 };
      log.event({ kind: "metrics", stage: "salsa", step, values });
    }
    await setTimeout(1000 / RATE);
  }
  for (const log of logs) {
    log.ended({ how: "finished" });
    log.close();
  }
}

type SweepStages = Awaited<ReturnType<typeof planPipeline>>;

async function sweep(folder: string): Promise<SweepStages> {
  const config = {
    task: { name: "miniinstruct" },
    model: { architecture: { hiddenSize: 128, nLayers: 4, nHeads: 4 } },
    soups: { soup: { method: "linear", alpha: { grid: [0.2, 0.4, 0.5, 0.6, 0.8] } } },
    arms: { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5] } } },
    runtime: { backend: "wasm", cluster: { address: "http://127.0.0.1:8265" } },
  };
  const resolved = parseConfig(JSON.stringify(config), join(folder, "sweep.salsa.json"));
  const arms = Object.keys(resolved.arms).length;
  if (arms !== 41) throw new Error(`the sweep has ${arms} arms`);
  return planPipeline(resolved, { runsRoot: resolved.runtime.directory });
}

/** How often over its longest chain the stages of a plan take, played on some cards at the pace that is planned. */
async function overChain(stages: SweepStages, nCards: number): Promise<number> {
  const { seconds } = criticalPath(stages);
  const waits = new Map(stages.map(({ id, estimatedSeconds }) => [id, (estimatedSeconds / seconds) * CHAIN_MS]));
  const resolved = stages.map((info) => {
    return { info, declared: { usesDevice: info.runsOn !== "the run's process" } } as unknown as ResolvedStage;
  });
  const make = ({ info }: ResolvedStage): Promise<void> => setTimeout(waits.get(info.id), undefined);
  const lanes = [...Array.from({ length: nCards }, () => ({ usesDevice: true, make })), { usesDevice: false, make }];
  const began = performance.now();
  await runReady(resolved, lanes, { signal: new AbortController().signal, report: () => undefined });
  return (performance.now() - began) / CHAIN_MS;
}

if (import.meta.main) await writeEvents(process.argv[2] ?? "");
