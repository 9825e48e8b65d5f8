import assert from "node:assert/strict";
import type { EventBody } from "../../../engine/protocol/events.ts";
import type { RatedModel } from "../../../engine/protocol/ratings.ts";
import { ratingsPlot } from "../../../webview/tables/ratingsPlot.ts";
import { describeInBrowser } from "../chromium.ts";
import { closeAfterEach, type DashboardPage } from "../page.ts";
import { openState, RATED, runWith, VIEW_STATES } from "../views.ts";

const WHY = "On inDistribution without a rating against ppo: alone; no comparison, nor a chain of them, joins the two.";

const model = (name: string, rating?: number, low?: number, high?: number): RatedModel => ({
  ...{ benchmark: "mine", model: name, text: rating === undefined ? "unbeaten" : String(rating) },
  ...(rating !== undefined && { rating }),
  ...(low !== undefined && { low }),
  ...(high !== undefined && { high }),
});

describe("the plot of ratings", () => {
  it("has a line for each number, whiskers where there is an interval, and holds all of them", () => {
    const models = [model("best"), model("salsa", 1061, 1032, 1090), model("ppo", 1000), model("mkl", 940, 870, 1010)];
    const { marks, left, right, reference, ticks } = ratingsPlot(models, 500);
    assert.deepEqual(
      marks.map((mark) => [mark.model.model, mark.low !== undefined]),
      [
        ["salsa", true],
        ["ppo", false],
        ["mkl", true],
      ],
    );
    for (const { x, low = x, high = x } of marks) assert.ok(low >= left && low <= x && x <= high && high <= right);
    assert.equal(marks[1]?.x, reference);
    assert.deepEqual(
      ticks.map(({ label }) => label),
      ["850", "900", "950", "1000", "1050", "1100"],
    );
    assert.ok(marks.every(({ y }, at) => at === 0 || y > (marks[at - 1]?.y ?? 0)));
  });

  it("is drawn where all are alike, and where they are far apart", () => {
    for (const models of [[model("ppo", 1000)], [model("ppo", 1000), model("far", -900_000_000, -999_999_999, 0)]]) {
      const { ticks, marks } = ratingsPlot(models, 400);
      assert.ok(ticks.length >= 2 && ticks.length <= 12, String(ticks.length));
      assert.ok(marks.every(({ x }) => Number.isFinite(x)));
    }
  });
});

describeInBrowser("the ratings in the win-rate view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  it("stand below the rates as a plot and as a table, by benchmark", async () => {
    const state = VIEW_STATES.find(({ what }) => what === "the win rates");
    assert.ok(state);
    open = await openState(browser(), state);
    const ratings = open.page.getByRole("region", { name: "Ratings" });
    await ratings.getByRole("img", { name: /^Ratings with 95 % intervals/ }).waitFor();
    const table = ratings.getByRole("table", { name: "Ratings on inDistribution" });
    await table.getByRole("row", { name: "salsa 1061 1032 – 1090" }).waitFor();
    await table.getByRole("row", { name: "ppo 1000 –" }).waitFor();
    await ratings.getByText(/400 points are odds of ten to one/).waitFor();
  });

  it("say below them who has none and why, and nothing twice", async () => {
    const state = VIEW_STATES.find(({ what }) => what === "the win rates");
    assert.ok(state);
    const table = { ...RATED.table, note: `${WHY}\nA note of all tables.` };
    const rates = { ...RATED.table, name: "winRates", note: "A note of all tables.", columns: [], rows: [] };
    const ended: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
    open = await openState(browser(), {
      ...state,
      run: runWith({ kind: "table", table }, { kind: "table", table: rates }, ended),
    });
    const ratings = open.page.getByRole("region", { name: "Ratings" });
    await ratings.getByText(WHY).waitFor();
    assert.equal(await ratings.getByText("A note of all tables.").count(), 0);
  });

  it("are left out where a run has none", async () => {
    const state = VIEW_STATES.find(({ what }) => what === "the win rates");
    assert.ok(state);
    const ended: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
    open = await openState(browser(), { ...state, run: runWith(ended) });
    await open.page.getByRole("region", { name: "Win rates" }).first().waitFor();
    assert.equal(await open.page.getByRole("region", { name: "Ratings" }).count(), 0);
    assert.equal(await open.page.getByRole("region", { name: "Mean grades" }).count(), 0);
  });

  it("follow the mean grades, with what those are, where a judge graded answers one by one", async () => {
    const state = VIEW_STATES.find(({ what }) => what === "the win rates");
    assert.ok(state);
    open = await openState(browser(), state);
    const grades = open.page.getByRole("region", { name: "Mean grades", exact: true });
    await grades.getByRole("columnheader", { name: "turn 2" }).waitFor();
    await grades.getByRole("row", { name: "mt gpt-4 ppo 6.98 6.21 6.60 6.18 to 7.02 159 1" }).waitFor();
    await grades.getByText(/each answer counts once, whatever the number of its pairs/).waitFor();
  });
});
