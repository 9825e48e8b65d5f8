import assert from "node:assert/strict";
import { describeInBrowser } from "../chromium.ts";
import { fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { openState, OTHER, runWith, VIEW_STATES } from "../views.ts";
import { rateOf } from "./rows.ts";

const STATE = VIEW_STATES.find(({ what }) => what === "the win rates");

describeInBrowser("the scores in the win-rate view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  it("stand below the rates, a row a model, as the run has them", async () => {
    assert.ok(STATE);
    open = await openState(browser(), STATE);
    const table = open.page.getByRole("table", { name: "Scores by model of demo-1" });
    await table.getByRole("row", { name: "inDistribution salsa 1 1.204 11.2" }).waitFor();
    await table.getByRole("row", { name: "inDistribution ppo 1 0.987 9.8" }).waitFor();
  });

  it("are each run's own under its title where runs are compared", async () => {
    assert.ok(STATE?.run);
    const other = { ...STATE.run, folder: OTHER.folder };
    const backend = fixtureBackend([STATE.run, other], { winRates: () => [rateOf({})] });
    const focus = { view: "winRates" as const, runs: [STATE.run.folder, other.folder] };
    open = await openDashboard(browser(), backend, { focus });
    const section = open.page.getByRole("region", { name: "Scores by model", exact: true });
    await section.getByRole("heading", { name: "demo-2" }).waitFor();
    await section.getByRole("table", { name: "Scores by model of demo-2" }).getByText("1.204").waitFor();
  });

  it("are left out where a run has none", async () => {
    assert.ok(STATE);
    open = await openState(browser(), { ...STATE, run: runWith() });
    await open.page.getByRole("region", { name: "Win rates" }).first().waitFor();
    assert.equal(await open.page.getByRole("region", { name: "Scores by model" }).count(), 0);
  });
});
