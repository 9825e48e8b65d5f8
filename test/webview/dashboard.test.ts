import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { axeViolations } from "./axe.ts";
import { describeInBrowser } from "./chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun, summaryOf } from "./fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "./page.ts";
import { THEMES } from "./webView.ts";
import { configOf, recording } from "./recording.ts";

const DEMO = demoRun();
/** Cut off in the middle of an arm. */
const LIVE: FixtureRun = { ...demoRun("demo-2"), events: recording({ until: 900 }) };

describeInBrowser("the dashboard", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(
    runs: readonly FixtureRun[],
    view: "pipeline" | "metrics" = "pipeline",
    state?: unknown,
  ): Promise<Page> {
    const focus = { view, runs: runs.slice(0, 1).map(({ folder }) => folder) };
    open = await openDashboard(browser(), fixtureBackend(runs), { focus, ...(state !== undefined && { state }) });
    return open.page;
  }

  it("offers to run a config when there are no runs", async () => {
    const page = await show([]);
    await page.getByText("Run a Config…").click();
    await page.getByText("New Config…").click();
    const commands = open?.asked.map(({ params }) => params);
    assert.deepEqual(commands, [{ command: "salsa.run" }, { command: "salsa.newConfig" }]);
  });

  it("shows where the run in focus stands, and stops it", async () => {
    const page = await show([LIVE]);
    await page.locator(".facts", { hasText: "step 12 of 60" }).waitFor();
    await page.getByText("Stop", { exact: true }).click();
    const asked = open?.asked.at(-1);
    assert.deepEqual(asked, { method: "command", params: { command: "salsa.stop", folder: LIVE.folder } });
  });

  it("follows a live run's events", async () => {
    const page = await show([LIVE]);
    await page.locator(".facts", { hasText: "step 12 of 60" }).waitFor();
    const sequence = LIVE.events.length;
    const event: RunEvent = { kind: "progress", stage: "mkl", step: 33, total: 60, time: 1, sequence };
    await open?.send({ kind: "runEvents", folder: LIVE.folder, events: [event] });
    await page.locator(".facts", { hasText: "step 33 of 60" }).waitFor();
  });

  it("says why the engine service is gone, till it is back", async () => {
    const page = await show([DEMO]);
    await page.getByRole("tab", { name: "Pipeline" }).waitFor();
    await open?.send({ kind: "service", problem: "no Node runtime for linux-riscv64" });
    await page.getByRole("alert").getByText("no Node runtime for linux-riscv64").waitFor();
    await open?.send({ kind: "service", problem: null });
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  it("moves through its tabs with the arrow keys, and tells the extension", async () => {
    const page = await show([DEMO]);
    await page.getByRole("tab", { name: "Pipeline" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tab", { name: "Metrics", selected: true }).waitFor();
    await page.keyboard.press("End");
    await page.getByRole("tab", { name: "Config", selected: true }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tab", { name: "Pipeline", selected: true }).waitFor();
    assert.deepEqual(
      open?.focuses.map(({ view }) => view),
      ["metrics", "provenance", "pipeline"],
    );
  });

  it("counts alarms on their tab", async () => {
    const alarm = {
      stage: "ppo",
      step: 30,
      name: "lengthCollapse",
      message: "m",
      time: 0,
      sequence: DEMO.events.length,
    };
    const page = await show([{ ...DEMO, events: [...DEMO.events, { kind: "alarm", ...alarm }] }]);
    await page.getByRole("tab", { name: "Alarms" }).getByText("1").waitFor();
  });

  it("lays another run over the one in focus from the keyboard, and takes it off again", async () => {
    const page = await show([DEMO, LIVE]);
    await page.getByText("Compare").click();
    await page.keyboard.type("demo-2");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    assert.deepEqual(open?.focuses.at(-1)?.runs, [DEMO.folder, LIVE.folder]);
    await page.getByRole("button", { name: "Remove demo-2 from the comparison" }).click();
    assert.deepEqual(open.focuses.at(-1)?.runs, [DEMO.folder]);
  });

  it("puts another run into focus", async () => {
    const page = await show([DEMO, LIVE]);
    await page.getByRole("button", { name: /^Choose a run. Current run: demo-1/ }).click();
    await page.getByRole("option", { name: "demo-2" }).click();
    await page.getByRole("button", { name: /^Choose a run. Current run: demo-2/ }).waitFor();
    assert.deepEqual(open?.focuses.at(-1)?.runs, [LIVE.folder]);
  });

  it("moves nothing in its list of runs while that is open: a run that comes is last", async () => {
    const page = await show([DEMO, LIVE]);
    await page.getByText("Compare").click();
    const options = page.getByRole("option");
    await options.nth(1).waitFor();
    const before = await options.allInnerTexts();
    const newer = {
      ...summaryOf(demoRun("demo-9")),
      createdAt: Date.UTC(2030, 0, 1),
      configFile: "/work/new.salsa.json",
    };
    await open?.send({ kind: "runs", changed: [newer], removed: [] });
    await options.nth(2).waitFor();
    const after = await options.allInnerTexts();
    assert.deepEqual(after.slice(0, 2), before);
    assert.match(after[2] ?? "", /demo-9/);
  });

  it("leads from a soup, which has no curves, to the config that says how it is made", async () => {
    const page = await show([DEMO]);
    await page.getByRole("button", { name: /^soup model soup/ }).click();
    await page.getByRole("tab", { name: "Config", selected: true }).waitFor();
  });

  it("shows each node of the pipeline in words, and its curves when it is chosen", async () => {
    const page = await show([LIVE]);
    const node = page.getByRole("button", { name: /^mkl RLHF · ref sft-1 \+ sft-2 Running · 48 s left step 12 of 60/ });
    await node.press("Enter");
    await page.getByRole("tab", { name: "Metrics", selected: true }).waitFor();
    await page.getByRole("button", { name: "Only mkl" }).click();
    await page.getByRole("button", { name: "Only mkl" }).waitFor({ state: "detached" });
  });

  it("opens the lane of the seed at work", async () => {
    const config = configOf({ seeds: [1, 2] });
    const events = recording({ config, until: 1500 });
    const page = await show([{ ...DEMO, config, events }]);
    await page.getByRole("button", { name: /^Seed 2/, expanded: true }).waitFor();
    await page.getByRole("button", { name: /^Seed 1/, expanded: false }).click();
    await page.getByRole("list", { name: "Stages of seed 1" }).getByRole("button", { name: /^base/ }).waitFor();
  });

  it("keeps the theme's colours apart", async () => {
    const page = await show([DEMO], "metrics");
    const plot = page.getByRole("img", { name: /^KL to reference .*last values/ });
    await plot.waitFor();
    const pixels = new Set<string>();
    for (const theme of THEMES) {
      await open?.setTheme(theme);
      pixels.add((await plot.screenshot()).toString("base64"));
    }
    assert.equal(pixels.size, THEMES.length);
  });

  for (const view of ["pipeline", "metrics"] as const) {
    it(`has nothing serious for axe to find in ${view}, in any theme`, async () => {
      const focus = { view, runs: [LIVE.folder, DEMO.folder] };
      open = await openDashboard(browser(), fixtureBackend([LIVE, DEMO]), { focus, isAudited: true });
      const { page } = open;
      const content = view === "metrics" ? page.getByRole("img", { name: /last values/ }) : page.getByText("Finished:");
      await content.first().waitFor();
      for (const theme of THEMES) {
        await open.setTheme(theme);
        // Only colours differ between themes, and axe takes its time.
        assert.deepEqual(await axeViolations(page, theme === "dark" ? undefined : ["color-contrast"]), [], theme);
      }
    });
  }

  it("remembers its settings", async () => {
    const page = await show([DEMO], "metrics");
    await page.getByLabel("Smoothing").fill("0.8");
    await page.getByText("0.80").waitFor();
    const state = open?.state();
    await open?.close();
    const again = await show([DEMO], "metrics", state);
    await again.getByText("0.80").waitFor();
  });

  it("names a run that is from a newer version", async () => {
    const problem = "run.json is from SALSA 9.9.9; update the extension";
    const backend = fixtureBackend([DEMO]);
    const runs = (): Promise<ReturnType<typeof summaryOf>[]> => Promise.resolve([{ ...summaryOf(DEMO), problem }]);
    const focus = { view: "pipeline" as const, runs: [DEMO.folder] };
    open = await openDashboard(browser(), { ...backend, runs }, { focus });
    await open.page.getByText(problem).waitFor();
  });
});
