import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import {
  chat,
  json,
  lastMessage,
  type Script,
  type ScriptedServer,
  scriptedServer,
} from "../engine/serving/scriptedServer.ts";
import { seriousViolations } from "./host/axe.ts";
import { describeInVsCode } from "./host/browser.ts";
import { editor, insist, openFile, runCommand, screenshot, setTheme, webview, webviewFrame } from "./host/workbench.ts";
import { runEvents } from "./runEvents.ts";
import { modelProvider } from "./modelProvider.ts";
import { type Session, picture, runsOf, startSession, vsix } from "./session.ts";
import { waitFor } from "./waiting.ts";

/** Milliseconds that a tiny run may take on a loaded machine. */
const RUN_MS = 180_000;
const CONFIG = "judged.salsa.json";
/** Judged by a model of the editor's, which another extension provides. */
const BY_EDITOR = "byEditor.salsa.json";
const EDITOR_MODEL = "vscode:scripted/judge-2";
const BY_NOBODY = "byNobody.salsa.json";

/** A judge that prefers the longer answer, and where they are equally long the one that it is shown first. */
const judge: Script = (seen, response) => {
  const text = lastMessage(seen);
  const answer = (name: string): string =>
    new RegExp(`Start of Assistant ${name}'s Answer\\]([^]*?)\\[The End`).exec(text)?.[1]?.trim() ?? "";
  const [a, b] = [answer("A").length, answer("B").length];
  const verdict = b > a ? "B" : "A";
  const reason = `Assistant ${verdict} says more: A has ${a} characters and B has ${b}.`;
  json(response, chat(`${reason} My final verdict is [[${verdict}]]`));
};

describeInVsCode("judging by a language model in VS Code, from the packaged extension", function () {
  this.timeout(RUN_MS + 60_000);
  let server: ScriptedServer;
  let provider: Awaited<ReturnType<typeof modelProvider>>;
  let session: Session;
  let page: Page;
  const runFile = (name: string): string => join(session.host.workspace, ".salsa/runs/judged-1", name);
  const rates = (): ReturnType<Page["locator"]> => webview(page).locator("salsa-win-rates");
  const detail = (): ReturnType<Page["locator"]> => rates().getByRole("region", { name: "Comparison in full" });

  before(async () => {
    server = await scriptedServer(judge);
    const config = tiny({
      name: "judged",
      evaluation: {
        judge: "llm",
        llm: { model: "judge-1", baseUrl: server.baseUrl, protocol: "paper" },
        prices: { "judge-1": { input: 10, output: 30 } },
      },
    });
    const { name: _name, evaluation: _evaluation, ...rest } = config;
    const byModel = (name: string, model: string): string =>
      // First what is looked at: the editor draws the lines that are in sight.
      JSON.stringify({ name, evaluation: { judge: "llm", llm: { model }, prompts: 4 }, ...rest }, undefined, 2);
    provider = await modelProvider();
    session = await startSession({
      vsix: [vsix(), provider.vsix],
      files: {
        [CONFIG]: JSON.stringify(config, undefined, 2),
        [BY_EDITOR]: byModel("by-editor", EDITOR_MODEL),
        [BY_NOBODY]: byModel("by-nobody", "vscode:scripted/nobody"),
      },
      settings: { "chat.disableAIFeatures": false },
    });
    page = session.page;
  });
  after(async () => {
    await session.close();
    await server.close();
    await provider.close();
  });
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  it("says what the judge may cost, and asks nobody anything until that is agreed to", async () => {
    await openFile(page, CONFIG);
    await editor(page, CONFIG).locator(".view-line").first().waitFor();
    const dialog = page.locator(".monaco-dialog-box");
    await runCommand(page, "SALSA: Run Config");
    await dialog.getByText(/requests to judge-1[^]*at most \$\d+\.\d\d/).waitFor();
    await screenshot(page, "judging-cost");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual([runsOf(session), server.nRequests], [[], 0]);
    await runCommand(page, "SALSA: Run Config");
    await dialog.getByRole("button", { name: "Start" }).click();
    const isOver = (): boolean =>
      existsSync(runFile("events.jsonl")) && runEvents(runFile("events.jsonl")).at(-1)?.kind === "runFinished";
    await waitFor(isOver, "the end of the run", RUN_MS);
    assert.ok(server.seen.length > 0);
  });

  it("has win rates and ratings, and leads from a pair to the judge's words", async () => {
    await runCommand(page, "SALSA: Open Win-Rate Table");
    await rates().getByRole("region", { name: "Ratings" }).waitFor();
    await rates()
      .getByRole("button", { name: /salsa.*ppo/ })
      .first()
      .click();
    await rates().getByRole("grid", { name: "Prompts of salsa vs ppo" }).locator(":scope:focus").waitFor();
    await page.keyboard.press("Enter");
    const first = detail().getByRole("article", { name: "Game 1, salsa first" });
    await first
      .getByText(/Assistant [AB] says more: A has \d+ characters and B has \d+\. My final verdict is/)
      .waitFor();
    const { g1_judgment: said } = JSON.parse(
      readFileSync(runFile("judgments.jsonl"), "utf8").split("\n")[0] ?? "",
    ) as Readonly<Record<string, string>>;
    assert.match(said ?? "", /says more/);
    await screenshot(page, "judging-verdict");
  });

  it("takes a blind vote by the keyboard, shows the verdict then, and how far both agree", async () => {
    await rates().getByRole("checkbox", { name: "Blind" }).press("Space");
    await detail().getByRole("article", { name: "Answer of A" }).waitFor();
    assert.equal(await detail().getByText("says more").count(), 0);
    await screenshot(page, "judging-blind");
    await rates().getByRole("grid").focus();
    await page.keyboard.press("1");
    await detail().getByText("Your blind vote:").waitFor();
    await detail().getByText("says more").first().waitFor();
    await page.keyboard.press("j");
    await detail().getByText("Not voted on yet").waitFor();
    await page.keyboard.press("2");
    await rates().getByText("n = 2").waitFor();
    await detail().getByRole("textbox", { name: "Note" }).fill("both are wrong");
    await page.keyboard.press("Control+Enter");
    await waitFor(() => readFileSync(runFile("votes.jsonl"), "utf8").includes("both are wrong"), "the note on disk");
    const lines = readFileSync(runFile("votes.jsonl"), "utf8").split("\n").filter(Boolean);
    const votes = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(
      votes.map(({ kind, index, isBlind }) => [kind, index, isBlind]),
      [
        ["vote", 0, true],
        ["vote", 1, true],
        ["note", 1, undefined],
      ],
    );
  });

  for (const theme of ["light", "dark", "highContrast"] as const) {
    it(`is readable and accessible from the table to the vote, theme ${theme}`, async () => {
      await setTheme(page, theme);
      const look = async (what: string): Promise<void> => {
        await screenshot(page, `${theme}-judging-${what}`);
        assert.deepEqual(await seriousViolations(await webviewFrame(page)), [], `axe on ${what}`);
      };
      await rates().getByRole("grid").press("Home");
      await look("voted");
      await rates().getByRole("grid").press("End");
      await detail().getByText("Not voted on yet").waitFor();
      await look("blind");
      await rates().getByRole("checkbox", { name: "Blind" }).press("Space");
      await detail().getByText("says more").first().waitFor();
      await look("verdict");
      await rates().getByRole("grid").press("Escape");
      await detail().waitFor({ state: "detached" });
      await look("list");
      await rates().getByRole("grid").press("Escape");
      await rates().getByRole("region", { name: "Ratings" }).scrollIntoViewIfNeeded();
      await look("ratings");
      await rates()
        .getByRole("button", { name: /salsa.*ppo/ })
        .first()
        .press("Enter");
      await rates().getByRole("grid").press("Enter");
      await rates().getByRole("checkbox", { name: "Blind" }).press("Space");
    });
  }

  it("has the agreement in the report", async () => {
    // Of one run there is nothing to choose.
    await runCommand(page, "SALSA: Open Report");
    await webview(page).getByText("Agreement of the judge with a person's votes").waitFor();
    const report = readFileSync(runFile("report/report.md"), "utf8");
    assert.match(report, /\| *inDistribution *\| *salsa vs ppo *\| *all, blind *\| *2 *\|/);
    await screenshot(page, "judging-report");
  });

  it("is judged by a model of the editor's, which another extension provides", async () => {
    await openFile(page, BY_EDITOR);
    const text = editor(page, BY_EDITOR).locator(".view-lines");
    // Until the extension has begun, the hover has only what the schema says.
    await insist(async () => {
      await page.mouse.move(0, 0);
      await text.getByText(EDITOR_MODEL).hover();
      await page.locator(".monaco-hover").getByText("Scripted Judge").first().waitFor({ timeout: 5000 });
    });
    await screenshot(page, "judging-editor-hover");
    await runCommand(page, "SALSA: Run Config");
    const dialog = page.locator(".monaco-dialog-box");
    await dialog
      .getByText(/go to scripted, through this editor: at most \d+ requests to vscode:scripted\/judge-2/)
      .waitFor();
    await screenshot(page, "judging-editor-cost");
    await dialog.getByRole("button", { name: "Start" }).click();
    const ofRun = (name: string): string => join(session.host.workspace, ".salsa/runs/by-editor-1", name);
    const isOver = (): boolean =>
      existsSync(ofRun("events.jsonl")) && runEvents(ofRun("events.jsonl")).at(-1)?.kind === "runFinished";
    await waitFor(isOver, "the end of the run", RUN_MS);
    assert.match(readFileSync(ofRun("judgments.jsonl"), "utf8"), /The editor's judge, asked \d+ times: [AB] says more/);
  });

  it("waits for a model that the editor does not have, says so, and stops when asked", async () => {
    await openFile(page, BY_NOBODY);
    await runCommand(page, "SALSA: Run Config");
    await page.locator(".monaco-dialog-box").getByRole("button", { name: "Start" }).click();
    const status = webview(page).getByText(/waits for a VS Code window that has the model vscode:scripted\/nobody/);
    await status.first().waitFor({ timeout: RUN_MS });
    for (const theme of ["light", "dark", "highContrast"] as const) {
      await setTheme(page, theme);
      await screenshot(page, `${theme}-judging-waits`);
      assert.deepEqual(await seriousViolations(await webviewFrame(page)), [], theme);
    }
    await webview(page).getByRole("button", { name: "Stop" }).click();
    const events = join(session.host.workspace, ".salsa/runs/by-nobody-1/events.jsonl");
    const isOver = (): boolean => runEvents(events).at(-1)?.kind === "runFinished";
    await waitFor(isOver, "the run to stop", RUN_MS);
    await status.first().waitFor({ state: "detached" });
  });
});
