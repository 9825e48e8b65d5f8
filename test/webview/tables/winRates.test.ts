import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";
import type { ComparisonQuery } from "../../../engine/protocol/verdicts.ts";
import { axeViolations } from "../axe.ts";
import type { Answers } from "../backend.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { choose } from "../choose.ts";
import { comparisonPage, PAPER_TABLES, rateOf } from "./rows.ts";

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
      comparisons: (query) => comparisonPage(5000, query),
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

  it("lists under the rates what another trainer did otherwise, one below the sentence that names it", async () => {
    const note = ["A tie counts.", "Trained by OpenRLHF 0.11.2: salsa. Otherwise:", "– clamped to ±10.", "– biased."];
    const { events } = DEMO;
    const last = events.at(-1);
    assert.ok(last !== undefined);
    const table = { name: "winRates", title: "Win rates", columns: [], rows: [], note: note.join("\n"), files: [] };
    const told = [...events.slice(0, -1), { kind: "table" as const, time: last.time, sequence: last.sequence, table }];
    const backend = fixtureBackend([{ ...DEMO, events: told }], { winRates: () => ROWS });
    open = await openDashboard(browser(), backend, { focus: { view: "winRates", runs: [DEMO.folder] } });
    const below = open.page.locator("ul.notes > li", { hasText: "Trained by OpenRLHF" }).locator("ul > li");
    await below.first().waitFor();
    assert.deepEqual(await below.allTextContents(), ["clamped to ±10.", "biased."]);
  });

  it("draws wins, losses and runs in nobody's colours: those of the palette are the arms'", async () => {
    const page = await show({}, [DEMO.folder, OTHER.folder]);
    await page.locator(".forest .point").first().waitFor();
    const drawn = await page.locator(".bar i, .forest .point, .forest .whisker").evaluateAll((marks) =>
      marks.flatMap((mark) => {
        const { backgroundColor, backgroundImage, fill, stroke } = getComputedStyle(mark);
        return [backgroundColor, backgroundImage, fill, stroke];
      }),
    );
    const rgb = (hex: string): string =>
      `rgb(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;
    for (const { series } of Object.values(FIGURE_THEMES)) {
      for (const color of series) assert.ok(!drawn.some((one) => one.includes(rgb(color))), color);
    }
    const look = async (mark: string): Promise<string> =>
      page
        .locator(`.bar .${mark}`)
        .first()
        .evaluate((bar) => getComputedStyle(bar).background);
    assert.notEqual(await look("win"), await look("loss"));
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
    // The second run's mark is a square.
    assert.equal(await page.locator('.forest .point[d$="h10v10h-10Z"]').count(), 1);
  });

  it("has the adjusted rates of all runs compared beside each other, of each pair that any of them has", async () => {
    const other = [
      rateOf({ adjusted: 0.4321 }),
      rateOf({ seed: 2, adjusted: 0.44 }),
      rateOf({ a: "dpo", adjusted: 0.81 }),
    ];
    const page = await show({ winRates: ({ folder }) => (folder === OTHER.folder ? other : ROWS) }, [
      DEMO.folder,
      OTHER.folder,
    ]);
    const table = page.getByRole("region", { name: "Win rates", exact: true }).locator("table").first();
    await table.waitFor();
    const heads = await table.locator("thead tr").first().locator("th").allInnerTexts();
    assert.deepEqual(
      heads.map((text) => text.trim()),
      ["a vs b", "demo-1", "demo-2", "More of demo-1"],
    );
    const cells = async (name: RegExp): Promise<string[]> =>
      (await table.getByRole("row", { name }).first().locator("td").allInnerTexts()).slice(0, 2);
    assert.deepEqual(await cells(/salsa vs ppo/), ["57.96 (56.19 – 59.71)", "43.21 (56.19 – 59.71)"]);
    assert.deepEqual(await cells(/dpo vs ppo/), ["–", "81.00 (56.19 – 59.71)"]);
    const row = table.getByRole("row", { name: /dpo vs ppo/ });
    await row.getByRole("img", { name: "demo-1 does not compare these two on this benchmark" }).waitFor();
    await table.getByRole("button", { name: "Seeds of salsa vs ppo" }).click();
    assert.deepEqual(await cells(/^seed 2/), ["61.00 (56.19 – 59.71)", "44.00 (56.19 – 59.71)"]);
    await table
      .getByRole("row", { name: /^seed 1/ })
      .getByRole("img", { name: "demo-2 has no such seed" })
      .waitFor();
    // A pair that the first run lacks is read in the run that has it.
    await row.getByRole("button", { name: "dpo vs ppo" }).click();
    await page.getByRole("grid", { name: "Prompts of dpo vs ppo" }).waitFor();
    assert.equal(asked().folder, OTHER.folder);
  });

  it("has the tables of the paper beside them by a choice that is kept, with what they lack", async () => {
    const page = await show({ paperTables: () => PAPER_TABLES }, [DEMO.folder, OTHER.folder]);
    await page.getByRole("radio", { name: "As in the Paper" }).click();
    const main = page.getByRole("region", { name: "Table 1: Adjusted win rates across models and datasets" });
    await main.getByRole("row", { name: "inDistribution demo 57.96 –" }).waitFor();
    await main.getByText("SALSA is salsa, PPO is ppo").waitFor();
    assert.equal(await page.getByRole("button", { name: "salsa vs ppo" }).count(), 0);
    // Runs compared are in one table, as the models in the paper.
    const asked = open?.asked.findLast(({ method }) => method === "paperTables");
    assert.deepEqual(asked?.params, { folders: [DEMO.folder, OTHER.folder] });
    const multi = page.getByRole("region", { name: "Table 5: Comparison of multi-KL and PPO" });
    await multi.getByText("No arm has several references").waitFor();
    assert.equal(await multi.getByRole("table").count(), 0);
    await multi.getByRole("button", { name: "Copy for the Config" }).click();
    assert.deepEqual(open?.asked.at(-1)?.params, { text: '"mkl": { "reference": ["sft-1", "sft-2"] }' });
    await page.getByRole("tab", { name: "Alarms" }).click();
    await page.getByRole("tab", { name: "Win Rates" }).click();
    await main.waitFor();
    await page.getByRole("radio", { name: "By Pair" }).click();
    await page.getByRole("button", { name: "salsa vs ppo" }).first().waitFor();
  });

  it("shows the rates of the others where the first run has none yet, and says so", async () => {
    const page = await show({ winRates: ({ folder }) => (folder === OTHER.folder ? [rateOf()] : []) }, [
      DEMO.folder,
      OTHER.folder,
    ]);
    const row = page.getByRole("row", { name: /salsa vs ppo/ }).first();
    await row.getByText("57.96").waitFor();
    await row.getByRole("img", { name: "demo-1 has no win rates yet" }).waitFor();
    await page.getByRole("columnheader", { name: "More of demo-2" }).waitFor();
    await page.locator("salsa-win-rates").getByText("Export Table…").click();
    const commands = open?.asked.flatMap(({ method, params }) => (method === "command" ? [params] : []));
    assert.deepEqual(commands, [{ command: "salsa.exportTable", folder: OTHER.folder }]);
  });

  /** Opens a pair, and waits for the list of its prompts. */
  async function read(page: Page): Promise<ReturnType<Page["locator"]>> {
    await page.getByRole("button", { name: "salsa vs ppo", exact: true }).first().click();
    const list = page.getByRole("grid", { name: "Prompts of salsa vs ppo" });
    await list.and(page.locator(":focus")).waitFor();
    return list;
  }

  const asked = (): ComparisonQuery => {
    const last = open?.asked.findLast(({ method }) => method === "comparisons");
    return last?.params as ComparisonQuery;
  };

  it("leads from a pair to each prompt with both games and the judge's words, and back", async () => {
    const page = await show();
    const list = await read(page);
    await list.getByRole("row", { name: /prompt 2 .*flips/ }).click();
    const detail = page.getByRole("region", { name: "Comparison in full" });
    await detail.getByText("The judge's verdict changed with the order.").waitFor();
    const second = detail.getByRole("article", { name: "Game 2, ppo first" });
    await second.getByText("verdict: ppo").waitFor();
    await second.getByText("Again 2: [[B]]").waitFor();
    assert.equal(await second.getByText("And now?").isVisible(), false);
    await second.getByText("What the judge was shown").click();
    await second.getByText("And now?").waitFor();
    await page.keyboard.press("k");
    await detail.getByRole("article", { name: "Answer of ppo" }).getByText("preferred").waitFor();
    await detail.getByText("looks as if it told the judge what to say").waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "Adjusted %" }).waitFor();
  });

  it("opens the prompt that a key has led to, however soon Enter follows", async () => {
    const page = await show();
    const list = await read(page);
    await list.evaluate((grid) => {
      for (const key of ["End", "Enter"]) grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    });
    await page.getByText("Because of 4999: [[A]]").waitFor();
  });

  it("scrolls through thousands of prompts, of which those in view are in the page, texts one at a time", async () => {
    const page = await show();
    const list = await read(page);
    await list.press("End");
    await list.getByText("prompt 4999", { exact: true }).waitFor();
    assert.ok((await list.getByRole("row").count()) < 60);
    await page.keyboard.press("Enter");
    await page.getByText("Because of 4999: [[A]]").waitFor();
    const queries = (open?.asked ?? []).flatMap(({ method, params }) => (method === "comparisons" ? [params] : []));
    assert.ok(queries.every(({ isBrief, limit }) => isBrief === true || limit === 1));
  });

  it("narrows the prompts by outcome, length, category and a panel's disagreement, and says how many are left", async () => {
    const page = await show();
    await read(page);
    await page.getByText("5,000 prompts", { exact: true }).waitFor();
    await page.getByRole("radio", { name: "Position flips" }).click();
    await page.getByText("833 of 5,000 prompts").waitFor();
    await choose(page, "Category", "writing");
    await page.getByText("No verdict depends on the order").waitFor();
    await page.getByText("Show All").click();
    await page.getByText("5,000 prompts", { exact: true }).waitFor();
    await page.getByRole("checkbox", { name: "Judges disagree" }).press("Space");
    await page.getByText("1,250 of 5,000 prompts").waitFor();
    await choose(page, "Length difference", "ppo longer");
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const { isDisputed, length, category, outcome, a, b } = asked();
    assert.deepEqual(
      { isDisputed, length, category, outcome, a, b },
      { isDisputed: true, length: "b", category: undefined, outcome: undefined, a: "salsa", b: "ppo" },
    );
  });

  it("begins with the adjusted rate", async () => {
    const page = await show();
    const table = page.getByRole("region", { name: "Win rates", exact: true }).locator("table").first();
    await table.waitFor();
    const numbers = await table.locator("thead th.number").allTextContents();
    assert.match(numbers[0] ?? "", /Adjusted/);
  });

  it("hides ties by a switch, but for those that are asked for, and offers none where nothing is tied", async () => {
    const page = await show();
    await read(page);
    const ties = page.getByRole("checkbox", { name: "Hide ties" });
    await ties.press("Space");
    await page.getByText("3,334 of 5,000 prompts").waitFor();
    await page.getByRole("radio", { name: /^Ties/ }).click();
    await page.getByText("1,666 of 5,000 prompts").waitFor();
    await page.getByRole("checkbox", { name: "Blind" }).press("Space");
    await ties.waitFor({ state: "detached" });
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
      await page.getByRole("grid").press("Enter");
      await page.getByRole("article").first().waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});
