import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { RayHead } from "../cluster/head.ts";
import { installRay } from "../cluster/install.ts";
import { installedOrSkip } from "../pythonEnvironment.ts";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import { describeInVsCode } from "./host/browser.ts";
import { openRun, openWorkbench, runCommand, screenshot, webview } from "./host/workbench.ts";
import { runEvents } from "./runEvents.ts";
import { type Session, picture, startRun, startSession } from "./session.ts";
import { waitFor } from "./waiting.ts";

const TOKEN = "a-token-of-the-editor-0123456789abcdef";
const VARIABLE = "SALSA_EDITOR_AUTH_TOKEN";
/** Milliseconds that jobs may take to begin on a busy machine. */
const RUN_MS = 240_000;

describeInVsCode("a run on a Ray cluster, from the packaged extension", function () {
  this.timeout(300_000);
  let head: RayHead | undefined;
  let session: Session | undefined;
  let page: Page;

  before(async function () {
    if (process.platform !== "linux") {
      process.stdout.write("*** NOT TESTED: runs on a Ray cluster, which take the program from Linux alone\n");
      return this.skip();
    }
    const bin = installedOrSkip(this, "runs on a Ray cluster", installRay);
    head = await RayHead.start(bin, { cpus: 8, gpus: 8, token: TOKEN });
    const cluster = { address: head.address, tokenEnv: VARIABLE, cpus: 1, gpus: 1 };
    const config = tiny({
      rlhf: { iterations: 150 },
      evaluation: { pairs: [["salsa", "ppo"]] },
      runtime: { backend: "wasm", cluster },
    });
    session = await startSession({
      files: { "tiny.salsa.json": JSON.stringify(config, undefined, 2) },
      env: { [VARIABLE]: TOKEN },
    });
    page = session.page;
  });
  after(async () => {
    await session?.close();
    await head?.stop();
  });
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  it("is connected to: all that runs need is there", async () => {
    await runCommand(page, "SALSA: Connect to Cluster");
    await webview(page).getByText("Runs of this config can use this cluster.").waitFor({ timeout: RUN_MS });
    await screenshot(page, "cluster");
  });

  it("goes on while no window is open, and has its win-rate table in the next one", async () => {
    const { browser, host } = session ?? assert.fail();
    const run = await startRun(session ?? assert.fail(), page);
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
});
