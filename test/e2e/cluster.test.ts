import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { RayHead } from "../cluster/head.ts";
import { installRay } from "../cluster/install.ts";
import { hasOtherMachine, onOtherMachine } from "../cluster/otherMachine.ts";
import { installedOrSkip } from "../pythonEnvironment.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  openFile,
  openRun,
  openView,
  openWorkbench,
  runCommand,
  screenshot,
  treeRow,
  webview,
} from "./host/workbench.ts";
import { runEvents } from "./runEvents.ts";
import { SHORT_CONFIG, type Session, picture, startRun, startSession } from "./session.ts";
import { waitFor } from "./waiting.ts";

const TOKEN = "a-token-of-the-editor-0123456789abcdef";
const VARIABLE = "SALSA_EDITOR_AUTH_TOKEN";
/** Milliseconds that the demo may take on a busy machine, where jobs begin slowly. */
const RUN_MS = 600_000;

describeInVsCode("a run on a Ray cluster, from the packaged extension", function () {
  this.timeout(RUN_MS + 300_000);
  let head: RayHead | undefined;
  let session: Session | undefined;
  /** On another machine. */
  let other: Session | undefined;
  let page: Page;

  before(async function () {
    if (process.platform !== "linux") {
      process.stdout.write("*** NOT TESTED: runs on a Ray cluster, which take the program from Linux alone\n");
      return this.skip();
    }
    const bin = installedOrSkip(this, "runs on a Ray cluster", installRay);
    head = await RayHead.start(bin, { cpus: 8, gpus: 8, token: TOKEN });
    const cluster = { address: head.address, tokenEnv: VARIABLE, cpus: 1, gpus: 1 };
    const runtime = JSON.stringify({ backend: "wasm", checkpointEvery: 10, cluster });
    const demo = SHORT_CONFIG.replace('{ "checkpointEvery": 10 }', runtime);
    const long = demo.replace('"name": "demo"', '"name": "long"').replace('"iterations": 110', '"iterations": 20000');
    session = await startSession({
      files: {
        "demo.salsa.json": demo,
        "long.salsa.json": long,
      },
      env: { [VARIABLE]: TOKEN },
    });
    page = session.page;
  });
  after(async () => {
    await other?.close();
    await session?.close();
    await head?.stop();
  });
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  it("is connected to: all that runs need is there", async () => {
    await openFile(page, "demo.salsa.json");
    await runCommand(page, "SALSA: Connect to Cluster");
    await webview(page).getByText("Runs of this config can use this cluster.").waitFor({ timeout: RUN_MS });
    await screenshot(page, "cluster");
  });

  it("goes on while no window is open, and has its win-rate table in the next one", async () => {
    const { browser, host } = session ?? assert.fail();
    const run = await startRun(session ?? assert.fail(), page, "demo.salsa.json");
    const file = (name: string): string => join(host.workspace, ".salsa/runs", run, name);
    const isArmAtWork = (): boolean =>
      runEvents(file("events.jsonl")).some((event) => event.kind === "progress" && event.stage === "salsa");
    await waitFor(isArmAtWork, "an arm", RUN_MS);
    await page.close();
    const atClose = runEvents(file("events.jsonl")).length;

    page = await browser.newPage();
    await openWorkbench(page, host.url());
    await waitFor(() => runEvents(file("events.jsonl")).at(-1)?.kind === "runFinished", "the end of the run", RUN_MS);
    await openRun(page, run);

    assert.ok(runEvents(file("events.jsonl")).length > atClose);
    await runCommand(page, "SALSA: Open Win-Rate Table");
    const rates = webview(page).locator("salsa-win-rates");
    const [first] = JSON.parse(readFileSync(file("tables/winRates.json"), "utf8")) as { adjusted: number }[];
    await rates
      .getByText((100 * (first?.adjusted ?? NaN)).toFixed(2))
      .first()
      .waitFor();
    await screenshot(page, "cluster-win-rates");
  });

  it("is shown as it is by another machine's window, stops from there, and has its table there", async function () {
    if (!hasOtherMachine()) {
      process.stdout.write("*** NOT TESTED: a window on another machine, without unshare --map-root-user\n");
      return this.skip();
    }
    const { browser, host } = session ?? assert.fail();
    if (other !== undefined) {
      // A try before has left it.
      await other.close();
      page = await browser.newPage();
      await openWorkbench(page, host.url());
    }
    const run = await startRun(session ?? assert.fail(), page, "long.salsa.json");
    const file = (name: string): string => join(host.workspace, ".salsa/runs", run, name);
    const isArmAtWork = (): boolean =>
      runEvents(file("events.jsonl")).some((event) => event.kind === "progress" && event.stage === "salsa");
    await waitFor(isArmAtWork, "an arm", RUN_MS);
    await page.close();
    const there = join(dirname(host.workspace), "there");
    mkdirSync(there, { recursive: true });
    other = await startSession({ folder: there, within: onOtherMachine(host.workspace, there) });
    page = other.page;

    await openView(page, "SALSA");
    await treeRow(page, run).filter({ hasText: /\d+ %/ }).waitFor();
    await openRun(page, run);
    await webview(page).locator("strong", { hasText: "Running" }).waitFor();
    await webview(page)
      .getByRole("tab", { name: /Metrics/ })
      .click();
    await webview(page).locator("salsa-metrics canvas").first().waitFor();
    await screenshot(page, "cluster-elsewhere");
    assert.ok(!existsSync(file("stop")));
    await webview(page).getByRole("button", { name: "Stop" }).click();
    await webview(page).locator("strong", { hasText: "Stopped" }).waitFor({ timeout: RUN_MS });
    assert.ok(existsSync(file("stop")), "no socket leads there: it is asked by a file");
    await treeRow(page, run).filter({ hasText: "stopped at" }).waitFor();
    const last = runEvents(file("events.jsonl")).at(-1) ?? assert.fail();
    assert.equal(last.kind === "runFinished" && last.status, "stopped");
    await screenshot(page, "cluster-elsewhere-stopped");

    await openRun(page, "demo-1");
    await runCommand(page, "SALSA: Open Win-Rate Table");
    await webview(page).locator("salsa-win-rates").getByText("salsa vs ppo").first().waitFor();
    await screenshot(page, "cluster-elsewhere-table");
  });
});
