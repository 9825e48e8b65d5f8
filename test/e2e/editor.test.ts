import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describeInVsCode } from "./host/browser.ts";
import { answer, editor, pick, runCommand, screenshot } from "./host/workbench.ts";
import { type Session, picture, startSession } from "./session.ts";

const CONFIG = "demo.salsa.json";

describeInVsCode("SALSA in VS Code, from the packaged extension", function () {
  this.timeout(240_000);
  let session: Session;
  let page: Page;
  const file = (...names: string[]): string => join(session.host.workspace, ...names);
  before(async () => {
    session = await startSession();
    page = session.page;
  });
  after(() => session.close());
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  it("creates a config from the palette that has no problems", async () => {
    await runCommand(page, "SALSA: New Run Config...");
    await pick(page, "MiniInstruct demo");
    await answer(page, "demo");
    await editor(page, CONFIG).locator(".view-line", { hasText: "preset" }).waitFor();
    assert.ok(existsSync(file(CONFIG)));
    await page.locator(".codelens-decoration a", { hasText: "Run" }).first().waitFor();
    assert.equal(await editor(page, CONFIG).locator(".squiggly-error, .squiggly-warning").count(), 0);
  });

  it("completes keys and explains them", async () => {
    await cursorAfter(page, file(CONFIG), '"rlhf": {');
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Space");
    const offered = page.locator(".suggest-widget.visible .monaco-list-row", { hasText: "klController" });
    await offered.first().waitFor();
    await screenshot(page, "completion");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Z");
    await editor(page, CONFIG).locator(".view-line span", { hasText: '"iterations"' }).last().hover();
    const hover = page.locator(".monaco-hover:visible", { hasText: "Default" });
    await hover.first().waitFor();
    await page.keyboard.press("Escape");
  });
});

/** Puts the cursor behind the first occurrence of a text in the file that is open. */
async function cursorAfter(page: Page, path: string, text: string): Promise<void> {
  const before = readFileSync(path, "utf8").split(text)[0] ?? "";
  const lines = (before + text).split("\n");
  await page.keyboard.press("Control+G");
  await answer(page, `:${lines.length}:${(lines.at(-1) ?? "").length + 1}`);
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  await page.locator(".editor-instance .monaco-editor.focused").waitFor();
}
