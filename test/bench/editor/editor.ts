import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Backend, focusOn, serviceBackend } from "../../webview/backend.ts";
import { launchBrowser } from "../../e2e/host/browser.ts";
import { openDashboard } from "../../webview/page.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import type { Bench, Setting } from "../bench.ts";
import { BENCH_FOLDER } from "../install.ts";
import { waitForQuiet } from "../quiet.ts";
import { writeRuns, writeSamples } from "./folders.ts";
import { frameTimes, heapMiB } from "./frames.ts";

/** 20 runs × 10 metrics × 5,000 steps = 1,000,000 points. */
const RUNS = 20;
const STEPS = 5000;
/** Prompts, each with the rollouts of two arms. */
const ROWS = 100_000;
/** Events a second, and for how many seconds. */
const EVENTS = 10_000;
const SECONDS = 5;
/** Frames in which a person does something. */
const GESTURES = 60;

/** The dashboard under load: real service, real page, drawn by software. */
export const editor: Bench = {
  name: "editor",
  targets: {
    "editor.metricsFirstPaintMs": { atMost: 1500 },
    "editor.metricsPanP95Ms": { atMost: 33 },
    "editor.metricsHeapMiB": { atMost: 300 },
    "editor.samplesScrollP95Ms": { atMost: 33 },
    "editor.samplesHeapMiB": { atMost: 100 },
    "editor.eventsP95Ms": { atMost: 100 },
  },
  async run({ log }: Setting) {
    await waitForQuiet(log);
    const browser = await launchBrowser();
    try {
      const figures = { ...(await metrics(browser, log)), ...(await samples(browser, log)) };
      return { bench: "editor", figures, timings: {} };
    } finally {
      await browser.close();
    }
  },
};

async function metrics(browser: Browser, log: Setting["log"]): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/metrics");
  log(`editor: writing ${RUNS} runs of ${STEPS * 10} points`);
  const folders = await writeRuns(root, RUNS, STEPS);
  const backend = await readyBackend(root, RUNS);
  const opened = await openDashboard(browser, backend, { focus: focusOn("pipeline", ...folders) });
  const { page } = opened;
  const tab = page.getByRole("tab", { name: /Metrics/ });
  await tab.waitFor();
  const started = performance.now();
  await tab.click();
  await drawn(page);
  const paint = performance.now() - started;
  log(`editor: ${RUNS * STEPS * 10} points over ${RUNS} runs painted in ${paint.toFixed(0)} ms`);
  const panned = await frameTimes(page, () => panAndZoom(page));
  log(`editor: pan and zoom: median ${panned.median.toFixed(1)} ms, p95 ${panned.p95.toFixed(1)} ms, n = ${panned.n}`);
  const heap = await heapMiB(page);
  const flood = await frameTimes(page, () => floodWith((message) => opened.send(message), folders[0] ?? ""));
  log(
    `editor: ${EVENTS} events/s: median ${flood.median.toFixed(1)} ms, p95 ${flood.p95.toFixed(1)} ms, n = ${flood.n}`,
  );
  await opened.close();
  return {
    "editor.metricsFirstPaintMs": paint,
    "editor.metricsPanP95Ms": panned.p95,
    "editor.metricsHeapMiB": heap,
    "editor.eventsP95Ms": flood.p95,
  };
}

async function samples(browser: Browser, log: Setting["log"]): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/samples");
  log(`editor: writing ${ROWS} rows of samples`);
  const folder = await writeSamples(root, ROWS);
  const backend = await readyBackend(root, 1);
  const opened = await openDashboard(browser, backend, { focus: focusOn("samples", folder) });
  const { page } = opened;
  const rows = page.locator("salsa-samples").getByText("copy:").first();
  await rows.waitFor();
  await rows.hover();
  const scrolled = await frameTimes(page, async () => {
    for (let turn = 0; turn < GESTURES; turn++) await page.mouse.wheel(0, turn % 6 === 5 ? 40_000 : 400);
  });
  log(
    `editor: scrolling: median ${scrolled.median.toFixed(1)} ms, p95 ${scrolled.p95.toFixed(1)} ms, n = ${scrolled.n}`,
  );
  const heap = await heapMiB(page);
  await opened.close();
  return { "editor.samplesScrollP95Ms": scrolled.p95, "editor.samplesHeapMiB": heap };
}

/** The service has read every run: what is timed is the dashboard. */
async function readyBackend(root: string, count: number): Promise<Backend> {
  const backend = await serviceBackend([root]);
  for (const end = Date.now() + 120_000; (await backend.runs()).length < count;) {
    if (Date.now() > end) throw new Error(`the service has not read ${count} runs of ${root} within two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return backend;
}

/** Waits until every plot in sight has ink on it. */
async function drawn(page: Page): Promise<void> {
  await page.locator("salsa-metrics canvas").first().waitFor();
  await page.waitForFunction(() => {
    const inside = (root: ParentNode): HTMLCanvasElement[] =>
      [...root.querySelectorAll("*")].flatMap((one) => [
        ...(one instanceof HTMLCanvasElement ? [one] : []),
        ...(one.shadowRoot === null ? [] : inside(one.shadowRoot)),
      ]);
    const canvases = inside(document).filter((one) => one.getBoundingClientRect().top < window.innerHeight);
    return canvases.some(({ width }) => width > 0);
  });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Drags over a part of the first plot, moves about in it, and goes back to the whole. */
async function panAndZoom(page: Page): Promise<void> {
  const box = await page.locator("salsa-metrics canvas").first().boundingBox();
  if (box === null) throw new Error("the first plot has no place on the page");
  const y = box.y + box.height / 2;
  const at = (share: number): number => box.x + box.width * share;
  for (let round = 0; round < 4; round++) {
    await page.mouse.move(at(0.3), y);
    await page.mouse.down();
    await page.mouse.move(at(0.7), y, { steps: GESTURES / 4 });
    await page.mouse.up();
    await page.mouse.move(at(0.2), y, { steps: GESTURES / 4 });
    await page.mouse.dblclick(at(0.5), y);
  }
}

/** Metrics as the extension would pass them on: twenty messages a second. */
async function floodWith(send: (message: never) => Promise<void>, folder: string): Promise<void> {
  let sequence = STEPS + 10;
  for (let message = 0; message < SECONDS * 20; message++) {
    const events = Array.from({ length: EVENTS / 20 }, (): RunEvent => {
      const step = STEPS + sequence;
      const values = { "objective/score": Math.sin(step / 50), "objective/kl": Math.cos(step / 50) };
      return { kind: "metrics", stage: "ppo", step, time: Date.now(), sequence: sequence++, values };
    });
    const sent = performance.now();
    await send({ kind: "runEvents", folder, events } as never);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 50 - (performance.now() - sent))));
  }
}
