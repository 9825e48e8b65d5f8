import type { Backend } from "../compute/backend.ts";
import { SavepointWriter } from "./savepointWriter.ts";
import { type Savepoint, type StageContext, Stopped } from "./stage.ts";

/** A step's metrics and its work. */
export interface StepReport {
  /** Metrics by path. */
  readonly values: Readonly<Record<string, number>>;
  /** Tokens that it worked on, without padding. */
  readonly tokens: number;
}

/** A stage's work, step by step. */
export interface LoopSettings {
  readonly total: number;
  /** Steps between snapshots. */
  readonly saveEvery: number;
  /** Steps between recorded metrics; the last step's are always recorded. */
  readonly metricsEvery: number;
  /** Takes one step, counted from 0. */
  readonly step: (index: number) => Promise<StepReport>;
  readonly save: () => Promise<Omit<Savepoint, "step">>;
  /** Milliseconds from some moment on; the process's own clock when left out. It makes metrics and nothing else. */
  readonly clock?: () => number;
}

/**
 * Runs a stage's steps from a snapshot on, saving now and then and when asked to stop. All that was saved is on the disk
 * when it ends.
 *
 * After a crash at most the work since the last snapshot is done again, with the same result.
 *
 * @param context - Of the stage.
 * @param settings - Its work.
 * @param first - Steps done before.
 * @throws {Stopped} after saving, when the context's signal is aborted. {DiskError} of a savepoint, at most a step after
 * it has failed.
 */
export async function loop(context: StageContext, settings: LoopSettings, first: number): Promise<void> {
  const writer = new SavepointWriter(context);
  try {
    await takeSteps(context, settings, first, writer);
    await writer.finish();
  } finally {
    await writer.release();
  }
}

async function takeSteps(
  context: StageContext,
  settings: LoopSettings,
  first: number,
  writer: SavepointWriter,
): Promise<void> {
  const { total, saveEvery, metricsEvery, clock = () => performance.now() } = settings;
  const { name, signal } = context;
  let work = NO_WORK;
  for (let index = first; index < total; index++) {
    const [began, cpu] = [clock(), process.cpuUsage()];
    const { values, tokens } = await settings.step(index);
    const { user, system } = process.cpuUsage(cpu);
    work = { tokens: work.tokens + tokens, ms: work.ms + clock() - began, cpuMs: work.cpuMs + (user + system) / 1000 };
    const done = index + 1;
    if (done % metricsEvery === 0 || done === total) {
      context.report({ kind: "metrics", step: done, values: { ...values, ...workMetrics(work, context.backend) } });
      work = NO_WORK;
    }
    context.report({ kind: "progress", step: done, total });
    // Steps hold the thread for their milliseconds; this is where signals and timers get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    await writer.check();
    if (done === total) return;
    const isStopped = signal.aborted;
    if (isStopped || done % saveEvery === 0) await writer.save({ step: done, ...(await settings.save()) });
    if (!isStopped) continue;
    await writer.finish();
    throw new Stopped(`${name}: stopped after step ${done} of ${total}`);
  }
}

/** Tokens, and the time that the steps took which worked on them. */
interface Work {
  readonly tokens: number;
  readonly ms: number;
  /** Of processors, in this process, all threads together. */
  readonly cpuMs: number;
}

const NO_WORK: Work = { tokens: 0, ms: 0, cpuMs: 0 };

const MEBIBYTE = 2 ** 20;

/** How the work since the last record went. A step too short for the clock counts as a microsecond. */
function workMetrics(
  { tokens, ms, cpuMs }: Work,
  backend: Pick<Backend, "memory" | "use">,
): Readonly<Record<string, number>> {
  const { memory } = backend;
  const { freeBytes, busy, watts } = backend.use?.() ?? {};
  return {
    "throughput/tokensPerSecond": tokens / Math.max(ms / 1000, 1e-6),
    "process/cores": cpuMs / Math.max(ms, 1e-3),
    "device/memory": memory.allocatedBytes / MEBIBYTE,
    "device/peakMemory": memory.peakBytes / MEBIBYTE,
    "process/memory": process.memoryUsage.rss() / MEBIBYTE,
    ...(freeBytes !== undefined && { "device/freeMemory": freeBytes / MEBIBYTE }),
    ...(busy !== undefined && { "device/busy": busy }),
    ...(watts !== undefined && { "device/power": watts }),
  };
}
