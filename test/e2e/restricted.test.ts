import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  answer,
  editor,
  notification,
  openFile,
  openFromExplorer,
  openView,
  openWorkbench,
  pressButton,
  runAndPick,
  runCommand,
  statusItem,
  treeRow,
  webview,
} from "./host/workbench.ts";
import { memoryDisk } from "./memoryDisk.ts";
import { salsa } from "./salsaProcess.ts";
import { type Session, picture, runsOf, startRun, startSession, vsix } from "./session.ts";

describeInVsCode("workspaces that nothing may be started in, from the packaged extension", function () {
  this.timeout(180_000);
  let folder: string;
  let session: Session;
  let page: Page;
  const workspace = (...names: string[]): string => join(folder, "workspace", ...names);

  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), "salsa-restricted-"));
    await fs.mkdir(workspace());
    await fs.writeFile(workspace("tiny.salsa.json"), JSON.stringify(tiny(), undefined, 2));
    await fs.writeFile(workspace("wrong.salsa.json"), '{ "preset": "miniinstruct", "itterations": 1 }\n');
    const made = await salsa(["run", workspace("tiny.salsa.json")]);
    assert.equal(made.code, 0, made.stderr);
    const extensions = [vsix(), await memoryDisk(folder)];
    session = await startSession({ folder: workspace(), vsix: extensions, trustPrompt: true });
    page = session.page;
  });
  after(async () => {
    await session.close();
    await fs.rm(folder, { recursive: true });
  });
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  describe("Restricted Mode", () => {
    // A browser that knows nothing: it is there that trust is kept.
    beforeEach(async () => {
      page = await session.browser.newPage();
      await openWorkbench(page, session.host.url());
    });
    afterEach(() => page.close());

    it("shows runs and checks configs", async () => {
      await statusItem(page, "Restricted Mode").waitFor();
      await openView(page, "SALSA");
      await treeRow(page, "tiny-1").waitFor();
      await runCommand(page, "SALSA: Open Dashboard");
      await webview(page).locator("salsa-pipeline").getByText("sft-1").first().waitFor();
      await openFile(page, "wrong.salsa.json");
      await editor(page, "wrong.salsa.json").locator(".squiggly-error").first().waitFor();
    });

    it("starts nothing, says why, and runs once the workspace is trusted, without a reload", async () => {
      await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
      await openFile(page, "tiny.salsa.json");
      const before = runsOf(session);
      await runCommand(page, "SALSA: Run Config");
      await notification(page, "This workspace is in Restricted Mode").waitFor();
      assert.deepEqual(runsOf(session), before);
      await pressButton(page, "Restricted Mode", "Manage Workspace Trust");
      await page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).click();
      await startRun(session, page, "tiny.salsa.json");
      assert.ok(await page.evaluate(() => "isSamePage" in globalThis));
    });
  });

  describe("a workspace that is on no disk", () => {
    before(async () => {
      page = await session.browser.newPage();
      await openWorkbench(page, session.host.url({ folder: "memory:/work" }));
    });

    it("says in the Runs view that configs can be edited, and what to do to run them", async () => {
      await openView(page, "SALSA");
      const text = "This workspace is not on a disk that the engine can reach. Configs can be edited here; to run them";
      await page.locator(".sidebar", { hasText: text }).waitFor();
    });

    it("makes a config there, checks it, and says why it cannot be run", async () => {
      await runAndPick(page, "SALSA: New Run Config...", "MiniInstruct demo");
      await answer(page, "made", /miniinstruct\.salsa\.json$/);
      await editor(page, "made.salsa.json").locator(".view-line", { hasText: "preset" }).first().waitFor();
      await openFromExplorer(page, "demo.salsa.json");
      await editor(page, "demo.salsa.json").locator(".squiggly-error").first().waitFor();
      await runCommand(page, "SALSA: Run Config");
      await notification(page, /not on a disk that the engine can reach\. Open the folder from the disk/).waitFor();
    });
  });
});
