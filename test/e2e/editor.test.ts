import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { parseConfig } from "../../engine/config/index.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { seriousViolations } from "./host/axe.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  answer,
  editor,
  notification,
  openRun,
  openView,
  pick,
  problems,
  quickPickRow,
  reloadWindow,
  runAndPick,
  runCommand,
  screenshot,
  setTheme,
  statusItem,
  treeRow,
  webview,
  webviewFrame,
} from "./host/workbench.ts";
import { runEvents } from "./runEvents.ts";
import { SHORT_CONFIG, type Session, picture, runsOf, startRun, startSession } from "./session.ts";
import { waitFor } from "./waiting.ts";

/** Milliseconds that a shortened run may take on a loaded machine. */
const RUN_MS = 180_000;
const CONFIG = "demo.salsa.json";

describeInVsCode("SALSA in VS Code, from the packaged extension", function () {
  this.timeout(RUN_MS + 60_000);
  let session: Session;
  let page: Page;
  const file = (...names: string[]): string => join(session.host.workspace, ...names);
  const runFile = (run: string, name: string): string => file(".salsa/runs", run, name);
  const events = (run: string): readonly RunEvent[] => runEvents(runFile(run, "events.jsonl"));
  /** How a run has ended; undefined while it is at work. */
  const endOf = (run: string): string | undefined => {
    const last = events(run).at(-1);
    return last?.kind === "runFinished" ? last.status : undefined;
  };
  const dashboardTab = (name: RegExp): ReturnType<Page["locator"]> => webview(page).getByRole("tab", { name });

  /** The arm that demo-1 has made, in the curves and samples of the run that is shown. */
  const showsOrigins = async (): Promise<void> => {
    await dashboardTab(/Metrics/).click();
    await webview(page).getByRole("button", { name: "ppo from demo-1" }).waitFor();
    await webview(page)
      .getByRole("img", { name: /^KL to reference.*ppo \(from demo-1\)/ })
      .first()
      .waitFor();
    await dashboardTab(/Samples/).click();
    await webview(page).locator("salsa-sample-grid .head", { hasText: "ppo from demo-1" }).waitFor();
    await webview(page).locator("salsa-sample-grid .row").nth(1).waitFor();
  };

  before(async () => {
    session = await startSession();
    page = session.page;
  });
  after(() => session.close());
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  it("creates a config from the palette that has no problems", async () => {
    rmSync(file(CONFIG), { force: true }); // by a try before
    await runAndPick(page, "SALSA: New Run Config...", "MiniInstruct demo");
    await answer(page, "demo", /miniinstruct\.salsa\.json$/);
    await editor(page, CONFIG).locator(".view-line", { hasText: "preset" }).first().waitFor();
    assert.ok(existsSync(file(CONFIG)));
    await page.locator(".codelens-decoration a", { hasText: "Run" }).first().waitFor();
    assert.equal(await editor(page, CONFIG).locator(".squiggly-error, .squiggly-warning").count(), 0);
  });

  it("completes keys and explains them", async () => {
    await cursorAfter(page, file(CONFIG), '"rlhf": {');
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Space");
    await page.locator(".suggest-widget.visible .monaco-list-row").first().waitFor();
    // The list draws the rows in sight, and has more.
    const offered = page.locator(".suggest-widget.visible .monaco-list-row", { hasText: "klController" });
    await waitFor(async () => {
      await page.keyboard.press("ArrowDown");
      return offered.first().isVisible();
    }, "klController among the keys");
    await screenshot(page, "response");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Z");
    // The keyboard's hover: the mouse's does not come where lines move under it.
    await cursorAfter(page, file(CONFIG), '"iterat');
    await runCommand(page, "Show or Focus Hover");
    await page.locator(".monaco-hover:visible", { hasText: "Default" }).first().waitFor();
    await page.keyboard.press("Escape");
  });

  it("underlines a mistyped key and mends it", async () => {
    writeFileSync(file(CONFIG), SHORT_CONFIG.replace('"iterations"', '"itterations"'));
    await editor(page, CONFIG).locator(".squiggly-error").first().waitFor();
    await cursorAfter(page, file(CONFIG), '"itter');
    await page.keyboard.press("Control+.");
    const fix = page.locator(".action-widget .action-item, .action-widget .monaco-list-row", { hasText: /iterations/ });
    await fix.first().waitFor();
    await screenshot(page, "quick-fix");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+S");
    await waitFor(() => readFileSync(file(CONFIG), "utf8") === SHORT_CONFIG, "the mended file on disk");
    const rows = await problems(page);
    await rows.first().waitFor({ state: "detached" });
    await runCommand(page, "View: Toggle Panel Visibility");
  });

  it("runs the config from the palette and shows its stages", async () => {
    if (runsOf(session).length === 0) assert.equal(await startRun(session, page), "demo-1");
    await webview(page).locator("salsa-pipeline").getByText("sft-1").first().waitFor();
    await openView(page, "SALSA");
    // A click on the line opens its dashboard; its arrow opens the line out.
    await treeRow(page, "demo-1").locator(".monaco-tl-twistie").click();
    await treeRow(page, "Stages").waitFor();
    await statusItem(page, /%/).waitFor();
  });

  it("draws curves that move while a policy learns", async () => {
    await dashboardTab(/Metrics/).click();
    const metrics = webview(page).locator("salsa-metrics");
    await metrics.locator("canvas").first().waitFor();
    await waitFor(() => events("demo-1").some((one) => one.kind === "metrics" && one.stage === "ppo"), "PPO", RUN_MS);
    const score = metrics.getByText("Reward-model score").first();
    await score.waitFor();
    await screenshot(page, "metrics-live");
  });

  it("is attached again after the window was reloaded, and the run has gone on", async () => {
    const owner = readFileSync(runFile("demo-1", "lock"), "utf8");
    const before = events("demo-1").length;
    await reloadWindow(page);
    await statusItem(page, /%/).waitFor();
    await webview(page).locator("salsa-metrics canvas").first().waitFor();
    await waitFor(() => events("demo-1").length > before, "further events");
    assert.equal(readFileSync(runFile("demo-1", "lock"), "utf8"), owner, "the same process works on it");
    await openView(page, "SALSA");
    await treeRow(page, "Stages").waitFor(); // the run is opened out as it was before
  });

  it("stops gracefully and resumes to the end", async () => {
    if (endOf("demo-1") === undefined) await runCommand(page, "SALSA: Stop Run");
    await waitFor(() => endOf("demo-1") !== undefined, "the stop");
    assert.equal(endOf("demo-1"), "stopped");
    await openView(page, "SALSA");
    await webview(page).locator("strong", { hasText: "Stopped" }).waitFor();
    await runCommand(page, "SALSA: Resume Run");
    await waitFor(() => endOf("demo-1") === "finished", "the end of the run", RUN_MS);
    await notification(page, /demo-1 has finished: .*%/).waitFor();
    await runCommand(page, "Notifications: Clear All Notifications");
  });

  it("has the result of the run, and what to do next, where its stages are", async () => {
    await dashboardTab(/Pipeline/).click();
    const card = webview(page).getByRole("region", { name: "Result", exact: true });
    await card.getByRole("img", { name: /^Reward and KL/ }).waitFor();
    await card.getByText("inDistribution").first().waitFor();
    const arm = webview(page).locator("salsa-pipeline .node", { hasText: "ref soup" });
    await arm.locator(".facts b").filter({ hasText: /\d/ }).nth(2).waitFor();
    await screenshot(page, "result");
    await card.locator("vscode-button", { hasText: "Open Win Rates" }).click();
    await webview(page).locator("salsa-win-rates table").first().waitFor();
  });

  it("shows responses of both arms side by side, token by token", async () => {
    await runCommand(page, "SALSA: Open Samples");
    const samples = webview(page).locator("salsa-samples");
    await samples.getByText("ppo").first().waitFor();
    await samples.getByText("salsa").first().waitFor();
    const row = samples.getByRole("row").nth(1);
    await row.click();
    await page.keyboard.press("Enter");
    await samples.getByText("Tokens", { exact: true }).click();
    const colour = samples.locator('select:has(option[value="kl"])');
    await colour.selectOption("kl");
    await samples.locator('[aria-selected][aria-label*="KL"]').first().waitFor();
    await screenshot(page, "samples");
  });

  it("follows one prompt across steps, and makes it a test prompt", async () => {
    const samples = webview(page).locator("salsa-samples");
    await samples.locator('vscode-checkbox[label="At several steps"]').click();
    await samples.getByRole("row").nth(1).click();
    await page.keyboard.press("Enter");
    await samples.getByRole("radio", { name: "Across steps" }).click();
    const steps = samples.locator("salsa-prompt-steps");
    await steps.getByRole("slider").press("Home");
    const shown = async (): Promise<number> =>
      Number(/\d+/.exec((await steps.locator("output").textContent()) ?? "")?.[0]);
    const first = await shown();
    await steps.getByRole("slider").press("End");
    await waitFor(async () => (await shown()) > first, "a later step");
    await screenshot(page, "across-steps");
    await samples.getByRole("button", { name: "Make a Test Prompt of This" }).click();
    const prompts = file("salsa.prompts.jsonl");
    await waitFor(() => existsSync(prompts), "the file of test prompts");
    const [line = ""] = readFileSync(prompts, "utf8").split("\n");
    const { prompt } = JSON.parse(line) as { readonly prompt: string };
    assert.equal(await samples.locator("p.prompt").textContent(), prompt);
    await notification(page, "Added: later runs").waitFor();
    await runCommand(page, "Notifications: Clear All Notifications");
    await samples.locator('vscode-checkbox[label="At several steps"]').click();
  });

  it("shows how rewards spread over the steps, and what memory is for", async () => {
    await dashboardTab(/Metrics/).click();
    const metrics = webview(page).locator("salsa-metrics");
    await metrics.locator("summary", { hasText: "Distributions" }).press("Enter");
    await metrics
      .getByRole("img", { name: /^salsa\. Arrow keys/ })
      .first()
      .waitFor();
    await metrics.locator("summary", { hasText: "Memory by Role" }).press("Enter");
    const row = metrics.getByRole("row", { name: /^(ppo|salsa) / });
    await row
      .getByText(/\d MiB/)
      .last()
      .waitFor();
    await screenshot(page, "memory-by-role");
    assert.deepEqual(await seriousViolations(await webviewFrame(page)), []);
  });

  it("shows the win-rate table, and exports it as the run's own file", async () => {
    await runCommand(page, "SALSA: Open Win-Rate Table");
    const rates = webview(page).locator("salsa-win-rates");
    await rates.getByText("inDistribution").first().waitFor();
    const [first] = JSON.parse(readFileSync(runFile("demo-1", "tables/winRates.json"), "utf8")) as {
      adjusted: number;
    }[];
    await rates
      .getByText((100 * (first?.adjusted ?? NaN)).toFixed(2))
      .first()
      .waitFor();
    await screenshot(page, "win-rates");
    await runAndPick(page, "SALSA: Export Table...", /win.rates/i);
    await pick(page, "CSV");
    const target = file("exported.csv");
    rmSync(target, { force: true });
    await answer(page, target, /demo-1-winRates\.csv$/);
    await waitFor(() => existsSync(target), "the exported file");
    assert.equal(readFileSync(target, "utf8"), readFileSync(runFile("demo-1", "tables/winRates.csv"), "utf8"));
  });

  it("exports a plot as the numbers that were recorded, and as a picture", async () => {
    const recorded = events("demo-1").flatMap((event) =>
      event.kind === "metrics" && "objective/score" in event.values ? [event] : [],
    );
    const exported = async (format: string): Promise<string> => {
      await runAndPick(page, "SALSA: Export Plot...", "Reward-model score");
      await pick(page, format);
      const target = file(`plot.${format.toLowerCase()}`);
      rmSync(target, { force: true });
      await answer(page, target, new RegExp(`objective-score\\.${format.toLowerCase()}$`));
      await waitFor(() => existsSync(target) && statSync(target).size > 0, target);
      return target;
    };
    const rows = readFileSync(await exported("CSV"), "utf8")
      .trim()
      .split("\n")
      .slice(1);
    const values = new Map(recorded.map(({ stage, step, values }) => [`${stage},${step}`, values["objective/score"]]));
    assert.equal(rows.length, values.size);
    for (const row of rows) {
      const [, stage, , step, , value] = row.split(",");
      assert.equal(Number(value), values.get(`${stage},${step}`), row);
    }
    const png = readFileSync(await exported("PNG"));
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.ok(png.readUInt32BE(16) >= 640, "the width of the picture");
  });

  it("drills down to both of the judge's games", async () => {
    await runCommand(page, "SALSA: Open Win-Rate Table");
    const rates = webview(page).locator("salsa-win-rates");
    await rates
      .getByRole("button", { name: /salsa.*ppo/ })
      .first()
      .click();
    await rates.getByRole("grid", { name: /^Prompts of/ }).press("Enter");
    await rates
      .getByText(/^Game 1, .* first/)
      .first()
      .waitFor();
  });

  it("compares two runs", async () => {
    const searched = '"salsa": { "reference": "soup", "iterations": 12, "beta": [0.05, 0.4] }';
    writeFileSync(file(CONFIG), SHORT_CONFIG.replace('"salsa": { "reference": "soup" }', searched));
    const made = runsOf(session).find((run) => run !== "demo-1"); // by a try before
    const second = made ?? (await startRun(session, page));
    await waitFor(() => endOf(second) === "finished", "the end of the second run", RUN_MS);
    await openRun(page, second);
    await dashboardTab(/Pipeline/).click();
    const arm = webview(page).locator("salsa-pipeline .node", { hasText: "ref soup" });
    await arm.getByText("β by validation score").waitFor();
    const rows = arm.locator(".candidate");
    await rows.filter({ hasText: "chosen" }).waitFor();
    for (const row of await rows.all())
      assert.match((await row.getAttribute("title")) ?? "", /^β 0\.(05|4) · validation score /);
    await showsOrigins();
    // It has answered the test prompt, which came after the first run.
    await webview(page).getByLabel("Source").selectOption({ label: "Test prompts" });
    await webview(page).locator("salsa-sample-grid .row").first().waitFor();
    // Of two runs there is nothing to choose.
    await runCommand(page, "SALSA: Compare Runs...");
    await webview(page).locator("salsa-metrics canvas").first().waitFor();
    await webview(page).getByText(second).first().waitFor();
    await screenshot(page, "compare");
  });

  it("lists all runs in a table that sorts, filters, tags, compares and promotes an arm", async () => {
    const layouts = file("salsa-runs.json");
    const promoted = file("demo-salsa.salsa.json");
    for (const made of [layouts, promoted]) rmSync(made, { force: true }); // by a try before
    await runCommand(page, "SALSA: Show Runs Table");
    const table = webview(page).locator("salsa-runs-table");
    const [first = ""] = runsOf(session).toSorted();
    const filter = table.locator("vscode-textfield.filter input");
    await filter.fill("kind=arm"); // a try before may have left another
    await table.getByText(`${2 * runsOf(session).length} of`).waitFor();
    await filter.fill(`${first} arm=salsa`);
    await table.getByText("1 of").waitFor();
    await table.locator("#row-0").getByText("soup", { exact: true }).waitFor();
    await filter.fill("kind=arm");
    const header = table.getByRole("button", { name: "Run", exact: true });
    await header.click();
    await table.locator("#row-0").getByText(first, { exact: true }).waitFor();
    await header.click();
    await table
      .locator("#row-0")
      .getByText(runsOf(session).toSorted().at(-1) ?? "", { exact: true })
      .waitFor();
    await filter.fill(`${first} arm=salsa`);
    await table.getByText("1 of").waitFor();
    await table.locator("#row-0").click();
    await table.getByRole("button", { name: "Name, Tags and Note" }).click();
    await table.getByLabel("Add a tag").fill("good, really 🔥");
    await page.keyboard.press("Enter");
    await table.locator("#row-0 .tag", { hasText: "good, really 🔥" }).waitFor();
    const kept = JSON.parse(readFileSync(layouts, "utf8")) as { runs: Record<string, { tags: string[] }> };
    assert.deepEqual(kept.runs[`.salsa/runs/${first}`]?.tags, ["good, really 🔥"]);
    // A mistake by hand is named with its line, and the file stays as it is.
    const written = readFileSync(layouts, "utf8");
    writeFileSync(layouts, written.replace('"tags"', '"tagz"'));
    await table.getByText(/salsa-runs\.json:\d+ .*"tagz"/).waitFor();
    writeFileSync(layouts, written);
    await table.locator("#row-0 .tag").waitFor();
    await screenshot(page, "runs-table");
    assert.deepEqual(await seriousViolations(await webviewFrame(page)), [], "axe on the runs table");
    await table.getByRole("radio", { name: "Parallel" }).click();
    await table.getByRole("radio", { name: "Table" }).click();
    await table.getByRole("button", { name: "Promote to Config..." }).click();
    await answer(page, promoted, /demo-salsa\.salsa\.json$/);
    await waitFor(() => existsSync(promoted), "the promoted config");
    await editor(page, "demo-salsa.salsa.json").locator(".view-line", { hasText: "Arm salsa of the run" }).waitFor();
    const { arms } = parseConfig(readFileSync(promoted, "utf8"), promoted);
    assert.deepEqual([Object.keys(arms), arms["salsa"]?.reference], [["salsa"], ["soup"]]);
    rmSync(promoted); // later steps know of one config
    await runCommand(page, "View: Close Editor");
    await table.getByRole("button", { name: "Open Run" }).click();
    await dashboardTab(/Metrics/).waitFor();
    await runCommand(page, "SALSA: Show Runs Table");
    await table.locator("#row-0").waitFor();
    await runCommand(page, "View: Close Editor");
  });

  it("talks to two checkpoints side by side, and keeps a vote as a preference", async () => {
    await runCommand(page, "SALSA: Chat with Checkpoints...");
    for (const name of ["ppo", "salsa"]) await quickPickRow(page, name).click();
    await page.locator(".quick-input-widget:visible").getByRole("button", { name: "OK" }).click();
    const chat = webview(page).locator("salsa-chat");
    await chat.getByLabel("Prompt", { exact: true }).fill("reverse: city river time.");
    await page.keyboard.press("Control+Enter");
    const answers = chat.locator(".answer");
    await chat.getByText("All have answered").waitFor();
    assert.equal(await answers.count(), 2);
    for (const text of await answers.locator(".text").allInnerTexts()) assert.notEqual(text.trim(), "");
    await chat.getByRole("button", { name: "Tokens" }).click();
    await answers.first().locator(".tokens .token").first().waitFor();
    await screenshot(page, "chat");
    assert.deepEqual(await seriousViolations(await webviewFrame(page)), [], "axe on the chat");
    // Until the answers differ: equal ones are nothing to choose between.
    const votes = file("chat-preferences.jsonl");
    for (let seed = 2; !existsSync(votes) && seed < 12; seed++) {
      await chat.getByRole("button", { name: "salsa is better" }).click();
      await chat.getByText(/Saved a preference|nothing to train on/).waitFor();
      if (existsSync(votes)) break;
      await chat.getByRole("button", { name: "Regenerate" }).click();
      await chat.getByText(`seed ${seed}`).waitFor();
      await chat.getByText("All have answered").waitFor();
    }
    const [first = ""] = readFileSync(votes, "utf8").split("\n");
    const vote = JSON.parse(first) as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [vote["prompt"], vote["chosenModel"], vote["rejectedModel"]],
      ["reverse: city river time.", "salsa", "ppo"],
    );
    await runCommand(page, "View: Close Editor");
  });

  it("opens a report with the table and figures", async () => {
    await runAndPick(page, "SALSA: Open Report", "demo-1");
    await waitFor(() => existsSync(runFile("demo-1", "report/report.md")), "the report");
    await webview(page).locator("img").first().waitFor();
    assert.match(readFileSync(runFile("demo-1", "report/report.md"), "utf8"), /salsa/);
    await screenshot(page, "report");
  });

  it("copies a link to a view, which opens it again, and refuses one to a run that is not there", async () => {
    await runAndPick(page, "SALSA: Open Win-Rate Table", "demo-1");
    await runCommand(page, "SALSA: Copy Link to This View");
    const copied = (await statusItem(page, /^Copied /).textContent()) ?? "";
    const [link = ""] = /[\w-]+:\/\/salsa\.salsa\/\S+/.exec(copied) ?? [];
    assert.match(link, /^[\w-]+:\/\/salsa\.salsa\/winRates\?run=demo-1$/);
    await dashboardTab(/Pipeline/).click();
    const open = async (text: string): Promise<void> => {
      await runCommand(page, "Developer: Open URL");
      await answer(page, text);
      await page.getByRole("button", { name: "Open", exact: true }).click();
    };
    await open(link);
    await webview(page)
      .getByRole("tab", { name: /Win Rates/, selected: true })
      .waitFor();
    await open(link.replace("demo-1", "demo-99"));
    await notification(page, "There is no run demo-99 in this workspace").waitFor();
    await runCommand(page, "Notifications: Clear All Notifications");
  });

  it("exports everything of a run into a new folder", async () => {
    const target = file("results");
    rmSync(target, { recursive: true, force: true });
    await runAndPick(page, "SALSA: Export Everything...", "demo-1");
    await answer(page, target, /demo-1-export$/);
    await waitFor(() => existsSync(join(target, "README.md")), "the export");
    const points = events("demo-1").filter(({ kind }) => kind === "metrics").length;
    assert.ok(readFileSync(join(target, "metrics.csv"), "utf8").split("\r\n").length > points);
    await notification(page, "The export is in").waitFor();
    await runCommand(page, "Notifications: Clear All Notifications");
  });

  it("shares the report of what the dashboard shows, as one file that needs no other", async () => {
    const target = file("shared.html");
    rmSync(target, { force: true });
    await runCommand(page, "SALSA: Share Report...");
    await answer(page, target, /demo-1.*\.html$/);
    await notification(page, "The report is in").waitFor();
    assert.match(readFileSync(target, "utf8"), /^<!doctype html>[^]*<svg/i);
    await runCommand(page, "Notifications: Clear All Notifications");
  });

  it("sweeps β, shows which does best, and promotes it", async () => {
    const swept = '"salsa": { "reference": "soup", "beta": { "grid": [0.05, 0.4] } }';
    const shorter = SHORT_CONFIG.replace('"iterations": 110', '"iterations": 12');
    writeFileSync(file(CONFIG), shorter.replace('"salsa": { "reference": "soup" }', swept));
    await page.getByRole("tab", { name: /^demo\.salsa\.json/ }).click(); // the palette runs what is in front
    const run = await startRun(session, page);
    await waitFor(() => endOf(run) === "finished", "the end of the sweep", RUN_MS);
    // The dashboard has opened with the run.
    await dashboardTab(/Sweep/).click();
    const view = webview(page).locator("salsa-sweep");
    await view.getByText("salsa: 2 combinations").waitFor();
    await view.getByText(/Best:\s+salsa_beta0\.(05|4)\s+·\s+Win % vs ppo/).waitFor();
    await screenshot(page, "sweep");
    const promoted = file("demo-best.salsa.json");
    rmSync(promoted, { force: true }); // by a try before
    await view.getByRole("button", { name: "Promote to Config..." }).click();
    await answer(page, promoted, /demo-salsa_beta0\.(05|4)\.salsa\.json$/);
    await waitFor(() => existsSync(promoted), "the promoted config");
    const { arms } = parseConfig(readFileSync(promoted, "utf8"), promoted);
    assert.match(Object.keys(arms).join(), /^salsa_beta0\.(05|4)$/);
    rmSync(promoted); // later steps know of one config
    await runCommand(page, "View: Close Editor");
  });

  for (const theme of ["light", "dark", "highContrast"] as const) {
    it(`is readable and accessible in every view, theme ${theme}`, async () => {
      await setTheme(page, theme);
      await runCommand(page, "SALSA: Open Dashboard");
      for (const view of [/Pipeline/, /Metrics/, /Samples/, /Win Rates/, /Sweep/, /Alarms/, /Config/]) {
        await dashboardTab(view).click();
        await webview(page).getByRole("tabpanel").waitFor();
        await screenshot(page, `${theme}-${view.source.toLowerCase().replace(" ", "-")}`);
        assert.deepEqual(await seriousViolations(await webviewFrame(page)), [], `axe on ${view.source}`);
      }
    });
  }

  it("has the curves and samples of stages that it reused, also after the run that made them is gone", async () => {
    rmSync(file(".salsa/runs/demo-1"), { recursive: true });
    await treeRow(page, "demo-1").waitFor({ state: "hidden" });
    await runCommand(page, "View: Close All Editors");
    await openRun(page, "demo-2");
    await showsOrigins();
  });

  it("keeps the runs of a config that is renamed, also outside of the editor", async () => {
    await openView(page, "SALSA");
    await treeRow(page, CONFIG).waitFor();
    renameSync(file(CONFIG), file("renamed.salsa.json"));
    await treeRow(page, "renamed.salsa.json").waitFor();
    await treeRow(page, "demo-2").waitFor();
    await treeRow(page, CONFIG).waitFor({ state: "hidden" }); // no group is left under the old name
    renameSync(file("renamed.salsa.json"), file(CONFIG));
    await treeRow(page, CONFIG).waitFor();
  });

  it("reaches every view by the keyboard alone", async () => {
    await runCommand(page, "SALSA: Open Dashboard");
    const selected = webview(page).getByRole("tab", { selected: true });
    await selected.focus();
    const seen = new Set<string>();
    for (let presses = 0; presses < 7; presses++) {
      const before = await selected.textContent();
      await page.keyboard.press("ArrowRight");
      await webview(page)
        .getByRole("tab", { selected: true })
        .filter({ hasNotText: before ?? "" })
        .waitFor();
      seen.add((await selected.textContent())?.trim() ?? "");
    }
    assert.equal(seen.size, 7);
    await page.keyboard.press("Tab");
    const focused = await (await webviewFrame(page)).evaluate(() => document.activeElement?.localName);
    assert.equal(focused, "salsa-dashboard", "Tab goes from the tabs into the view");
  });

  // The last step: the others know of one dashboard.
  it("opens a second dashboard beside the first, each with its own run", async () => {
    const active = page.locator(".editor-group-container .tab.active", { hasText: "SALSA: " });
    const titles = async (): Promise<string> =>
      (await active.allTextContents())
        .map((title) => title.trim())
        .sort()
        .join();
    assert.equal(await titles(), "SALSA: demo-2");
    await runCommand(page, "SALSA: Open Dashboard to the Side");
    await waitFor(async () => (await titles()) === "SALSA: demo-2,SALSA: demo-2", "a second dashboard");
    await openView(page, "SALSA");
    await treeRow(page, "demo-3").click();
    await waitFor(async () => (await titles()) === "SALSA: demo-2,SALSA: demo-3", "another run in the one in front");
    await screenshot(page, "two-dashboards");
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
