import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { recording } from "../recording.ts";

const DEMO = demoRun();
const SPREAD: FixtureRun = { ...demoRun("demo-2"), events: recording({ name: "demo", hasDistributions: true }) };

describeInBrowser("distributions over steps", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(run: FixtureRun, isAudited = false): Promise<Page> {
    const focus = { view: "metrics" as const, runs: [run.folder] };
    open = await openDashboard(browser(), fixtureBackend([run]), { focus, isAudited });
    await open.page.locator("summary", { hasText: "Distributions" }).click();
    return open.page;
  }

  it("say why there are none", async () => {
    const page = await show(DEMO);
    await page.getByText("No distributions are recorded").waitFor();
    await page.getByText(/Trainings by PPO and DPO record them\. This run has none/).waitFor();
  });

  it("are a picture for each arm, read off by keys, of the quantity that is chosen, and no plots of their own", async () => {
    const page = await show(SPREAD);
    const picture = page.getByRole("img", { name: "salsa. Arrow keys read its values." });
    await picture.waitFor();
    assert.equal(await page.locator("salsa-distributions salsa-figure-plot").count(), 4);
    await picture.focus();
    await page.keyboard.press("End");
    await page
      .getByText(/^Step 60: median [\d.]+, half from .* to .*, 90 % from .* all from/)
      .first()
      .waitFor();
    assert.equal(await page.getByRole("heading", { name: /percentile/ }).count(), 0);
    await page.getByLabel("Distribution of").selectOption("length");
    await page.locator('salsa-distributions img[src*="Response%20length%20(tokens)"]').first().waitFor();
    // A line that is hidden in the legend is hidden here.
    await page.getByRole("group", { name: "Lines" }).getByRole("button", { name: "salsa", exact: true }).click();
    await picture.waitFor({ state: "detached" });
  });

  it("are saved with their numbers", async () => {
    const page = await show(SPREAD);
    await page.getByRole("button", { name: "Plot of salsa", exact: true }).click();
    await page.getByRole("menuitem", { name: "Save as CSV…" }).click();
    const saved = async (): Promise<{ name: string; content: { text?: string } }> => {
      for (;;) {
        const found = open?.asked.find(({ method }) => method === "save");
        if (found !== undefined) return found.params as Awaited<ReturnType<typeof saved>>;
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
    };
    const { name, content } = await saved();
    assert.equal(name, "distribution-score-salsa.csv");
    assert.match(content.text ?? "", /^series,x,value,seeds\npercentile 0,1,/);
  });

  it("have no serious violation for axe", async () => {
    const page = await show(SPREAD, true);
    await page.getByRole("img", { name: /^salsa\. Arrow keys/ }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });
});
