/// <reference lib="dom" />
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { readEvents } from "../../../engine/storage/runLog.ts";
import { BENCH_FOLDER } from "../install.ts";
import { focusOn } from "../../webview/backend.ts";
import { writeRuns } from "./folders.ts";
import { framesText, frameTimes, quantiles } from "./frames.ts";
import { openHosted } from "./host.ts";
import { memoryText, pageMemory } from "./memory.ts";

const ENGINE = fileURLToPath(new URL("./liveEngine.ts", import.meta.url));
/** Runs laid over each other, of which one is at work. */
const RUNS = 20;
const STEPS = 5000;
/** Events a second, for so many seconds; two values each. */
const RATE = 10_000;
const SECONDS = 10;
/** Steps of the live engine begin here, above those on disk. */
const FIRST_STEP = 100_000;

/** A step that was on the screen, and when; milliseconds since 1970. */
interface Drawn {
  readonly step: number;
  readonly time: number;
}

/**
 * Events from a run's process to the screen: engine's log and socket, service, the extension's session, page.
 *
 * The engine is a process of its own with the thread that serves runs; beside the live run, nineteen others are drawn in
 * the same plots. The latency of an event is the time from its stamp, taken before it is written and sent, to the end
 * of the frame in which the first plot showed its step or a later one. The engine, the service and the session gather
 * events for 50 ms each.
 */
export async function eventsFigures(browser: Browser, log: (line: string) => void): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/live");
  const folders = await writeRuns(root, RUNS, STEPS);
  const live = folders[0] ?? "";
  const engine = await startEngine(root, live);
  const opened = await openHosted(browser, { root, nRuns: RUNS, focus: focusOn("metrics", ...folders) }, log);
  try {
    const { page } = opened;
    await page.waitForFunction(linesOfFirstPlot, RUNS);
    const before = await pageMemory(page);
    await watchSteps(page, FIRST_STEP);
    const frames = await frameTimes(page, async () => {
      engine.send("go");
      await once(engine, "message");
    });
    const last = FIRST_STEP + RATE * SECONDS - 1;
    const drawn = await drawnUntil(page, last);
    const latencies = latenciesOf(await stampsOf(live), drawn);
    const at = quantiles(latencies);
    const memory = await pageMemory(page);
    log(`editor: ${RATE} events/s from the engine's socket: ${framesText(frames)}`);
    const spread = [0.5, 0.95, 1].map((share) => at(share).toFixed(0)).join(", ");
    log(`editor: from event to pixels: median, p95, longest ${spread} ms, n = ${latencies.length} events`);
    log(`editor: memory before the events: ${memoryText(before)}`);
    log(`editor: memory after ${latencies.length} events: ${memoryText(memory)}`);
    return {
      "editor.eventsP95Ms": frames.p95,
      "editor.eventsLatencyP95Ms": at(0.95),
      "editor.eventsMemoryMiB": memory.all,
    };
  } finally {
    engine.send("end");
    await once(engine, "exit");
    await opened.close();
  }
}

async function startEngine(root: string, folder: string): Promise<ChildProcess> {
  const rate = ["--rate", String(RATE), "--seconds", String(SECONDS)];
  const engine = fork(ENGINE, [root, basename(folder), ...rate]);
  await Promise.race([
    once(engine, "message"),
    once(engine, "exit").then(() => Promise.reject(new Error("the live engine has ended before it served"))),
  ]);
  return engine;
}

/** Runs in the page: whether the first plot has this many lines. */
function linesOfFirstPlot(wanted: number): boolean {
  const shell = document.querySelector("salsa-dashboard")?.shadowRoot;
  const view = shell?.querySelector("salsa-metrics")?.shadowRoot;
  const plot = view?.querySelector("salsa-plot") as { lines?: readonly unknown[] } | null | undefined;
  return plot?.lines?.length === wanted;
}

/** From now on, notes at each frame which step the first plot showed at the end of the frame before. */
async function watchSteps(page: Page, first: number): Promise<void> {
  await page.evaluate((from) => {
    const shell = document.querySelector("salsa-dashboard")?.shadowRoot;
    const view = shell?.querySelector("salsa-metrics")?.shadowRoot;
    const plot = view?.querySelector("salsa-plot");
    interface Line {
      readonly prepared: { readonly main: { readonly x: ArrayLike<number> } };
    }
    const drawn: { step: number; time: number }[] = [];
    let shown = from - 1;
    const note = (): void => {
      const time = performance.timeOrigin + performance.now();
      if (shown > (drawn.at(-1)?.step ?? from - 1)) drawn.push({ step: shown, time });
      for (const { prepared } of (plot as { lines?: readonly Line[] } | null | undefined)?.lines ?? []) {
        const { x } = prepared.main;
        shown = Math.max(shown, x[x.length - 1] ?? 0);
      }
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    Object.assign(window, { drawn });
  }, first);
}

async function drawnUntil(page: Page, step: number): Promise<readonly Drawn[]> {
  await page.waitForFunction((last) => {
    const { drawn } = window as unknown as { drawn: readonly Drawn[] };
    return (drawn.at(-1)?.step ?? 0) >= last;
  }, step);
  return page.evaluate(() => (window as unknown as { drawn: readonly Drawn[] }).drawn);
}

/** When each step of the live engine was reported. */
async function stampsOf(folder: string): Promise<ReadonlyMap<number, number>> {
  const stamps = new Map<number, number>();
  for await (const event of readEvents(folder)) {
    if (event.kind === "metrics" && event.step >= FIRST_STEP) stamps.set(event.step, event.time);
  }
  return stamps;
}

function latenciesOf(stamps: ReadonlyMap<number, number>, drawn: readonly Drawn[]): readonly number[] {
  const latencies: number[] = [];
  let from = FIRST_STEP;
  for (const { step, time } of drawn) {
    for (; from <= step; from++) latencies.push(time - (stamps.get(from) ?? NaN));
  }
  return latencies;
}
