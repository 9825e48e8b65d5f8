/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { TableModel } from "../../../engine/protocol/runsTable.ts";
import { RunRows } from "../../../webview/runsTable/rows.ts";
import { combinationRows, sweptArmsOf } from "../../../webview/sweep/combinations.ts";
import { bestOf } from "../../../webview/sweep/setup.ts";
import { describeInBrowser } from "../chromium.ts";
import { choose } from "../choose.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { SWEPT_RUN, sweptRows, upstreamRows } from "./rows.ts";

const RATE = "winRate/inDistribution/ppo";

describe("the combinations of a sweep", () => {
  it("are those of one swept arm, whose axes are named", () => {
    const rows = sweptRows();
    assert.deepEqual(sweptArmsOf(rows), [
      { name: "ppo", axes: ["sweep.axis.beta"] },
      { name: "salsa", axes: ["sweep.axis.beta", "sweep.axis.alpha"] },
    ]);
    assert.equal(combinationRows(rows, "salsa").runs[0]?.models.length, 12);
    assert.deepEqual(sweptArmsOf({ ...rows, blocks: [] }), []);
  });

  it("have one column for win rates against an arm that is swept as they are", () => {
    const [first] = combinationRows(sweptRows(), "salsa").runs[0]?.models ?? [];
    assert.ok(first !== undefined);
    assert.equal(typeof first.values[RATE], "number");
    assert.deepEqual(Object.keys(first.intervals ?? {}), [RATE, "winRate/inDistribution/sft-1"]);
  });

  it("by grids of SFTs are those of arms alone, with one column for win rates against the SFTs that they start from", () => {
    const rows = upstreamRows();
    const axes = ["sweep.axis.sft.learningRate", "sweep.axis.reward.epochs"];
    assert.deepEqual(sweptArmsOf(rows), [{ name: "salsa", axes }]);
    const models = combinationRows(rows, "salsa").runs[0]?.models ?? [];
    const rates = models.map(({ values }) => values["winRate/inDistribution/sft-1"]);
    assert.deepEqual(
      rates.map((rate) => Math.round(100 * Number(rate))),
      [52, 53, 53, 54],
    );
  });

  it("are best by their mean over base seeds, with its interval", () => {
    for (const seeds of [[1], [1, 2, 3, 4]]) {
      const rows = new RunRows();
      rows.take(combinationRows(sweptRows({ seeds }), "salsa"));
      const best = bestOf(rows.rows, RATE);
      assert.deepEqual([best?.model, best?.spread.n], ["salsa_beta0.05_alpha0.5", seeds.length]);
      assert.ok((best?.spread.low ?? NaN) < 0.58 && (best?.spread.high ?? NaN) > 0.58);
      assert.equal(bestOf(rows.rows, "metric.nothing"), undefined);
    }
  });
});

describeInBrowser("the view of a sweep", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(rows = sweptRows()): Promise<Page> {
    const run = { ...demoRun(), folder: SWEPT_RUN };
    const backend = fixtureBackend([run], { tableRows: () => rows });
    open = await openDashboard(browser(), backend, { focus: { view: "sweep", runs: [run.folder] } });
    return open.page;
  }
  const cells = (page: Page, row: number): Promise<string[]> =>
    page.locator(`salsa-runs-grid #row-${row} .cell:not(.check)`).allInnerTexts();

  it("lists the combinations, the best first, sorts them by any result, and promotes the best or the selected one", async () => {
    const page = await show();
    await page.getByText("salsa: 12 combinations").waitFor();
    await page.getByText("Best: salsa_beta0.05_alpha0.5 · Win % vs ppo, inDistribution 58.0 (55.0–61.0)").waitFor();
    assert.deepEqual((await cells(page, 0)).slice(0, 4), ["salsa_beta0.05_alpha0.5", "0.05", "0.5", "58.0"]);
    await page.getByRole("button", { name: "Promote to Config..." }).click();
    await page
      .getByRole("button", { name: "Mean KL", exact: false })
      .or(page.locator('[title*="objective/kl"] .sort'))
      .first()
      .click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    assert.match((await cells(page, 0))[0] ?? "", /^salsa_beta0\.2_/);
    await page.locator("salsa-runs-grid [role=grid]").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Space");
    await page.getByText("Selected: salsa_beta0.2_", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Promote to Config..." }).press("Enter");
    const promoted = (open?.asked ?? []).flatMap((one) => (one.method === "promote" ? [one.params] : []));
    assert.deepEqual(promoted[0], { folder: SWEPT_RUN, arm: "salsa_beta0.05_alpha0.5", beta: 0.05 });
    assert.match(promoted[1]?.arm ?? "", /^salsa_beta0\.2_/);
  });

  it("draws β against α with intervals, and parallel coordinates whose drags narrow the table", async () => {
    const page = await show();
    await page.getByRole("radio", { name: "Heat map" }).click();
    await page.locator("salsa-runs-plot .box").first().waitFor();
    assert.equal(await page.locator("salsa-runs-plot .box").count(), 12);
    const texts = await page.locator("salsa-runs-plot text.in").allTextContents();
    assert.ok(texts.includes("58.0") && texts.includes("55.0–61.0"), texts.join());
    await page.getByRole("radio", { name: "Parallel" }).click();
    await page.locator("salsa-runs-plot .lines path").first().waitFor();
    assert.equal(await page.locator("salsa-runs-plot .lines path").count(), 12);
    const axis = await page.locator('[data-column="sweep.axis.beta"] .grip').boundingBox();
    assert.ok(axis);
    await page.mouse.move(axis.x + 12, axis.y + 2);
    await page.mouse.down();
    await page.mouse.move(axis.x + 12, axis.y + axis.height / 3, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Clear Filter" }).waitFor();
    assert.equal(await page.locator("salsa-runs-plot .lines path").count(), 4);
  });

  it("draws values of SFTs against those of reward models, and promotes the best of both", async () => {
    const page = await show(upstreamRows());
    const best = "salsa_sft.learningRate0.002_reward.epochs2";
    await page.getByText(`Best: ${best} · Win % vs sft-1, inDistribution 54.0`).waitFor();
    await page.getByRole("columnheader", { name: "sft.learningRate" }).waitFor();
    assert.deepEqual((await cells(page, 0)).slice(0, 4), [best, "0.002", "2", "54.0"]);
    await page.getByRole("radio", { name: "Heat map" }).click();
    await page.locator("salsa-runs-plot .box").first().waitFor();
    assert.equal(await page.locator("salsa-runs-plot .box").count(), 4);
    await page.getByRole("button", { name: "Promote to Config..." }).click();
    const promoted = (open?.asked ?? []).flatMap((one) => (one.method === "promote" ? [one.params] : []));
    assert.deepEqual(promoted, [{ folder: SWEPT_RUN, arm: best }]);
  });

  it("shows what halving has dropped, and at which rung, and takes none of it for the best", async () => {
    const rows = sweptRows();
    const [run] = rows.runs;
    assert.ok(run !== undefined);
    const models = run.models.map((model): TableModel => {
      if (model.name !== "salsa_beta0.05_alpha0.5") return model;
      const { [RATE]: _rate, ...values } = model.values;
      const known = Object.entries(values).filter(([column]) => !/^(winRate|score|metric)/.test(column));
      return { ...model, values: { ...Object.fromEntries(known), "model.status": "dropped", "model.droppedAt": 1 } };
    });
    const page = await show({ ...rows, runs: [{ ...run, models }] });
    await page.getByText("Best: salsa_beta0.05_alpha0.3", { exact: false }).waitFor();
    const last = await cells(page, 11);
    assert.deepEqual(last.slice(0, 6), ["salsa_beta0.05_alpha0.5", "0.05", "0.5", "", "Dropped", "1"]);
    await page.getByRole("columnheader", { name: "Rung" }).waitFor();
  });

  it("shows one swept arm at a time, and compares by the result that is chosen", async () => {
    const page = await show();
    await choose(page, "Swept arm", "ppo");
    await page.getByText("ppo: 3 combinations").waitFor();
    await page.getByText("Best: ppo_beta0.2 · Gold score, inDistribution 1.02", { exact: false }).waitFor();
  });

  it("shows means over base seeds, and each seed where a combination is opened", async () => {
    const page = await show(sweptRows({ seeds: [1, 2, 3, 4] }));
    await page.getByText("n = 4", { exact: false }).first().waitFor();
    assert.match((await cells(page, 0))[0] ?? "", /salsa_beta0\.05_alpha0\.5\s*4 rows/);
    await page.locator("salsa-runs-grid [role=grid]").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.locator("salsa-runs-grid .member").nth(3).waitFor();
  });

  it("lists what is to come before there are results, and says of a run without a grid how to write one", async () => {
    let page = await show(sweptRows({ hasResults: false }));
    await page.getByText("No combination has a result yet.").waitFor();
    assert.deepEqual((await cells(page, 0)).slice(0, 1), ["salsa_beta0.01_alpha0.3"]);
    await open?.close();
    page = await show({ ...sweptRows(), blocks: [] });
    await page.getByRole("heading", { name: "This run has no sweep" }).waitFor();
    await page.getByRole("button", { name: "Copy for the Config" }).click();
    const copied = (open?.asked ?? []).flatMap((one) => (one.method === "copy" ? [one.params.text] : []));
    assert.deepEqual(copied, ['"beta": { "grid": [0.01, 0.05, 0.2] }']);
  });
});
