import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { choose } from "../choose.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";

const RUNS = ["demo-1", "demo-2", "other-3"].map(demoRun);

describeInBrowser("a select box", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(): Promise<Page> {
    const focus = { view: "provenance" as const, runs: RUNS.slice(0, 1).map(({ folder }) => folder) };
    open = await openDashboard(browser(), fixtureBackend(RUNS), { focus });
    await open.page.getByRole("combobox", { name: "Compare with" }).focus();
    return open.page;
  }

  const value = (page: Page): Promise<string> => page.getByRole("combobox", { name: "Compare with" }).innerText();

  it("is chosen from by pointer", async () => {
    const page = await show();
    await choose(page, "Compare with", "demo-2 · demo");
    assert.equal(await value(page), "demo-2 · demo");
    await page.getByRole("columnheader", { name: "demo-2" }).waitFor();
  });

  it("is chosen from by arrows, and left as it is by Escape, which goes no further", async () => {
    const page = await show();
    for (const key of ["Enter", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    assert.equal(await value(page), "demo-2 · demo");
    for (const key of [" ", "ArrowDown", "Escape"]) await page.keyboard.press(key);
    assert.equal(await value(page), "demo-2 · demo");
    assert.equal(await page.getByRole("option").count(), 0);
    await page.locator("vscode-single-select:focus").waitFor();
  });

  it("goes to an option by its first letter, and to the ends", async () => {
    const page = await show();
    for (const [key, expected] of [
      ["d", "demo-2 · demo"],
      ["o", "other-3 · demo"],
      ["Home", "no other run"],
      ["End", "other-3 · demo"],
    ] as const) {
      await page.keyboard.press(key);
      assert.equal(await value(page), expected);
    }
  });

  it("closes its list when the keyboard leaves it", async () => {
    const page = await show();
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: "demo-2 · demo" }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("option", { name: "demo-2 · demo" }).waitFor({ state: "hidden" });
  });

  it("shows its list in whole where it stands in a pane that scrolls", async () => {
    const page = await show();
    await page.keyboard.press("Enter");
    const list = await page.getByRole("listbox", { name: "Compare with" }).boundingBox();
    assert.ok(list !== null && list.height >= 3 * 22, JSON.stringify(list));
  });
});
