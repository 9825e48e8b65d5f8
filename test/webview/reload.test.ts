import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { DashboardFocus, DashboardView } from "../../engine/protocol/dashboard.ts";
import type { Backend } from "./backend.ts";
import { describeInBrowser } from "./chromium.ts";
import { demoRun, fixtureBackend, provenanceOf } from "./fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "./page.ts";
import { configOf, recording } from "./recording.ts";
import { samplesOf, tokensOf } from "./samples/rows.ts";
import { comparisonPage, rateOf } from "./tables/rows.ts";

const CONFIG = configOf({ seeds: [1, 2] });
const DEMO = { ...demoRun(), config: CONFIG, events: recording({ config: CONFIG, steps: 10 }) };
const OTHER = demoRun("demo-2");
const RATES = [rateOf({ nSeeds: 2 }), rateOf({ seed: 1 }), rateOf({ seed: 2 }), rateOf({ a: "mkl", adjusted: 0.52 })];

function backend(): Backend {
  return fixtureBackend([DEMO, OTHER], {
    samples: samplesOf(400),
    tokens: ({ line }) => tokensOf(line),
    provenance: ({ folder }) => provenanceOf(folder === OTHER.folder ? OTHER : DEMO),
    winRates: () => RATES,
    comparisons: (query) => comparisonPage(900, query),
  });
}

describeInBrowser("a panel that was hidden, or whose window was reloaded,", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(view: DashboardView, place?: DashboardFocus["place"]): Promise<Page> {
    const focus = { view, runs: [DEMO.folder], ...(place !== undefined && { place }) };
    open = await openDashboard(browser(), backend(), { focus, height: 600 });
    return open.page;
  }

  /** Waits until the state is kept, which happens once a moved part has come to rest. */
  async function kept(what: RegExp): Promise<void> {
    while (!what.test(JSON.stringify(open?.state() ?? {}))) {
      await open?.page.evaluate(() => new Promise(requestAnimationFrame));
    }
  }

  /** As the editor does: a new page with the kept state, from which the extension takes its focus. */
  async function reload(): Promise<Page> {
    const state = structuredClone(open?.state());
    const { view, runs, place } = state as DashboardFocus;
    await open?.close();
    const focus = { view, runs, ...(place !== undefined && { place }) };
    open = await openDashboard(browser(), backend(), { focus, state, height: 600 });
    return open.page;
  }

  it("shows the tab that was chosen, and the runs", async () => {
    const before = await show("pipeline");
    await before.getByRole("tab", { name: "Alarms" }).click();
    await before.getByText("Compare", { exact: true }).click();
    await before.getByRole("option", { name: "demo-2" }).click();
    const page = await reload();
    await page.getByRole("tab", { name: "Alarms", selected: true }).waitFor();
    await page.getByRole("button", { name: "Remove demo-2 from the comparison" }).waitFor();
  });

  it("filters samples as before, with the same sample open in the same way", async () => {
    const before = await show("samples");
    await before.getByRole("textbox", { name: "Search prompts and responses" }).fill("answers 1");
    await before.getByText("111 of 400 prompts").waitFor();
    await before.getByRole("button", { name: "ppo", exact: true }).click();
    await before.getByText("salsa answers 12", { exact: true }).click();
    await before.getByRole("radio", { name: "Tokens" }).click();
    await before.getByRole("listbox", { name: "Tokens of salsa" }).waitFor();
    const page = await reload();
    const detail = page.getByRole("region", { name: "Sample in full" });
    await detail.getByText("prompt 12", { exact: true }).waitFor();
    await page.getByRole("listbox", { name: "Tokens of salsa" }).waitFor();
    await page.getByText("111 of 400 prompts").waitFor();
    assert.equal(await page.getByRole("textbox", { name: "Search prompts and responses" }).inputValue(), "answers 1");
    await page.getByRole("button", { name: "ppo", exact: true, pressed: false }).waitFor();
  });

  it("has the samples scrolled to where they were, wherever the active row is", async () => {
    const before = await show("samples");
    const grid = before.getByRole("grid", { name: "Samples" });
    await before.getByText("prompt 0", { exact: true }).waitFor();
    await grid.evaluate((element) => (element.scrollTop = 6700));
    await before
      .getByText(/^prompt 10\d$/)
      .first()
      .waitFor();
    await kept(/top\\":1\d\d/);
    const first = await before.evaluate(firstPrompt);
    const page = await reload();
    await page.getByText(first, { exact: true }).waitFor();
    assert.equal(await page.evaluate(firstPrompt), first);
  });

  it("does not go once more to the samples that an alarm led to", async () => {
    const before = await show("samples", { stage: "salsa", step: 303 });
    await before.getByText("prompt 156", { exact: true }).waitFor();
    await before.getByRole("grid", { name: "Samples" }).press("Home");
    await before.getByText("prompt 0", { exact: true }).waitFor();
    await kept(/active\\":0/);
    const page = await reload();
    await page.getByText("prompt 0", { exact: true }).waitFor();
    await page.locator('[aria-selected="true"]', { hasText: "prompt 0" }).waitFor();
  });

  it("has the win rates in their order, with the seeds that were opened", async () => {
    const before = await show("winRates");
    await before.getByRole("button", { name: "Adjusted %" }).click();
    await before.getByRole("button", { name: "Seeds of salsa vs ppo" }).click();
    const page = await reload();
    await page.getByRole("button", { name: "Seeds of salsa vs ppo", expanded: true }).waitFor();
    assert.equal(await page.getByRole("columnheader", { name: "Adjusted %" }).getAttribute("aria-sort"), "descending");
  });

  it("has the pair open that was read, at the prompt that was read", async () => {
    const before = await show("winRates");
    await before.getByRole("button", { name: "salsa vs ppo", exact: true }).click();
    await before.getByRole("radio", { name: /^salsa wins/ }).click();
    await before.getByText("300 of 900 prompts").waitFor();
    const list = before.getByRole("grid", { name: "Prompts of salsa vs ppo" });
    await list.press("End");
    await list.press("Enter");
    await before.getByText("Because of 897: [[A]]").waitFor();
    await kept(/active\\":299,\\"isOpen\\":true/);
    const page = await reload();
    await page.getByText("Because of 897: [[A]]").waitFor();
    await page.locator('[aria-selected="true"]', { hasText: "prompt 897" }).waitFor();
    await page.getByRole("radio", { name: /^salsa wins/, checked: true }).waitFor();
  });

  it("compares the config with the same run, sections opened and closed as they were", async () => {
    const before = await show("provenance");
    await before.getByRole("combobox", { name: "Compare with" }).waitFor();
    await before.getByRole("textbox", { name: "Search settings" }).fill("seed");
    const row = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("row", { name: /^sft/, exact: true });
    await row(before).click();
    const page = await reload();
    assert.equal(await page.getByRole("textbox", { name: "Search settings" }).inputValue(), "seed");
    assert.equal(await row(page).getAttribute("aria-expanded"), "false");
  });

  it("smooths as before, and has the lanes open that were", async () => {
    const before = await show("metrics");
    await before.getByRole("slider", { name: "Smoothing" }).fill("0.8");
    await before.getByRole("tab", { name: "Pipeline" }).click();
    await before.getByRole("button", { name: /^Seed 2/, expanded: false }).click();
    const page = await reload();
    await page.getByRole("button", { name: /^Seed 2/, expanded: true }).waitFor();
    await page.getByRole("tab", { name: "Metrics" }).click();
    await page.getByText("0.80").waitFor();
  });

  it("is scrolled to where each view was left, though one pane shows them all", async () => {
    const place = (page: Page): Promise<number> => page.locator("main").evaluate((pane) => Math.round(pane.scrollTop));
    const until = async (page: Page, wanted: number): Promise<void> => {
      while ((await place(page)) !== wanted) await page.evaluate(() => new Promise(requestAnimationFrame));
    };
    const before = await show("provenance");
    await before.getByRole("treegrid").waitFor();
    await before.locator("main").evaluate((pane) => (pane.scrollTop = 333));
    await before.getByRole("tab", { name: "Alarms" }).click();
    await until(before, 0);
    await before.getByRole("tab", { name: "Config" }).click();
    await until(before, 333);
    await kept(/provenance\\":333/);
    await until(await reload(), 333);
  });
});

/** Runs in the page: the prompt of the first row of the samples that is seen in whole. */
function firstPrompt(): string {
  const shadow = (element: Element | ShadowRoot | null | undefined, tag: string): ShadowRoot | null | undefined =>
    element?.querySelector(tag)?.shadowRoot;
  const grid = shadow(shadow(shadow(document.body, "salsa-dashboard"), "salsa-samples"), "salsa-sample-grid");
  const head = grid?.querySelector(".head")?.getBoundingClientRect().bottom ?? 0;
  const rows = [...(grid?.querySelectorAll(".row") ?? [])];
  const tops = rows.map((row) => ({ row, top: row.getBoundingClientRect().top })).filter(({ top }) => top >= head - 1);
  return (
    tops
      .sort((a, b) => a.top - b.top)[0]
      ?.row.querySelector(".prompt")
      ?.textContent.trim() ?? ""
  );
}
