import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { recording } from "../recording.ts";

const PLANNED: FixtureRun = { ...demoRun("demo-2"), events: recording({ hasMemory: true }) };

describeInBrowser("memory by role", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(runs: readonly FixtureRun[], isAudited = false): Promise<Page> {
    const focus = { view: "metrics" as const, runs: runs.map(({ folder }) => folder) };
    open = await openDashboard(browser(), fixtureBackend(runs), { focus, isAudited });
    await open.page.locator("summary", { hasText: "Memory by Role" }).click();
    return open.page;
  }

  const texts = (page: Page, row: string): Promise<readonly string[]> =>
    page
      .getByRole("row", { name: new RegExp(`^${row}`) })
      .first()
      .getByRole("cell")
      .allInnerTexts();

  it("says why there is none", async () => {
    const page = await show([demoRun()]);
    await page.getByText("No planned memory is recorded").waitFor();
  });

  it("is a row for the largest stage of each kind: each role, their sum, and the most that was measured", async () => {
    const page = await show([PLANNED]);
    const measured = page.getByRole("row", { name: /^ppo/ }).getByText("160.0 MiB");
    await measured.waitFor();
    const headers = await page.locator("salsa-memory-by-role thead th").allInnerTexts();
    assert.deepEqual(headers.slice(2), [
      ...["Policy", "References", "Critic", "Reward model", "Optimizer", "Activations", "Other"],
      ...["Planned", "Measured"],
    ]);
    const [, ...cells] = await texts(page, "ppo");
    assert.deepEqual(cells.slice(0, 5), ["20.0 MiB", "10.0 MiB", "20.0 MiB", "10.0 MiB", "40.0 MiB"]);
    assert.equal(cells.at(-1), "160.0 MiB");
    const sum = [...cells.slice(0, -2)].reduce((total, cell) => total + parseFloat(cell), 0);
    assert.equal(cells.at(-2), `${sum.toFixed(1)} MiB`);
    // Its parts are as wide as they are large, of the largest row's whole width.
    const widths = await page
      .getByRole("row", { name: /^ppo/ })
      .locator(".parts span")
      .evaluateAll((parts) => parts.map((part) => parseFloat((part as HTMLElement).style.width)));
    assert.ok(Math.abs((widths[0] ?? 0) * 2 - (widths[4] ?? 0)) < 0.02, String(widths));
    assert.equal(await page.getByRole("row", { name: /^salsa/ }).count(), 0, "one of each kind");
    assert.deepEqual((await texts(page, "sft-1")).slice(1, 4), ["20.0 MiB", "–", "–"]);
  });

  it("names the run of each row where there are several", async () => {
    const other: FixtureRun = { ...demoRun("demo-3"), events: recording({ hasMemory: true, name: "demo" }) };
    const page = await show([PLANNED, other]);
    await page.getByRole("row", { name: /^ppo · demo-2/ }).waitFor();
    await page.getByRole("row", { name: /^ppo · demo-3/ }).waitFor();
  });

  it("has no serious violation for axe", async () => {
    const page = await show([PLANNED], true);
    await page.getByRole("row", { name: /^ppo/ }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });
});
