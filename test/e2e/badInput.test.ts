import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { delimiter, join } from "node:path";
import type { Page } from "playwright-core";
import { finishedEvents, writeRun } from "../engine/server/service/runFolders.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  chooseFolder,
  editor,
  insist,
  notification,
  openFile,
  openView,
  openWorkbench,
  pressButton,
  quickInput,
  runCommand,
  treeRow,
  webview,
} from "./host/workbench.ts";
import { SHORT_CONFIG, type Session, installedIn, picture, runsOf, startRun, startSession } from "./session.ts";

const BROKEN = SHORT_CONFIG.replace('"name": "demo"', '"name" "demo"');

describeInVsCode("bad input, from the packaged extension", function () {
  this.timeout(180_000);
  let session: Session;
  let page: Page;
  const file = (...names: string[]): string => join(session.host.workspace, ...names);
  const sideBar = (text: string): ReturnType<Page["locator"]> => page.locator(".sidebar", { hasText: text });

  before(async () => {
    session = await startSession({ files: { "demo.salsa.json": BROKEN } });
    page = session.page;
    await writeRun(session.host.workspace, "kept-1", { events: finishedEvents("kept-1") });
  });
  after(() => session.close());
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  describe("a config that does not parse", () => {
    it("is underlined; to run it tells the line, starts nothing and leads there; mended, it runs", async () => {
      const before = runsOf(session);
      fs.writeFileSync(file("demo.salsa.json"), BROKEN);
      await openFile(page, "demo.salsa.json");
      const squiggle = editor(page, "demo.salsa.json").locator(".squiggly-error").first();
      await squiggle.waitFor();
      await runCommand(page, "SALSA: Run Config");
      await notification(page, "demo.salsa.json has a problem in line 4: is not JSON here: colon expected").waitFor();
      assert.deepEqual(runsOf(session), before);
      await pressButton(page, "has a problem", "Show Problems");
      await page.locator(".markers-panel-container .monaco-list-row", { hasText: "demo.salsa.json" }).first().waitFor();
      await page.locator(".statusbar-item", { hasText: /Ln 4,/ }).waitFor();
      await runCommand(page, "View: Hide Panel");
      await insist(async () => {
        fs.writeFileSync(file("demo.salsa.json"), SHORT_CONFIG);
        await squiggle.waitFor({ state: "detached", timeout: 5000 });
      });
      const run = await startRun(session, page);
      await runCommand(page, "SALSA: Stop Run");
      await notification(page, `${run} was stopped`).waitFor();
    });
  });

  describe("a config whose cluster is not there", () => {
    it("is reported, with the remedy, when the cluster is connected to", async () => {
      const cluster = `"runtime": { "cluster": { "address": "http://127.0.0.1:9", "gpus": 0 }, "checkpointEvery"`;
      fs.writeFileSync(file("cluster.salsa.json"), SHORT_CONFIG.replace('"runtime": { "checkpointEvery"', cluster));
      await openFile(page, "cluster.salsa.json");
      await runCommand(page, "SALSA: Connect to Cluster");
      const shown = webview(page);
      await shown.getByText("Runs cannot use this cluster yet.").waitFor();
      await shown.getByText("cannot be reached").waitFor();
      await shown.getByText("is Ray running there").waitFor();
      fs.rmSync(file("cluster.salsa.json"));
    });
  });

  describe("an engine that does not start", () => {
    const setNode = (path: string): void => {
      const folder = join(session.host.userData, "Machine");
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(join(folder, "settings.json"), JSON.stringify({ "salsa.nodePath": path }));
    };
    /** Both the message and the Runs view say it. */
    const told = async (text: string): Promise<void> => {
      await notification(page, text).waitFor();
      await sideBar(text).waitFor();
    };
    const isBack = async (text: string): Promise<void> => {
      await sideBar(text).waitFor({ state: "detached" });
      await treeRow(page, "kept-1").waitFor();
    };

    before(() => openView(page, "SALSA"));
    beforeEach(async () => {
      setNode("");
      await treeRow(page, "kept-1").waitFor();
      await runCommand(page, "Notifications: Clear All Notifications");
    });

    it("says that the Node of the setting is not there, and opens the setting to mend it", async () => {
      setNode("/nowhere/node");
      await told("There is no Node at /nowhere/node. Name a Node 24 or newer");
      await pressButton(page, "/nowhere/node", "Open Settings");
      const setting = page.locator(".settings-editor .setting-item", { hasText: "Node Path" });
      await setting.locator("input").fill("");
      await isBack("/nowhere/node");
      await page.keyboard.press("Escape");
    });

    it("says that the Node may not be executed, and goes on when it may", async () => {
      const node = file("node.sh");
      fs.writeFileSync(node, `#!/bin/sh\nexec "${join(installedIn(session.host), "dist/node/node")}" "$@"\n`);
      fs.chmodSync(node, 0o644);
      setNode(node);
      await told(`The Node at ${node} may not be executed. Make it executable: chmod +x`);
      fs.chmodSync(node, 0o755);
      await pressButton(page, node, "Retry");
      await isBack("may not be executed");
    });

    it("says that the Node is for another processor, and each command says so again with the remedy", async () => {
      const node = file("foreign");
      // The header of a program for IBM Z, which this suite's machines are not.
      const header = Buffer.from("7f454c460202010000000000000000000002001600000001", "hex");
      fs.writeFileSync(node, Buffer.concat([header, Buffer.alloc(40)]), { mode: 0o755 });
      setNode(node);
      const text = `The Node at ${node} was made for another processor or system than ${process.platform}-${process.arch}`;
      await told(text);
      await runCommand(page, "Notifications: Clear All Notifications");
      await runCommand(page, "SALSA: Resume Run");
      await notification(page, text).waitFor();
      setNode("");
      await isBack("another processor");
    });

    const old = oldNode();
    if (old === undefined) process.stderr.write("no Node older than 24 on PATH: that it is refused is left out\n");
    else
      it("says that the Node is too old", async () => {
        setNode(old);
        await told(`The engine needs Node 24 or newer, and ${old} is v`);
        setNode("");
        await isBack("is v");
      });

    it("says that the package lacks its Node, and goes on when it is there again", async () => {
      const node = join(installedIn(session.host), "dist/node/node");
      setNode("/nowhere/node");
      await told("There is no Node at /nowhere/node");
      fs.renameSync(node, `${node}.away`);
      try {
        setNode("");
        await told(`The engine's Node runtime for ${process.platform}-${process.arch} is missing`);
        await sideBar("Install the SALSA package for").waitFor();
      } finally {
        fs.renameSync(`${node}.away`, node);
      }
      await runCommand(page, "SALSA: Refresh Runs");
      await isBack("is missing");
    });
  });

  describe("a window without a folder", () => {
    before(async () => {
      page = await session.browser.newPage();
    });
    beforeEach(() => openWorkbench(page, session.host.url({ folder: "" })));

    it("says in the Runs view that a folder must be open, and opens one", async () => {
      await openView(page, "SALSA");
      await sideBar("Runs are stored beside their config, so a folder must be open.").waitFor();
      await page.locator(".sidebar").getByRole("button", { name: "Open Folder" }).click();
      await quickInput(page).waitFor();
      await page.keyboard.press("Escape");
    });

    it("says the same when a config is to be made, and opens one", async () => {
      await runCommand(page, "SALSA: New Run Config...");
      await notification(page, "Runs are stored beside their config, so a folder must be open.").waitFor();
      await pressButton(page, "a folder must be open", "Open Folder...");
      await chooseFolder(page, session.host.workspace);
      await page.waitForURL(/folder=/);
      await openView(page, "SALSA");
      await treeRow(page, "kept-1").waitFor();
    });
  });
});

/** The first Node on PATH that is older than the engine takes. */
function oldNode(): string | undefined {
  const nodes = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return nodes.find((node) => {
    if (!fs.existsSync(node)) return false;
    const version = execFileSync(node, ["--version"], { encoding: "utf8" });
    return Number(/^v(\d+)\./.exec(version)?.[1] ?? NaN) < 24;
  });
}
