import { join } from "node:path";
import type { Browser } from "playwright-core";
import { FIRST_LAYOUT } from "../../../engine/protocol/runsLayout.ts";
import type { TableParams } from "../../../engine/protocol/runsTable.ts";
import { RunRows } from "../../../webview/runsTable/rows.ts";
import { openRunsTable } from "../../webview/runsTable/page.ts";
import { BENCH_FOLDER } from "../install.ts";
import { writeRuns } from "./folders.ts";
import { frameTimes, framesText } from "./frames.ts";
import { readRuns, serviceOf } from "./host.ts";

const RUNS = 1000;
const STEPS = 50;
const COLUMNS = 200;
/** Turns of the wheel in each direction. */
const TURNS = 120;

/**
 * The runs table of a thousand runs and two hundred columns: from the page's request until its rows are there, which the
 * service assembles from what it has read for its list; then frames while the table is scrolled down and across.
 */
export async function runsTableFigures(browser: Browser, log: (line: string) => void): Promise<Record<string, number>> {
  const root = join(BENCH_FOLDER, "editor/runsTable");
  log(`editor: writing ${RUNS} runs`);
  await writeRuns(root, RUNS, STEPS);
  const service = serviceOf(log);
  const began = Date.now();
  await readRuns(service, root, RUNS);
  log(`editor: the service has read ${RUNS} runs after ${Date.now() - began} ms`);
  const rows = new RunRows();
  rows.take(await service.request("tableRows", {}));
  const others = [...rows.columns].filter((id) => !FIRST_LAYOUT.columns.some((column) => column.id === id));
  const spare = Array.from({ length: COLUMNS }, (_, at) => `config.none.setting${at}`);
  const ids = [...others, ...spare].slice(0, COLUMNS - FIRST_LAYOUT.columns.length);
  const layout = { ...FIRST_LAYOUT, columns: [...FIRST_LAYOUT.columns, ...ids.map((id) => ({ id }))] };
  let asked = 0;
  const opened = await openRunsTable(browser, {
    layout,
    answer: (method, params: TableParams) => {
      asked = Date.now();
      return method === "tableRows" ? service.request("tableRows", params) : {};
    },
  });
  const { page } = opened;
  await page.locator("#row-10 .cell").nth(5).waitFor();
  const open = Date.now() - asked;
  log(`editor: runs table of ${RUNS} runs, ${others.length} columns with values, opens after ${open} ms`);
  await page.locator("#row-5").hover();
  const scrolled = await frameTimes(page, async () => {
    for (let turn = 0; turn < TURNS; turn++) await page.mouse.wheel(0, 240);
    for (let turn = 0; turn < TURNS; turn++) await page.mouse.wheel(200, 0);
  });
  log(`editor: runs table, scrolling: ${framesText(scrolled)}`);
  await opened.close();
  service.dispose();
  return { "editor.runsTableOpenMs": open, "editor.runsTableScrollP95Ms": scrolled.p95 };
}
