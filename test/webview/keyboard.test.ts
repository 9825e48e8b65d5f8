import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { describeInBrowser } from "./chromium.ts";
import { fixtureBackend } from "./fixtures.ts";
import { installInspector } from "./inspector.ts";
import { activeWords, type Walk, walk, walkList } from "./keyboard.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "./page.ts";
import { openState, plots, VIEW_STATES } from "./views.ts";

/** A press of Enter on a named element, and where the keyboard is then: nobody may have to look for it. */
interface Press {
  readonly in: string;
  readonly role?: "button" | "radio" | "link";
  readonly name: string | RegExp;
  /** Words of where the keyboard is afterwards. */
  readonly to: RegExp;
}

describeInBrowser("the keyboard alone", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(what: string): Promise<Page> {
    const state = VIEW_STATES.find((one) => one.what === what);
    assert.ok(state, what);
    open = await openState(browser(), state, { prepare: installInspector });
    return open.page;
  }

  /** All is well with a walk; tabs, which change the view, have a test of their own. */
  function assertWhole({ unreached = [], unnamed, unmarked, oneWay = [] }: Partial<Walk>): void {
    const others = unreached.filter((words) => !words.includes("salsa-tabs"));
    assert.deepEqual({ others, unnamed, unmarked, oneWay }, { others: [], unnamed: [], unmarked: [], oneWay: [] });
  }

  for (const { what, part } of VIEW_STATES) {
    it(`reaches everything in ${what}, sees where it is, and comes back`, async () => {
      const page = await show(what);
      const walked = await walk(page, part);
      assertWhole(walked);
      assert.ok(walked.stops.length > 0);
    });
  }

  it("reaches what can be done when there are no runs, and when the service is gone", async () => {
    const focus = { view: "pipeline" as const, runs: [] };
    open = await openDashboard(browser(), fixtureBackend([]), { focus, prepare: installInspector });
    await open.send({ kind: "service", problem: "no Node runtime for linux-riscv64" });
    await open.page.getByRole("button", { name: "Show Log" }).waitFor();
    const walked = await walk(open.page);
    assertWhole(walked);
    assert.deepEqual(
      walked.stops.map(({ name }) => name),
      ["Show Log", "Run a Config…", "New Config…"],
    );
    await open.page.getByRole("button", { name: "Show Log" }).focus();
    await open.send({ kind: "service", problem: null });
    await until(open.page, /Run a Config/);
  });

  it("goes through the menu of a plot, and back to its opener by Escape", async () => {
    const page = await show("the curves");
    const opener = page.getByRole("button", { name: "Plot of KL to reference" });
    await opener.press("Enter");
    await page.getByRole("menu").waitFor();
    const walked = await walkList(page, "menu");
    assertWhole(walked);
    assert.equal(walked.stops.length, 8);
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("menu").count(), 0);
    assert.match(await activeWords(page), /Plot of KL to reference/);
  });

  for (const name of [/^Choose a run/, "Compare"]) {
    it(`goes through the runs of ${String(name)}, and back to its opener by Escape`, async () => {
      const page = await show("the pipeline");
      await page.getByRole("button", { name, exact: true }).press("Enter");
      await page.getByRole("combobox", { name: /^Search runs/ }).waitFor();
      const walked = await walkList(page, "salsa-run-picker");
      assertWhole(walked);
      assert.equal(walked.stops.length, 2);
      await page.keyboard.press("Escape");
      assert.equal(await page.getByRole("option").count(), 0);
      assert.match(await activeWords(page), name === "Compare" ? /Compare/ : /Choose a run/);
    });
  }

  it("closes the list of runs by the button that opened it", async () => {
    const page = await show("the pipeline");
    for (const count of [2, 0, 2]) {
      await page.getByRole("button", { name: "Compare", exact: true }).click();
      assert.equal(await page.getByRole("option").count(), count);
    }
  });

  it("closes the options of a select box by Escape, and not what it stands in", async () => {
    const page = await show("a sample's text");
    const select = page.getByRole("combobox", { name: "Differences of" });
    await select.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await page.locator("select:open").waitFor({ state: "detached" });
    assert.match(await activeWords(page), /select Differences of/);
    await select.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.match(await activeWords(page), /select Differences of/);
    assert.equal(await select.inputValue(), "ppo");
    await page.keyboard.press("Escape");
    await until(page, /Samples$/);
  });

  it("is at one chip of several, and chooses another by the arrows", async () => {
    const page = await show("the prompts of a pair");
    await page.getByRole("radio", { name: "All" }).press("ArrowLeft");
    await page.getByRole("radio", { name: "Position flips", checked: true }).waitFor();
    assert.match(await activeWords(page), /Position flips/);
    await page.keyboard.press("Tab");
    assert.match(await activeWords(page), /Hide ties/);
  });

  const PRESSES: readonly Press[] = [
    { in: "the pipeline", name: /^base/, to: /main.* Metrics$/ },
    { in: "the pipeline", name: "Remove demo-2 from the comparison", to: /Choose a run/ },
    { in: "the pipeline", name: /^Seed 2/, to: /Seed 2/ },
    { in: "the pipeline", name: "Resume", to: /Resume/ },
    { in: "a sample's text", name: "Close", to: /Samples$/ },
    { in: "a sample's text", name: "Next Sample", to: /Next Sample$/ },
    { in: "samples that no filter fits", name: "Clear Filter", to: /main.* Samples$/ },
    { in: "the win rates", name: "salsa vs ppo", to: /Prompts of salsa vs ppo$/ },
    { in: "the win rates", name: /^Adjusted %/, to: /Adjusted %/ },
    { in: "the prompts of a pair", name: "Back to the Table", to: /salsa vs ppo$/ },
    { in: "a comparison in full", name: "Next Prompt (j)", to: /Next Prompt/ },
    { in: "a comparison in full", name: "Close", to: /Prompts of salsa vs ppo$/ },
    { in: "prompts that no filter fits", name: "Show All", to: /main.* Win Rates$/ },
    { in: "the alarms", name: /^Read Samples/, to: /main.* Samples$/ },
    { in: "the alarms", name: /^Show in Metrics/, to: /main.* Metrics$/ },
    { in: "what cannot be read", name: "Try Again", to: /main.* Config$|Try Again/ },
  ];
  for (const { in: what, role = "button", name, to } of PRESSES) {
    it(`is at ${String(to)} after ${String(name)} in ${what}`, async () => {
      const page = await show(what);
      await page.getByRole(role, { name, exact: true }).first().press("Enter");
      await until(page, to);
    });
  }

  for (const [what, to] of [
    ["a sample's text", /Samples$/],
    ["the prompts of a pair", /button.*salsa vs ppo$/],
    ["a comparison in full", /Prompts of salsa vs ppo$/],
  ] as const) {
    it(`leaves ${what} by Escape to where it came from`, async () => {
      const page = await show(what);
      if (what === "a sample's text") await page.getByRole("button", { name: "Next Sample" }).focus();
      await page.keyboard.press("Escape");
      await until(page, to);
    });
  }

  it("goes through the prompts of a pair by j and k, from wherever it is but a text field", async () => {
    const page = await show("a comparison in full");
    const active = (text: string): Promise<void> => page.locator('[aria-selected="true"]', { hasText: text }).waitFor();
    await page.keyboard.press("j");
    await active("prompt 1");
    await page.getByText("Because of 1: [[A]]").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    await active("prompt 0");
    await page.getByRole("textbox", { name: "Search prompts and answers" }).press("j");
    await page.getByText("No prompt matches the filter").waitFor();
  });

  it("goes through all views by the arrows at the tabs", async () => {
    const page = await show("the pipeline");
    await page.getByRole("tab", { name: "Pipeline" }).focus();
    for (const name of ["Metrics", "Samples", "Win Rates", "Sweep", "Figures", "Alarms", "Config", "Pipeline"]) {
      await page.keyboard.press("ArrowRight");
      await page.getByRole("tab", { name, selected: true }).waitFor();
      assert.match(await activeWords(page), new RegExp(`button ${name}`));
    }
  });

  it("moves what a mouse drags: the range of steps, the splitter, a plot's zoom", async () => {
    const page = await show("a sample's text");
    await page.getByRole("slider", { name: "First step" }).press("ArrowRight");
    await page.getByRole("separator", { name: "Height of the open sample" }).press("ArrowUp");
    await page.locator('[role="separator"][aria-valuenow="50"]').waitFor();
    await page.getByRole("tab", { name: "Metrics" }).click();
    const plot = plots(page).first();
    await plot.waitFor();
    const before = await plot.screenshot();
    await plot.press("+");
    await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.getByRole("tab", { name: "Metrics" }).focus();
    assert.ok(!before.equals(await plot.screenshot()));
  });
});

/** Frames pass till the keyboard is there; the test's own limit ends the waiting. */
async function until(page: Page, where: RegExp): Promise<void> {
  for (let frames = 0; !where.test(await activeWords(page)); frames++) {
    if (frames > 120) assert.match(await activeWords(page), where);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
