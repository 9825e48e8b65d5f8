import { join } from "node:path";
import type { Browser } from "playwright-core";
import { BENCH_FOLDER } from "../install.ts";
import { focusOn } from "../../webview/backend.ts";
import { writeSamples } from "./folders.ts";
import { frameTimes, framesText } from "./frames.ts";
import { openHosted } from "./host.ts";
import { memoryText, pageMemory } from "./memory.ts";

/** Prompts, each with the rollouts of two arms. */
const ROWS = 100_000;
/** Turns of the wheel: five small ones, then one over hundreds of rows, which have to be fetched. */
const TURNS = 240;
const SMALL = 400;
const LARGE = 40_000;

/** The samples of a long run: frames while they are scrolled through, and memory afterwards. */
export async function samplesFigures(browser: Browser, log: (line: string) => void): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/samples");
  log(`editor: writing ${ROWS} rows of samples`);
  const folder = await writeSamples(root, ROWS);
  const opened = await openHosted(browser, { root, nRuns: 1, focus: focusOn("samples", folder) }, log);
  const { page } = opened;
  const rows = page.locator("salsa-samples").getByText("copy:").first();
  await rows.waitFor();
  await rows.hover();
  const before = await pageMemory(page);
  const scrolled = await frameTimes(page, async () => {
    for (let turn = 0; turn < TURNS; turn++) await page.mouse.wheel(0, turn % 6 === 5 ? LARGE : SMALL);
  });
  log(`editor: scrolling: ${framesText(scrolled)}`);
  const memory = await pageMemory(page);
  log(`editor: memory before scrolling: ${memoryText(before)}`);
  log(`editor: memory after scrolling: ${memoryText(memory)}`);
  await opened.close();
  return { "editor.samplesScrollP95Ms": scrolled.p95, "editor.samplesMemoryMiB": memory.all };
}
