import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { axeViolations } from "./axe.ts";
import { describeInBrowser } from "./chromium.ts";
import { closeAfterEach, type DashboardPage, type PageSettings } from "./page.ts";
import { openState, plots, runWith, VIEW_STATES, type ViewState } from "./views.ts";

describeInBrowser("who does not see the dashboard", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(what: string, change: Partial<ViewState> = {}, settings?: Partial<PageSettings>): Promise<Page> {
    const state = VIEW_STATES.find((one) => one.what === what);
    assert.ok(state, what);
    open = await openState(browser(), { ...state, ...change }, settings);
    return open.page;
  }

  for (const { what } of VIEW_STATES) {
    it(`has nothing serious against ${what}, as axe sees it`, async () => {
      assert.deepEqual(await axeViolations(await show(what, {}, { isAudited: true })), []);
    });
  }

  it("has nothing serious against what opens: menus, runs, options", async () => {
    const page = await show("the curves", {}, { isAudited: true });
    await page.getByRole("button", { name: "Plot of KL to reference" }).press("Enter");
    await page.getByRole("menu").waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Compare", exact: true }).press("Enter");
    await page.getByRole("option").first().waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Config" }).click();
    await page.getByRole("combobox", { name: "Compare with" }).press("Enter");
    await page.getByRole("option").first().waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });

  it("hears when the run ends and when it raises an alarm, and nothing when the page opens", async () => {
    const run = runWith();
    const page = await show("the curves", { run });
    const news = page.getByRole("log", { name: "Run events" });
    assert.equal(await news.getAttribute("aria-live"), null, "a log is polite by itself");
    assert.equal(await news.locator("p").count(), 0);
    const sequence = run.events.length;
    const alarm = { kind: "alarm", stage: "seed-2/ppo", step: 7, name: "gibberish", message: "KL is 3" } as const;
    const events: RunEvent[] = [
      { ...alarm, time: 1, sequence },
      { kind: "runFinished", status: "stopped", seconds: 1, time: 2, sequence: sequence + 1 },
    ];
    for (const event of events) {
      await open?.send({ kind: "runEvents", folder: run.folder, events: [event] });
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    await news.getByText("demo-1: Stopped").waitFor();
    assert.deepEqual(await news.locator("p").allTextContents(), [
      "Alarm in demo-1: Gibberish, in ppo, seed 2 at step 7",
      "demo-1: Stopped",
    ]);
  });

  it("has each plot in words: curves by their last values, the forest by its table, sparks by their numbers", async () => {
    const page = await show("the curves");
    const charts = page.locator("salsa-plot .chart:has(canvas)");
    await charts.nth(3).waitFor();
    for (const chart of await charts.all()) {
      assert.match((await chart.getAttribute("aria-label")) ?? "", /, last values\. .+: [−\d.e-]+ at step \d+/);
    }
    assert.ok((await plots(page).count()) >= (await charts.count()));
    await page.getByRole("tab", { name: "Win Rates" }).click();
    await page.getByRole("img", { name: "the table has the same numbers" }).waitFor();
    await page.getByRole("tab", { name: "Alarms" }).click();
    await page.getByRole("button", { name: /^KL to reference [\d.]+ at step 4; between [−\d.]+ and [\d.]+/ }).waitFor();
  });

  it("finds no picture without words in any view", async () => {
    const page = await show("the pipeline");
    for (const name of ["Metrics", "Samples", "Win Rates", "Alarms", "Config", "Pipeline"]) {
      await page.getByRole("tab", { name }).click();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      assert.deepEqual(await page.evaluate(picturesWithoutWords), [], name);
    }
  });
});

/** Runs in the page: pictures that are neither named nor left out for those who do not see them. */
function picturesWithoutWords(): string[] {
  const all = (root: ParentNode): Element[] =>
    [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
  const isTold = (element: Element): boolean =>
    element.closest("[aria-hidden=true], [aria-label]") !== null ||
    (element.getRootNode() instanceof ShadowRoot &&
      (element.getRootNode() as ShadowRoot).host.localName.startsWith("vscode-"));
  return all(document.body)
    .filter(
      (element) => element.matches("svg, canvas, img, [role=img]") && element.checkVisibility() && !isTold(element),
    )
    .map((element) => element.outerHTML.slice(0, 120));
}
