import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun, stateOf } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { configOf, recording } from "../recording.ts";

const DEMO = demoRun();

describeInBrowser("the metrics view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(...runs: readonly FixtureRun[]): Promise<Page> {
    const focus = { view: "metrics" as const, runs: runs.map(({ folder }) => folder) };
    open = await openDashboard(browser(), fixtureBackend(runs), { focus });
    return open.page;
  }

  function plot(page: Page, label: string): Locator {
    return page.getByRole("img", { name: new RegExp(`^${label}.*last values`) });
  }

  /** Waits till a file is saved. */
  async function saved(page: Page): Promise<{ name: string; content: { text?: string; base64?: string } }> {
    for (;;) {
      const found = open?.asked.find(({ method }) => method === "save");
      if (found !== undefined) return found.params as Awaited<ReturnType<typeof saved>>;
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
  }

  it("draws what can be seen and asks for no more", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").waitFor();
    const asked = open?.asked.flatMap(({ method, params }) => (method === "series" ? params.keys : [])) ?? [];
    assert.ok(asked.some(({ metric }) => metric === "objective/kl"));
    assert.ok(!asked.some(({ metric }) => metric === "reward/rejected"));
    await page.getByText("Score of rejected").scrollIntoViewIfNeeded();
    await plot(page, "Score of rejected").waitFor();
  });

  it("shows the lines that have come while others are on their way, and all once they are there", async () => {
    const late = Promise.withResolvers<undefined>();
    const runs = [DEMO, { ...demoRun("demo-2"), events: recording({ seed: 9 }) }];
    const backend = fixtureBackend(runs);
    const request: typeof backend.request = async (method, params) => {
      if (method === "series" && (params as { folder: string }).folder === runs[1]?.folder) await late.promise;
      return backend.request(method, params);
    };
    const focus = { view: "metrics" as const, runs: runs.map(({ folder }) => folder) };
    open = await openDashboard(browser(), { ...backend, request }, { focus });
    const first = open.page.getByRole("img", { name: /^KL to reference.*demo-1/ });
    await first.waitFor();
    assert.doesNotMatch((await first.getAttribute("aria-label")) ?? "", /demo-2/);
    late.resolve(undefined);
    await open.page.getByRole("img", { name: /^KL to reference.*salsa · demo-1.*salsa · demo-2/ }).waitFor();
  });

  it("says the last value of each line in words", async () => {
    const page = await show(DEMO);
    const name = await plot(page, "KL to reference").getAttribute("aria-label");
    assert.match(name ?? "", /ppo: [\d.]+ at step 60\. salsa: [\d.]+ at step 60\. salsa-3: .* mkl: /);
  });

  it("moves its cursor from point to point with the keys, in all plots at once", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").press("End");
    await page.getByText(/^step 60: salsa/).waitFor({ state: "attached" });
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/^step 59: salsa/).waitFor({ state: "attached" });
    const cursors = page.locator(".u-cursor-x:not(.u-off)");
    assert.ok((await cursors.count()) >= 6);
    await page.keyboard.press("Escape");
    assert.equal(await cursors.count(), 0);
  });

  it("shows all values at the mouse", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").hover();
    const tooltip = page.locator(".tooltip");
    assert.match(await tooltip.innerText(), /^step \d+\s+(salsa|ppo|salsa-3|mkl)\s+[\d.]+/);
  });

  it("zooms all plots to what is dragged over, and back by a double click", async () => {
    const page = await show(DEMO);
    const [kl, score] = [plot(page, "KL to reference"), plot(page, "Reward-model score")];
    await score.waitFor();
    const before = (await score.screenshot()).toString("base64");
    const box = await kl.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(5, 5);
    await until(page, async () => (await score.screenshot()).toString("base64") !== before);
    await kl.dblclick();
    await page.mouse.move(5, 5);
    await until(page, async () => (await score.screenshot()).toString("base64") === before);
  });

  it("takes a line away and brings it back from the legend", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").waitFor();
    await page.getByRole("button", { name: "mkl", pressed: true }).click();
    await page.getByRole("img", { name: /^KL to reference.*last values((?!mkl).)*$/ }).waitFor();
    await page.getByRole("button", { name: "mkl", exact: true, pressed: false }).click();
    await page.getByRole("img", { name: /^KL to reference.*last values.*mkl/ }).waitFor();
  });

  it("finds metrics by their names", async () => {
    const page = await show(DEMO);
    await page.getByLabel("Filter metrics").fill("explained");
    await plot(page, "Explained variance").waitFor();
    assert.equal(await page.locator("salsa-plot").count(), 1);
    await page.getByLabel("Filter metrics").fill("nonsense");
    await page.getByText("No metric matches “nonsense”").waitFor();
  });

  it("folds seeds into a mean and says what the band is", async () => {
    const config = configOf({ seeds: [1, 2, 3] });
    const page = await show({ ...DEMO, config, events: recording({ config, steps: 10 }) });
    await page.getByText("Mean of 3 seeds; band: from the least to the greatest of them").first().waitFor();
    assert.match((await plot(page, "KL to reference").getAttribute("aria-label")) ?? "", /salsa: .*, mean of 3 seeds/);
  });

  it("draws the interval of the mean from four seeds on", async () => {
    const config = configOf({ seeds: [1, 2, 3, 4] });
    const page = await show({ ...DEMO, config, events: recording({ config, steps: 3 }) });
    await page.getByText("Mean of 4 seeds; band: 95 % Student-t interval of the mean").first().waitFor();
  });

  it("tells runs apart by name when several are laid over one another", async () => {
    const page = await show(DEMO, { ...demoRun("demo-2"), events: recording({ seed: 9 }) });
    await page
      .getByRole("img", { name: /salsa · demo-1.*salsa · demo-2/ })
      .first()
      .waitFor();
  });

  it("saves a plot as SVG, PNG and CSV", async () => {
    for (const [format, pattern] of [
      ["SVG", /^<svg[^]*KL to reference \(ppo: sft-1; salsa: soup; /],
      ["PNG", /^iVBOR/],
      ["CSV", /^run,stage,metric,step,time,value\ndemo-1,ppo,objective\/kl,1,/],
    ] as const) {
      const page = await show(DEMO);
      await plot(page, "KL to reference").waitFor();
      await page.getByRole("button", { name: "Plot of KL to reference" }).click();
      await page.getByRole("menuitem", { name: `Save as ${format}…` }).click();
      const { name, content } = await saved(page);
      assert.equal(name, `objective-kl.${format.toLowerCase()}`);
      assert.match(content.text ?? content.base64 ?? "", pattern);
      await open?.close();
    }
    open = undefined;
  });

  it("saves a plot that a command asks for, from any view", async () => {
    const focus = { view: "alarms" as const, runs: [DEMO.folder] };
    open = await openDashboard(browser(), fixtureBackend([DEMO]), { focus });
    await open.send({ kind: "exportPlot", metric: "objective/score", format: "csv" });
    const { content } = await saved(open.page);
    assert.equal(content.text?.trimEnd().split("\n").length, 1 + 4 * 60);
  });

  it("keeps a plot that is enlarged, and made small again, in sight", async () => {
    const page = await show(DEMO);
    const last = page.locator("salsa-plot").last();
    await last.scrollIntoViewIfNeeded();
    const name = await last.locator("h3").innerText();
    const isInSight = async (): Promise<boolean> =>
      page.evaluate((wanted) => {
        const metrics = document
          .querySelector("salsa-dashboard")
          ?.shadowRoot?.querySelector("salsa-metrics")?.shadowRoot;
        const bar = metrics?.querySelector(".bar")?.getBoundingClientRect().bottom ?? Infinity;
        const plot = [...(metrics?.querySelectorAll("salsa-plot") ?? [])].find(
          (one) => one.shadowRoot?.querySelector("h3")?.textContent === wanted,
        );
        const head = plot?.shadowRoot?.querySelector(".head")?.getBoundingClientRect();
        return head !== undefined && head.top >= bar && head.bottom <= window.innerHeight;
      }, name);
    const toggle = async (): Promise<void> => {
      await page
        .getByRole("button", { name: `Plot of ${name}` })
        .last()
        .click();
      await page.getByRole("menuitemcheckbox", { name: "Enlarge" }).click();
    };
    await toggle();
    await page.locator("salsa-plot[large]").waitFor();
    await until(page, isInSight);
    await toggle();
    await page.locator("salsa-plot[large]").waitFor({ state: "detached" });
    await until(page, isInSight);
  });

  it("leaves what was filtered in one run behind when another comes into focus, and has it there again", async () => {
    const other = demoRun("demo-2");
    const focus = { view: "metrics" as const, runs: [DEMO.folder] };
    open = await openDashboard(browser(), fixtureBackend([DEMO, other]), { focus });
    const { page } = open;
    await page.getByLabel("Filter metrics").fill("explained");
    await page.getByRole("button", { name: "mkl", pressed: true }).click();
    await page.getByRole("button", { name: "mkl", pressed: false }).waitFor();
    await open.send({ kind: "show", focus: { view: "metrics", runs: [other.folder] } });
    await plot(page, "KL to reference").waitFor();
    await page.getByRole("button", { name: "mkl", pressed: true }).waitFor();
    assert.equal(await page.getByLabel("Filter metrics").inputValue(), "");
    await open.send({ kind: "show", focus });
    await page.getByRole("button", { name: "mkl", pressed: false }).waitFor();
    assert.equal(await page.getByLabel("Filter metrics").inputValue(), "explained");
  });

  it("shows the curves of the arm that a line of the Runs view leads to", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").waitFor();
    await open?.send({ kind: "show", focus: { view: "metrics", runs: [DEMO.folder] }, stages: ["salsa"] });
    await page.getByRole("button", { name: "Only salsa" }).waitFor();
    await page.getByRole("img", { name: /^KL to reference.*last values((?!ppo).)*salsa((?!ppo).)*$/ }).waitFor();
  });

  it("tells runs of one id in two folders apart", async () => {
    const left = demoRun();
    const right = { ...demoRun(), folder: "/other/.salsa/runs/demo-1", events: recording({ seed: 9 }) };
    const page = await show(left, right);
    await page.getByRole("button", { name: "demo-1 (work)", pressed: true }).waitFor();
    await page.getByRole("button", { name: "demo-1 (other)", pressed: true }).waitFor();
    await page
      .getByRole("img", { name: /salsa · demo-1 \(work\).*salsa · demo-1 \(other\)/ })
      .first()
      .waitFor();
  });

  it("has score, gold, KL and length on top, pins another metric, and takes one down", async () => {
    const page = await show(DEMO);
    const first = page.locator("details", { hasText: "Pinned" }).locator("salsa-plot h3");
    await first.nth(3).waitFor();
    const titles = (): Promise<string[]> => first.allTextContents();
    assert.deepEqual(await titles(), [
      "Reward-model score",
      "Gold score",
      "KL to reference (ppo: sft-1; salsa: soup; salsa-3: soup3; mkl: sft-1 + sft-2)",
      "Response length",
    ]);
    await page.getByRole("button", { name: "Plot of Sequence entropy" }).press("Enter");
    await page.getByRole("menuitemcheckbox", { name: "Pin to Top" }).press("Enter");
    await until(page, async () => (await titles()).at(-1) === "Sequence entropy");
    await page.getByRole("button", { name: "Plot of Gold score" }).press("Enter");
    await page.getByRole("menuitemcheckbox", { name: "Pin to Top" }).press("Enter");
    await until(page, async () => !(await titles()).includes("Gold score"));
    await plot(page, "Gold score").waitFor();
  });

  it("moves pinned plots from their menus by the keyboard alone", async () => {
    const page = await show(DEMO);
    const first = page.locator("details", { hasText: "Pinned" }).locator("salsa-plot h3");
    await first.nth(3).waitFor();
    const opener = page.getByRole("button", { name: "Plot of Response length" });
    const titles = async (): Promise<string> =>
      (await first.allTextContents()).map((title) => title.split(" ")[0]).join(" ");
    // Keys that come while the plot is on its way to its place would be lost.
    const move = async (label: string, wanted: string): Promise<void> => {
      await page.keyboard.press("Enter");
      await page.getByRole("menuitem", { name: label }).press("Enter");
      await until(page, async () => (await titles()) === wanted);
      await opener.and(page.locator(":focus")).waitFor();
    };
    await opener.focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.getByRole("menuitem", { name: "Move Back" }).count(), 0, "it is the last");
    await page.keyboard.press("Escape");
    await move("Move Forward", "Reward-model Gold Response KL");
    await move("Move Forward", "Reward-model Response Gold KL");
    await move("Move Forward", "Response Reward-model Gold KL");
    await move("Move Back", "Reward-model Response Gold KL");
  });

  it("draws the difference of two metrics, saves its numbers, and removes it", async () => {
    const page = await show(DEMO);
    await page.getByRole("button", { name: "Expression…" }).click();
    await page.getByRole("combobox", { name: "First metric" }).selectOption("objective/gold");
    await page.getByRole("combobox", { name: "Operation" }).selectOption("−");
    await page.getByRole("combobox", { name: "Second metric" }).selectOption("objective/score");
    await page.locator("vscode-button", { hasText: "Add Plot" }).click();
    await plot(page, "Gold score − Reward-model score").waitFor();
    const opener = page.getByRole("button", { name: "Plot of Gold score − Reward-model score" });
    await opener.press("Enter");
    await page.getByRole("menuitem", { name: "Save as CSV…" }).press("Enter");
    const { name, content } = await saved(page);
    assert.equal(name, "objective-gold-−-objective-score.csv");
    const [, first = ""] = content.text?.split("\n") ?? [];
    const { metrics } = stateOf(DEMO);
    const at = (metric: string): number => metrics["ppo"]?.[metric]?.values[0] ?? NaN;
    assert.match(first, /^demo-1,ppo,/);
    assert.equal(Number(first.split(",").at(-1)), at("objective/gold") - at("objective/score"));
    await opener.press("Enter");
    await page.getByRole("menuitem", { name: "Remove Plot" }).press("Enter");
    await opener.waitFor({ state: "detached" });
  });

  it("has the run's log beside the curves, with a search, for all eyes", async () => {
    const events = [
      ...DEMO.events,
      { kind: "note", stage: "ppo", message: "shortened", time: 1, sequence: DEMO.events.length } as const,
    ];
    const page = await show({ ...DEMO, events });
    await page.getByRole("button", { name: "Log", exact: true }).click();
    const log = page.locator("salsa-run-log");
    await log.getByText("shortened").waitFor();
    await log.getByRole("searchbox", { name: "Search the log" }).fill("SALSA 1 min");
    await log.getByText(/^\d+ of \d+ messages$/).waitFor();
    assert.deepEqual(
      await log
        .locator("li .text")
        .allTextContents()
        .then((all) => all.map((one) => one.trim())),
      ["finished in 1 min 00 s", "finished in 1 min 00 s"],
    );
    assert.deepEqual(await axeViolations(page), []);
    for (const theme of THEMES.slice(1)) {
      await open?.setTheme(theme);
      assert.deepEqual(await axeViolations(page, ["color-contrast"]), [], theme);
    }
  });

  it("enlarges a plot from its menu by the keyboard alone", async () => {
    const page = await show(DEMO);
    await plot(page, "KL to reference").waitFor();
    await page.getByRole("button", { name: "Plot of KL to reference" }).press("Enter");
    await page.keyboard.press("Enter");
    await page.locator("salsa-plot[large]").waitFor();
  });
});

/** Frames pass till it is so; the test's own limit ends the waiting. */
async function until(page: Page, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await page.evaluate(() => new Promise(requestAnimationFrame));
}
