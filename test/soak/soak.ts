import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RunStatus } from "../../engine/protocol/runState.ts";
import { sweepRuntimeFolder } from "../../engine/server/address.ts";
import { runOwner } from "../../engine/storage/runFolder.ts";
import { type Written, tiny } from "../engine/pipeline/tinyRun.ts";
import { withEngines } from "../engine/server/engines.ts";
import { type Usage, usageNow } from "./usage.ts";
import { type Window, openWindow } from "./window.ts";

/** How long a soak lasts, and who hears how it goes. */
export interface SoakSettings {
  readonly minutes: number;
  readonly log: (line: string) => void;
}

/** The measurements of a soak. */
export interface SoakReport {
  readonly cycles: number;
  readonly engines: number;
  readonly seconds: number;
  /** After the first cycles, which load code and fill caches. */
  readonly before: Usage;
  readonly after: Usage;
}

/** Cycles before the first measurement: each kind of cycle once. */
const WARM_UP = 3;
/** Milliseconds between looks at what sends no word, such as a process's end, and the most that is waited for it. */
const [POLL_MS, PATIENCE_MS] = [20, 60_000];

/**
 * Growth that a soak may leave: the rest has to be as it was. The heap and buffers of a process that does the same over
 * and over vary by some MB with what V8 has compiled and what waits for its next collection; a summary, an outline or a
 * watcher kept for every run would exceed this within an hour.
 */
const [HEAP_TOLERANCE, BUFFER_TOLERANCE, RSS_TOLERANCE] = [6e6, 6e6, 80e6];

/**
 * Starts, follows, stops, kills, resumes, finishes and deletes runs, in two windows, and measures memory, handles,
 * sockets and files before and after.
 */
export async function soak({ minutes, log }: SoakSettings): Promise<SoakReport> {
  return withEngines(async (folder) => {
    const root = path.join(folder, ".salsa");
    const runtime = process.env["SALSA_RUNTIME_DIR"] ?? "";
    const windows = [await openWindow(root, "window 1"), await openWindow(root, "window 2")] as const;
    const started = performance.now();
    const secondsSince = (): number => (performance.now() - started) / 1000;
    let engines = 0;
    let cycles = 0;
    let before: Usage | undefined;
    try {
      for (; before === undefined || secondsSince() < 60 * minutes; cycles++) {
        engines += await (cycles % 3 === 2 ? finishing : interrupted)({ folder, windows, cycle: cycles });
        if (cycles + 1 === WARM_UP) before = await measured(root, runtime);
        if (cycles % 20 === 0)
          log(`cycle ${cycles}, ${secondsSince().toFixed(0)} s: ${usageLine(await usageNow(root, runtime))}`);
      }
      const after = await settled(before, () => measured(root, runtime));
      return { cycles, engines, seconds: secondsSince(), before, after };
    } finally {
      for (const window of windows) await window.close();
    }
  });
}

/** One line of numbers. */
export function usageLine({ heap, buffers, rss, ...usage }: Usage): string {
  const megabytes = [heap, buffers, rss].map((bytes) => (bytes / 1e6).toFixed(1)).join(" / ");
  const { handles, descriptors, sockets, leftovers, results } = usage;
  const numbers = `${handles} handles, ${descriptors} descriptors, ${sockets} sockets, ${results} results`;
  return `heap/buffers/rss ${megabytes} MB, ${numbers}, leftovers: ${leftovers.join(", ") || "none"}`;
}

/** Asserts that a soak has left nothing behind. */
export function assertNothingLeft({ before, after }: SoakReport): void {
  assert.deepEqual(after.leftovers, [], "temporary files, locks, tickets and sockets");
  assert.equal(after.results, before.results, "runs, artifacts and records");
  assert.ok(after.handles <= before.handles, `handles: ${before.handles} before, ${after.handles} after`);
  assert.ok(!(after.descriptors > before.descriptors), `descriptors: ${before.descriptors}, ${after.descriptors}`);
  assert.ok(!(after.sockets > before.sockets), `sockets: ${before.sockets} before, ${after.sockets} after`);
  assert.ok(after.heap - before.heap < HEAP_TOLERANCE, `heap: ${before.heap} before, ${after.heap} after`);
  assert.ok(after.buffers - before.buffers < BUFFER_TOLERANCE, `buffers: ${before.buffers}, ${after.buffers}`);
  assert.ok(after.rss - before.rss < RSS_TOLERANCE, `memory: ${before.rss} before, ${after.rss} after`);
}

/**
 * Measures after what the next engine would sweep up a minute later has been swept up: the sockets of killed engines.
 * One that somebody listens on stays, and counts.
 */
async function measured(root: string, runtime: string): Promise<Usage> {
  for (const name of await fs.readdir(runtime)) {
    const isSocket = name.endsWith(".sock");
    if (isSocket) await fs.utimes(path.join(runtime, name), 0, 0);
  }
  await sweepRuntimeFolder(runtime);
  return usageNow(root, runtime);
}

interface Cycle {
  readonly folder: string;
  readonly windows: readonly [Window, Window];
  readonly cycle: number;
}

/** A run that is stopped or killed, goes on, is stopped and deleted. @returns Engines that it took. */
async function interrupted({ folder, windows, cycle }: Cycle): Promise<number> {
  const [one, other] = windows;
  // Of its own settings, so that it computes everything again.
  const rlhf = { iterations: 100_000, beta: 0.05 + cycle / 1e6 };
  const run = await one.ask("startRun", { configFile: await writeConfig(folder, tiny({ name: "soak", rlhf })) });
  const both = await followed(run.folder, windows);
  await both((window) => window.stepsOf(run.folder) >= 2);
  if (cycle % 2 === 0) await other.ask("stopRun", { folder: run.folder });
  else process.kill(run.pid, "SIGKILL");
  const cut: RunStatus = cycle % 2 === 0 ? "stopped" : "lost";
  await both(({ runs }) => runs.get(run.folder)?.status === cut);
  await eventually("the engine's end", async () => (await runOwner(run.folder)) === undefined);
  await other.ask("outline", { folder: run.folder });

  const reached = one.stepsOf(run.folder);
  const again = await other.ask("resumeRun", { folder: run.folder });
  await both(({ runs }) => runs.get(run.folder)?.status === "running");
  await both((window) => window.stepsOf(run.folder) > reached);
  await one.ask("stopRun", { folder: run.folder });
  await both(({ runs }) => runs.get(run.folder)?.status === "stopped");
  await ended(again.pid, run.folder);
  await deleted(run.folder, windows);
  return 2;
}

/** A run that ends by itself, is read and deleted. @returns Engines that it took. */
async function finishing({ folder, windows, cycle }: Cycle): Promise<number> {
  const [one, other] = windows;
  const written = tiny({ name: "soak", rlhf: { beta: 0.05 + cycle / 1e6 } });
  const run = await other.ask("startRun", { configFile: await writeConfig(folder, written) });
  const both = await followed(run.folder, windows);
  await both(({ runs }) => runs.get(run.folder)?.status === "finished");
  await ended(run.pid, run.folder);
  const query = { folder: run.folder, offset: 0, limit: 10 };
  await one.ask("samples", { ...query, source: { kind: "rollouts" } });
  await other.ask("comparisons", { ...query, benchmark: "inDistribution", a: "salsa", b: "ppo" });
  await one.ask("winRates", { folder: run.folder });
  await other.ask("report", { folder: run.folder });
  await deleted(run.folder, windows);
  return 1;
}

/** Follows a run in both windows. @returns A wait until something holds in both. */
async function followed(
  folder: string,
  windows: readonly Window[],
): Promise<(holds: (window: Window) => boolean) => Promise<void>> {
  for (const window of windows) await window.ask("follow", { folder });
  return async (holds) => {
    await Promise.all(windows.map((window) => window.until(() => holds(window))));
  };
}

async function deleted(folder: string, windows: Cycle["windows"]): Promise<void> {
  for (const window of windows) await window.ask("unfollow", { folder });
  await windows[0].ask("deleteRun", { folder, artifacts: true });
  await Promise.all(windows.map((window) => window.until(() => !window.runs.has(folder))));
}

async function ended(pid: number, folder: string): Promise<void> {
  await eventually("the engine's end", async () => (await runOwner(folder)) === undefined && !isRunning(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function writeConfig(folder: string, written: Written): Promise<string> {
  const file = path.join(folder, "soak.salsa.json");
  await fs.writeFile(file, JSON.stringify(written));
  return file;
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const started = performance.now(); !(await holds());) {
    assert.ok(performance.now() - started < PATIENCE_MS, `${what} within ${PATIENCE_MS} ms`);
    await setTimeout(POLL_MS);
  }
}

/** The measurement once what closes by itself has closed, such as the ends of sockets, or else the last one. */
async function settled(before: Usage, measure: () => Promise<Usage>): Promise<Usage> {
  const started = performance.now();
  for (;;) {
    const now = await measure();
    const isSettled =
      now.handles <= before.handles && !(now.descriptors > before.descriptors) && now.leftovers.length === 0;
    if (isSettled || performance.now() - started > PATIENCE_MS / 10) return now;
    await setTimeout(POLL_MS);
  }
}
