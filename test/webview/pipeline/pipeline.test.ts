import assert from "node:assert/strict";
import type { DashboardView } from "../../../engine/protocol/dashboard.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, type FixtureRun, fixtureBackend, folderOf, outlineOf } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { configOf, recording } from "../recording.ts";
import { samplesOf } from "../samples/rows.ts";

const CONFIG = configOf({
  arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: [0.05, 0.1, 0.4] } },
});
const DEMO: FixtureRun = { ...demoRun(), config: CONFIG, events: recording({ config: CONFIG, steps: 8 }) };
const OLD: FixtureRun = { ...DEMO, events: recording({ config: CONFIG, steps: 8, isLegacy: true }) };
const OTHER = demoRun("demo-2");

describeInBrowser("the pipeline view", (browser) => {
  let opened: DashboardPage | undefined;
  closeAfterEach(() => opened);

  async function show(backend: ReturnType<typeof fixtureBackend>, view: DashboardView): Promise<DashboardPage> {
    opened = await openDashboard(browser(), backend, { focus: { view, runs: [DEMO.folder] } });
    return opened;
  }

  /** The demo with every stage taken from another run, as the service reports it. */
  function cachedBackend(): ReturnType<typeof fixtureBackend> {
    const from = { run: "demo-0", folder: folderOf("demo-0") };
    const outline = outlineOf(DEMO);
    const stages = outline.stages.map((stage) => ({ ...stage, status: "cached" as const, from }));
    const samples = samplesOf(100);
    return fixtureBackend([DEMO], { follow: () => ({ ...outline, stages }), samples: (query) => samples(query) });
  }

  it("shows the chosen β in its arm, and how each candidate scored", async () => {
    const { page } = await show(fixtureBackend([DEMO]), "pipeline");
    await page.getByText("RLHF · β 0.4 · ref soup").waitFor();
    const rows = await page
      .locator("salsa-pipeline .candidate")
      .evaluateAll((all) => all.map((one) => one.getAttribute("title")));
    assert.deepEqual(rows, [
      "β 0.05 · validation score 1.05",
      "β 0.1 · validation score 1.10",
      "β 0.4 · validation score 1.40 · chosen",
    ]);
  });

  it("draws an old run's stages as it draws today's", async () => {
    const drawn = async (run: FixtureRun): Promise<readonly unknown[]> => {
      const dashboard = await show(fixtureBackend([run]), "pipeline");
      await dashboard.page.locator("salsa-pipeline .node").first().waitFor();
      const titles = await dashboard.page.locator("salsa-pipeline .node .head b").allTextContents();
      const edges = await dashboard.page.locator("salsa-pipeline path.edge").count();
      await dashboard.close();
      return [titles, edges];
    };
    const today = await drawn(DEMO);
    assert.deepEqual(await drawn(OLD), today);
    assert.ok(Number(today[1]) > 10);
    await show(fixtureBackend([OLD]), "pipeline");
  });

  it("names the run that cached stages are from: in the graph, at the curves and at the samples", async () => {
    const { page } = await show(cachedBackend(), "pipeline");
    await page
      .locator("salsa-pipeline .node", { hasText: "soup3" })
      .getByText("from demo-0", { exact: true })
      .waitFor();
    await page.getByRole("tab", { name: "Metrics" }).click();
    await page.getByRole("button", { name: "ppo from demo-0" }).waitFor();
    await page.getByRole("tab", { name: "Samples" }).click();
    await page.locator("salsa-sample-grid .head").getByText("from demo-0").first().waitFor();
  });

  it("says that the run was removed, and goes to another only when one is chosen", async () => {
    const dashboard = await show(fixtureBackend([DEMO, OTHER]), "pipeline");
    const { page } = dashboard;
    await page.locator("salsa-pipeline .node").first().waitFor();
    await dashboard.send({ kind: "runs", changed: [], removed: [DEMO.folder] });
    await page.getByRole("heading", { name: "demo-1 was removed" }).waitFor();
    assert.equal(await page.locator("salsa-tabs").count(), 0);
    await page.locator("vscode-button", { hasText: "demo-2" }).click();
    await page.locator("salsa-pipeline .node").first().waitFor();
    assert.deepEqual(dashboard.focuses.at(-1)?.runs, [OTHER.folder]);
  });

  it("says so after a reload, too", async () => {
    const { page } = await show(fixtureBackend([OTHER]), "pipeline");
    await page.getByRole("heading", { name: "demo-1 was removed" }).waitFor();
  });
});
