import assert from "node:assert/strict";
import type { DashboardView } from "../../../engine/protocol/dashboard.ts";
import type { FigureView } from "../../../engine/protocol/service.ts";
import { short } from "../../../webview/parts/format.ts";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, type FixtureRun, fixtureBackend, folderOf, outlineOf, stateOf, summaryOf } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard, type PageSettings } from "../page.ts";
import { THEMES } from "../webView.ts";
import { configOf, recording } from "../recording.ts";
import { samplesOf } from "../samples/rows.ts";

const CONFIG = configOf({
  arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: [0.05, 0.1, 0.4] } },
});
const DEMO: FixtureRun = { ...demoRun(), config: CONFIG, events: recording({ config: CONFIG, steps: 8 }) };
const OLD: FixtureRun = { ...DEMO, events: recording({ config: CONFIG, steps: 8, isLegacy: true }) };
const OTHER = demoRun("demo-2");
/** With so many SFTs that there are more nodes than fit at a readable size. */
const LARGE_CONFIG = configOf({
  sft: { seeds: Array.from({ length: 22 }, (_, at) => at + 1), steps: 1, batchSize: 8, learningRate: 1e-3 },
});
const LARGE: FixtureRun = { ...DEMO, config: LARGE_CONFIG, events: recording({ config: LARGE_CONFIG, steps: 1 }) };
const RESULT = {
  ...{ benchmark: "inDistribution", a: "salsa", b: "ppo", adjusted: 0.568, low: 0.552, high: 0.585, n: 1024, p: 0.001 },
  more: [{ benchmark: "outOfDistribution", adjusted: 0.621, low: 0.6, high: 0.642, n: 1024 }],
};
const FRONT: FigureView = {
  ...{ name: "front", source: "Section A.4", title: "Reward and KL", description: "", isMeasured: false, lacks: [] },
  spec: {
    title: "Reward and KL by β",
    caption: "n = 128 rollouts a point.",
    panels: [
      {
        kind: "xy",
        title: "",
        x: { label: "KL", unit: "nats" },
        y: { label: "Score" },
        series: [
          {
            name: "salsa",
            color: 1,
            look: "line",
            points: [
              { x: 0.5, value: 1, n: 128, nSeeds: 1, label: "β 0.4, chosen" },
              { x: 3, value: 1.5, n: 128, nSeeds: 1, label: "β 0.05" },
            ],
          },
        ],
      },
    ],
  },
};

describeInBrowser("the pipeline view", (browser) => {
  let opened: DashboardPage | undefined;
  closeAfterEach(() => opened);

  async function show(
    backend: ReturnType<typeof fixtureBackend>,
    view: DashboardView,
    settings: Partial<PageSettings> = {},
  ): Promise<DashboardPage> {
    opened = await openDashboard(browser(), backend, { focus: { view, runs: [DEMO.folder] }, ...settings });
    return opened;
  }

  /** A backend whose run has compared its arms. */
  function judgedBackend(): ReturnType<typeof fixtureBackend> {
    const backend = fixtureBackend([DEMO], { figures: () => [FRONT] });
    const summary = { ...summaryOf(DEMO), result: RESULT, tables: ["winRates"] };
    return { ...backend, runs: () => Promise.resolve([summary]) };
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

  it("says by what β was chosen, and what the arm came to with it", async () => {
    const { page } = await show(fixtureBackend([DEMO]), "pipeline");
    const node = page.locator("salsa-pipeline .node", { hasText: "ref soup" });
    await node.getByText("β by validation score").waitFor();
    const facts = node.locator(".facts > span");
    // Curves come a while after the graph, each by itself; until then a fact is "–".
    for (const name of ["score", "KL", "tokens"]) {
      await facts.filter({ hasText: new RegExp(`${name}\\s+\\d`) }).waitFor();
    }
    const texts = (await facts.allTextContents()).map((text) => text.replace(/\s+/g, " ").trim());
    assert.match(texts[0] ?? "", /^score \d\.\d+$/);
    assert.match(texts[1] ?? "", /^KL \d\.\d+$/);
    assert.match(texts[2] ?? "", /^tokens \d\.\d+$/);
    // Of 8 steps the last tenth is one: the last value of the chosen candidate.
    const [, , , ...more] = texts;
    assert.deepEqual(more, []);
    const id = outlineOf(DEMO).stages.find(
      ({ product, kind, beta }) => product === "salsa" && kind === "rlhf" && beta === 0.4,
    )?.id;
    const last = stateOf(DEMO).metrics[id ?? ""]?.["objective/kl"]?.values.at(-1);
    assert.equal(texts[1], `KL ${short(last)}`);
  });

  for (const width of [1400, 1280, 700, 400]) {
    it(`has all of the graph in sight at ${width} pixels`, async () => {
      const { page } = await show(fixtureBackend([DEMO]), "pipeline", { width });
      await page.locator("salsa-pipeline .node").first().waitFor();
      const right = await page
        .locator("salsa-pipeline .node")
        .evaluateAll((all) => Math.max(...all.map((one) => one.getBoundingClientRect().right)));
      assert.ok(right <= width - 8, `${right} of ${width}`);
      assert.equal(await page.locator("salsa-pipeline").evaluate((one) => one.scrollWidth - one.clientWidth), 0);
    });
  }

  it("marks a node whose stage has raised alarms, and leads to the last of them", async () => {
    const sequence = DEMO.events.length;
    const alarm = { kind: "alarm", stage: "ppo", name: "gibberish", message: "KL is 3", time: 1 } as const;
    const events = [...DEMO.events, { ...alarm, step: 4, sequence }, { ...alarm, step: 6, sequence: sequence + 1 }];
    const dashboard = await show(fixtureBackend([{ ...DEMO, events }]), "pipeline");
    const { page } = dashboard;
    const mark = page.getByRole("button", { name: "2 alarms of ppo: Gibberish" });
    assert.equal((await mark.textContent())?.trim(), "2");
    assert.equal(await page.locator("salsa-pipeline .node.alarmed").count(), 1);
    await mark.click();
    await page.getByRole("region", { name: "Gibberish" }).waitFor();
    const focus = dashboard.focuses.at(-1);
    assert.deepEqual([focus?.view, focus?.place], ["alarms", { stage: "ppo", step: 6 }]);
  });

  it("says how far a run is and how long it will take once, in the header", async () => {
    const events = recording({ config: CONFIG, steps: 8, until: 80 });
    const { page } = await show(fixtureBackend([{ ...DEMO, events }]), "pipeline");
    await page.locator("salsa-pipeline .node").first().waitFor();
    const text = await page
      .locator("salsa-pipeline")
      .evaluate((one) => one.shadowRoot?.querySelector(".legend")?.textContent ?? "");
    assert.match(text, /Running: 1/);
    assert.doesNotMatch(text, /%|left/);
    assert.equal(await page.getByRole("progressbar").count(), 1);
    assert.equal(await page.locator("salsa-result-card").count(), 0, "there is no result yet");
  });

  it("has the result of a finished run with what to do next", async () => {
    const dashboard = await show(judgedBackend(), "pipeline");
    const { page } = dashboard;
    const card = page.getByRole("region", { name: "Result" });
    await card.getByRole("heading", { name: "salsa beats ppo" }).waitFor();
    await page.locator(".headline", { hasText: /^salsa beats ppo: 56\.8 % .* · KL of salsa: \d/ }).waitFor();
    await card.getByText("56.8 % (55.2–58.5)").waitFor();
    await card.getByText("62.1 % (60.0–64.2)").waitFor();
    const front = card.getByRole("img", { name: /^Reward and KL by β/ });
    await front.focus();
    await page.keyboard.press("End");
    await card
      .getByText(/^salsa, KL 3/)
      .first()
      .waitFor({ state: "attached" });
    for (const name of ["Chat with Checkpoints…", "Publish…"])
      await card.locator("vscode-button", { hasText: name }).click();
    const commands = dashboard.asked.flatMap(({ method, params }) => (method === "command" ? [params] : []));
    assert.deepEqual(commands, [
      { command: "salsa.chat", folder: DEMO.folder },
      { command: "salsa.publish", folder: DEMO.folder },
    ]);
    const asked = dashboard.asked.flatMap(({ method, params }) => (method === "figures" ? [params] : []));
    assert.deepEqual(asked, [{ folder: DEMO.folder, names: ["front"] }]);
    await card.locator("vscode-button", { hasText: "Open Win Rates" }).click();
    assert.equal(dashboard.focuses.at(-1)?.view, "winRates");
  });

  it("zooms and pans a graph of many nodes, by keys and by pointer", async () => {
    const { page } = await show(fixtureBackend([LARGE]), "pipeline");
    const pane = page.getByRole("region", { name: "Stages", exact: true });
    const scale = async (): Promise<number> =>
      Number.parseInt((await page.locator("salsa-zoom-pane output").textContent()) ?? "", 10);
    await pane.focus();
    const fitted = await scale();
    assert.ok(fitted < 100, `${fitted} %`);
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    assert.ok((await scale()) > fitted);
    await page.keyboard.press("0");
    assert.equal(await scale(), fitted);
    await page.getByRole("button", { name: "Zoom In (+)" }).click();
    assert.ok((await scale()) > fitted);
    const before = await pane.evaluate((one) => one.scrollTop);
    const box = await pane.boundingBox();
    assert.ok(box);
    // Between two layers is the ground, which is dragged.
    await page.mouse.move(box.x + 4, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 4, box.y + 20, { steps: 4 });
    await page.mouse.up();
    assert.ok((await pane.evaluate((one) => one.scrollTop)) > before);
    assert.deepEqual(await axeViolations(page), []);
    for (const theme of THEMES.slice(1)) {
      await opened?.setTheme(theme);
      assert.deepEqual(await axeViolations(page, ["color-contrast"]), [], theme);
    }
    // Where contrast is high, edges are as plain as the nodes' borders: axe looks at texts alone.
    const strokes = await page
      .locator("path.edge")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).stroke));
    assert.ok(strokes.length > 0 && strokes.every((stroke) => stroke === "rgb(15, 74, 133)"), String(strokes[0]));
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
