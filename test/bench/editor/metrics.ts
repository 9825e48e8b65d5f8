import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { BENCH_FOLDER } from "../install.ts";
import { focusOn } from "../../webview/backend.ts";
import { writeRuns } from "./folders.ts";
import { frameTimes, framesText } from "./frames.ts";
import { openHosted } from "./host.ts";
import { memoryText, pageMemory } from "./memory.ts";
import { watchPainting } from "./painted.ts";

/** 20 runs × 10 metrics × 5,000 steps = 1,000,000 points. */
const RUNS = 20;
const STEPS = 5000;
/** Zooms by dragging, each with hovering and the way back. */
const ROUNDS = 12;
/** Movements of the mouse in half a round. */
const MOVES = 15;

/**
 * The metrics of twenty runs laid over each other: first paint, frames under gestures, memory.
 *
 * The first paint counts from the click on the tab, just after the dashboard has opened, until every plot in sight has
 * its line of every run on the screen, by the page's own clock. In it are the service, which reads and decodes all
 * twenty logs for it (it had only outlines), packing, the extension's session, the transfer of the curves as JSON, and
 * the page: unpacking, thinning, drawing. All of that shares the machine's cores.
 */
export async function metricsFigures(browser: Browser, log: (line: string) => void): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/metrics");
  log(`editor: writing ${RUNS} runs of ${STEPS * 10} points`);
  const folders = await writeRuns(root, RUNS, STEPS);
  const opened = await openHosted(browser, { root, nRuns: RUNS, focus: focusOn("pipeline", ...folders) }, log);
  const { page } = opened;
  const tab = page.getByRole("tab", { name: /Metrics/ });
  await tab.waitFor();
  const painted = await watchPainting(page, RUNS);
  await tab.click();
  const { clicked, ink, heard, whole } = await painted();
  const paint = whole - clicked;
  const since = (time: number): string => (time - clicked).toFixed(0);
  log(`editor: ${RUNS * STEPS * 10} points over ${RUNS} runs: first line after ${since(ink)} ms, all in sight after`);
  log(
    `        ${since(whole)} ms; last answer of the service after ${since(opened.answeredAt())}, in the page after ${since(heard)}`,
  );
  const panned = await frameTimes(page, () => panAndZoom(page));
  log(`editor: pan and zoom: ${framesText(panned)}`);
  const memory = await pageMemory(page);
  log(`editor: memory with the curves in sight: ${memoryText(memory)}`);
  await opened.close();
  return {
    "editor.metricsFirstPaintMs": paint,
    "editor.metricsPanP95Ms": panned.p95,
    "editor.metricsMemoryMiB": memory.all,
  };
}

/** Drags over a part of the first plot, moves about in it, and goes back to the whole. */
async function panAndZoom(page: Page): Promise<void> {
  const box = await page.locator("salsa-metrics canvas").first().boundingBox();
  if (box === null) throw new Error("the first plot has no place on the page");
  const y = box.y + box.height / 2;
  const at = (share: number): number => box.x + box.width * share;
  for (let round = 0; round < ROUNDS; round++) {
    await page.mouse.move(at(0.3), y);
    await page.mouse.down();
    await page.mouse.move(at(0.7), y, { steps: MOVES });
    await page.mouse.up();
    await page.mouse.move(at(0.2), y, { steps: MOVES });
    await page.mouse.dblclick(at(0.5), y);
  }
}
