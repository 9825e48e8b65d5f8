import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { ComparisonQuery } from "../../../engine/protocol/service.ts";
import { axeViolations } from "../axe.ts";
import type { Answers } from "../backend.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard, THEMES } from "../page.ts";
import { comparisonOf, rateOf } from "./rows.ts";

const [DEMO, OTHER] = [demoRun(), demoRun("demo-2")];
const ROWS = [
  rateOf({ nSeeds: 2 }),
  rateOf({ seed: 1, adjusted: 0.55 }),
  rateOf({ seed: 2, adjusted: 0.61 }),
  rateOf({ a: "mkl", adjusted: 0.52, low: 0.49, high: 0.55, p: 0.2, holm: 0.4 }),
  rateOf({ benchmark: "outOfDistribution", adjusted: 0.63, low: 0.61, high: 0.65 }),
];

describeInBrowser("the win-rate view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(answers: Answers = {}, runs = [DEMO.folder]): Promise<Page> {
    const backend = fixtureBackend([DEMO, OTHER], {
      winRates: ({ folder }) => (folder === OTHER.folder ? [rateOf({ adjusted: 0.4321 })] : ROWS),
      comparisons: ({ offset, limit, outcome }) => {
        const all = Array.from({ length: 50 }, (_, index) => comparisonOf(index)).filter(
          ({ games, outcome: one }) =>
            outcome === undefined || (outcome === "flip" ? games[0].winner !== games[1].winner : one === outcome),
        );
        return { total: all.length, judge: "gold", rows: all.slice(offset, offset + limit) };
      },
      ...answers,
    });
    open = await openDashboard(browser(), backend, { focus: { view: "winRates", runs } });
    return open.page;
  }

  it("shows rates with intervals by benchmark, every digit under the pointer", async () => {
    const page = await show();
    const row = page.getByRole("row", { name: /salsa vs ppo/ }).first();
    await row.getByText("57.96").waitFor();
    await row.getByText("(56.19 – 59.71)").waitFor();
    await row.getByTitle("1.879883925850562e-17").waitFor();
    // In the table and in its checks.
    assert.equal(await page.locator('th[scope="rowgroup"]').count(), 2 * 2);
  });

  it("marks what is decided, in words, too", async () => {
    const page = await show();
    const row = (name: RegExp): ReturnType<Page["locator"]> => page.getByRole("row", { name }).first();
    assert.equal(
      await row(/salsa vs ppo/)
        .getByRole("img", { name: "a is better" })
        .textContent(),
      "***",
    );
    assert.equal(
      await row(/mkl vs ppo/)
        .getByRole("img", { name: "not decided" })
        .textContent(),
      "",
    );
    await page.getByText("corrected for all 3 comparisons").waitFor();
  });

  it("has what the rates rest on in a table of its own, each number explained under the pointer", async () => {
    const undecided = rateOf({ a: "mkl", holm: 0.4, equivalence: 0.041, moreQuestions: 4120, moreSeeds: 5 });
    const page = await show({ winRates: () => [rateOf({ nSeeds: 2, method: "seed" }), undecided] });
    const checks = page.getByRole("region", { name: "Checks", exact: true });
    const row = (name: string): ReturnType<Page["locator"]> => checks.getByRole("row", { name });
    await row("mkl vs ppo").getByText("4,120 prompts").waitFor();
    await row("mkl vs ppo").getByText("or 5 seeds").waitFor();
    await row("mkl vs ppo").getByRole("img", { name: "No difference larger than 2 points" }).waitFor();
    assert.equal(await row("salsa vs ppo").getByRole("img").count(), 0);
    await row("salsa vs ppo").getByText("question and seed").waitFor();
    await row("salsa vs ppo").getByText("51.2").waitFor();
    await row("salsa vs ppo").getByText("56.1 (54.2 – 58.0)").waitFor();
    const headings = checks.getByRole("columnheader");
    const titles = await headings.evaluateAll((cells) => cells.map((cell) => cell.getAttribute("title") ?? ""));
    assert.ok(titles.every((title) => title !== "") && titles.length === 8, titles.join("; "));
    assert.equal(await checks.getByText("Style-controlled %").count(), 0);
    // How the interval was made stands under the pointer at the interval, too.
    assert.equal(await page.getByTitle(/effective sample size, clustered both ways/).count(), 2);
  });

  it("shows tables of older versions as they were, without what these did not compute", async () => {
    const { method: _, nQuestions: __, equivalence: ___, flipRate: ____, ...rest } = rateOf();
    const { positionBias: _____, longerWins: ______, lengthControlled: _______, ...old } = rest;
    const page = await show({ winRates: () => [old] });
    await page
      .getByRole("row", { name: /salsa vs ppo/ })
      .getByText("57.96")
      .waitFor();
    assert.equal(await page.getByRole("region", { name: "Checks", exact: true }).count(), 0);
  });

  it("sorts by a column, and says so", async () => {
    const page = await show();
    await page.getByRole("button", { name: "Adjusted %" }).click();
    const names = async (): Promise<string[]> => page.locator("salsa-win-rates .pair .link").allInnerTexts();
    assert.deepEqual(await names(), ["salsa vs ppo", "mkl vs ppo", "salsa vs ppo"]);
    await page.getByRole("button", { name: "Adjusted %" }).click();
    assert.deepEqual(await names(), ["mkl vs ppo", "salsa vs ppo", "salsa vs ppo"]);
    assert.equal(await page.getByRole("columnheader", { name: "Adjusted %" }).getAttribute("aria-sort"), "ascending");
  });

  it("opens a pair by seed, in the table and in the plot", async () => {
    const page = await show();
    await page.getByRole("button", { name: "Seeds of salsa vs ppo" }).click();
    await page
      .getByRole("row", { name: /seed 2/ })
      .getByText("61.00")
      .waitFor();
    assert.equal(await page.locator(".forest .point.seed").count(), 2);
  });

  it("sets another run beside it, with a mark of its own", async () => {
    const page = await show({}, [DEMO.folder, OTHER.folder]);
    await page.getByRole("columnheader", { name: "demo-2" }).waitFor();
    await page
      .getByRole("row", { name: /salsa vs ppo/ })
      .first()
      .getByText("43.21")
      .waitFor();
    assert.equal(await page.locator(".forest .run-1 .point").count(), 1);
  });

  it("leads from a pair to each prompt with both games, and back", async () => {
    const page = await show();
    await page.getByRole("button", { name: "salsa vs ppo", exact: true }).first().click();
    const first = page.getByRole("article").first();
    await first.getByText("preferred").waitFor();
    await first.getByText("Game 2, ppo first").waitFor();
    await first.getByText("The judge's verdict changed with the order.").waitFor();
    await first.getByText("Game 1: what the judge was shown and said").click();
    await first.getByText("[[A]]").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "Adjusted %" }).waitFor();
  });

  it("narrows the prompts by outcome and turns pages", async () => {
    const page = await show();
    await page.getByRole("button", { name: "salsa vs ppo", exact: true }).first().click();
    await page.getByText("Next", { exact: true }).click();
    await page.getByText("21 to 40 of 50 prompts").waitFor();
    await page.getByRole("radio", { name: "Position flips" }).click();
    await page.getByText("of 7 prompts").waitFor();
    const asked = open?.asked.findLast(({ method }) => method === "comparisons");
    const { outcome, offset, a, b } = asked?.params as ComparisonQuery;
    assert.deepEqual({ outcome, offset, a, b }, { outcome: "flip", offset: 0, a: "salsa", b: "ppo" });
  });

  it("exports the table and opens the report", async () => {
    const page = await show();
    await page.locator("salsa-win-rates").getByText("Export Table…").click();
    await page.locator("salsa-win-rates").getByText("Open Report").click();
    const commands = open?.asked.flatMap(({ method, params }) => (method === "command" ? [params] : []));
    assert.deepEqual(commands, [
      { command: "salsa.exportTable", folder: DEMO.folder },
      { command: "salsa.openReport", folder: DEMO.folder },
    ]);
  });

  it("offers to resume a run that ended before it judged", async () => {
    const page = await show({ winRates: () => [] });
    await page.getByText("No win rates yet").waitFor();
    await page.locator("salsa-win-rates").getByText("Resume", { exact: true }).click();
    assert.deepEqual(open?.asked.at(-1)?.params, { command: "salsa.resume", folder: DEMO.folder });
  });

  it("says why the table cannot be read, and tries again", async () => {
    let isBroken = true;
    const page = await show({
      winRates: () => {
        if (isBroken) throw new Error("winRates.json: cut off");
        return ROWS;
      },
    });
    await page.getByText("winRates.json: cut off").waitFor();
    isBroken = false;
    await page.getByText("Try Again").click();
    await page.getByRole("columnheader", { name: "Adjusted %" }).waitFor();
  });

  for (const theme of THEMES) {
    it(`has no serious violation for axe in the ${theme} theme, over the table and the prompts`, async () => {
      const page = await show();
      await open?.setTheme(theme);
      await page.getByRole("button", { name: "Seeds of salsa vs ppo" }).click();
      assert.deepEqual(await axeViolations(page), []);
      await page.getByRole("button", { name: "salsa vs ppo", exact: true }).first().click();
      await page.getByRole("article").first().waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});
