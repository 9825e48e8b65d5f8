import assert from "node:assert/strict";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { THEMES } from "../webView.ts";
import { type ChatPageInBrowser, MODELS, answered, openChat } from "./page.ts";

describeInBrowser("the chat with checkpoints", (browser) => {
  let chat: ChatPageInBrowser | undefined;

  const open = async (settings: Parameters<typeof openChat>[1] = {}): Promise<ChatPageInBrowser> => {
    chat = await openChat(browser(), settings);
    return chat;
  };
  /** Asks by the keyboard alone. */
  const ask = async ({ page }: ChatPageInBrowser, prompt: string): Promise<void> => {
    await page.getByLabel("Prompt", { exact: true }).fill(prompt);
    await page.keyboard.press("Control+Enter");
  };
  afterEach(async () => {
    await chat?.close();
    assert.deepEqual(chat?.errors ?? [], []);
    chat = undefined;
  });

  it("says what to do where nobody is chosen", async () => {
    const { page, told } = await open({ models: [] });
    await page.getByRole("heading", { name: "Nobody to talk to yet" }).waitFor();
    await page.getByRole("button", { name: "Choose Checkpoints..." }).click();
    assert.deepEqual(told, [{ kind: "choose" }]);
  });

  it("asks with its settings, and shows the answers side by side as they come", async () => {
    const opened = await open();
    const { page, told, send } = opened;
    await page.getByRole("heading", { name: "Ask something" }).waitFor();
    assert.deepEqual(opened.state(), { models: MODELS });
    await page.getByText("Settings").click();
    await page.getByLabel("Temperature").fill("0.2");
    await page.getByLabel("Seed").fill("5");
    await page.getByLabel("System prompt").fill("Be brief.");
    await ask(opened, "reverse: a b");
    const question = { prompt: "reverse: a b", temperature: 0.2, maxTokens: 256, seed: 5, system: "Be brief." };
    assert.deepEqual(told, [{ kind: "ask", ask: 1, question }]);
    const [first, second] = [
      page.getByRole("region", { name: "Answer of ppo" }),
      page.getByRole("region", { name: "Answer of salsa" }),
    ];
    await send({ kind: "piece", ask: 1, model: 1, piece: { text: "b ", tokens: [] } });
    await second.getByText("b").waitFor();
    assert.equal(await second.locator("[aria-busy]").getAttribute("aria-busy"), "true");
    await send(...answered(1, 0, ["b", " a"]), { kind: "end", ask: 1, model: 1, end: "length" });
    await first.getByText("ended by itself").waitFor();
    await second.getByText("cut off at max tokens").waitFor();
    assert.equal(await first.locator("[aria-busy]").getAttribute("aria-busy"), "false");
    await page.getByText("All have answered").waitFor();
  });

  it("takes no late answer to an earlier prompt", async () => {
    const opened = await open();
    await ask(opened, "one");
    await ask(opened, "two");
    await opened.send(...answered(1, 0, ["late", " words"]), ...answered(2, 0, ["right", " words"]));
    await opened.page.getByText("right words").waitFor();
    assert.equal(await opened.page.getByText("late").count(), 0);
  });

  it("stops, and asks again with the next seed", async () => {
    const opened = await open();
    const { page, told, send } = opened;
    await ask(opened, "one");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await page.getByLabel("Prompt", { exact: true }).press("Escape");
    assert.deepEqual(told.at(-1), { kind: "stop" });
    await send(...[0, 1].map((model) => ({ kind: "end", ask: 1, model, end: "stopped" }) as const));
    await page.getByText("stopped").first().waitFor();
    await page.getByRole("button", { name: "Regenerate" }).click();
    const last = told.at(-1);
    assert.ok(last?.kind === "ask" && last.question.seed === 2 && last.question.prompt === "one" && last.ask === 2);
  });

  it("saves a vote, says where, and opens it", async () => {
    const opened = await open();
    const { page, told, send } = opened;
    await ask(opened, "one");
    assert.equal(await page.getByRole("button", { name: "Tie" }).count(), 0, "nobody votes before there are answers");
    await send(...answered(1, 0, ["a", " b"]), ...answered(1, 1, ["c", " d"]));
    await page.getByRole("button", { name: "salsa is better" }).click();
    const vote = told.at(-1);
    assert.ok(vote?.kind === "vote");
    assert.deepEqual([vote.vote, vote.answers, vote.question.prompt], [1, ["a b", "c d"], "one"]);
    await send({ kind: "voted", file: "chat-preferences.jsonl", pairs: 1 });
    await page.getByText("Saved a preference in chat-preferences.jsonl").waitFor();
    assert.equal(await page.getByRole("button", { name: "ppo is better" }).count(), 0, "one vote an answer");
    await page.getByRole("button", { name: "Open" }).click();
    assert.deepEqual(told.at(-1), { kind: "openVotes" });
  });

  it("says that a tie trains nothing, and that a vote was not saved", async () => {
    const opened = await open();
    const { page, send } = opened;
    await ask(opened, "one");
    await send(...answered(1, 0, ["a", " b"]), ...answered(1, 1, ["c", " d"]));
    await page.getByRole("button", { name: "Tie" }).click();
    await send({ kind: "notVoted", message: "the disk is full" });
    await page.getByText("The vote was not saved: the disk is full").waitFor();
    await page.getByRole("button", { name: "Vote Again" }).click();
    await page.getByRole("button", { name: "Tie" }).click();
    await send({ kind: "voted", file: "chat-preferences.jsonl", pairs: 0 });
    await page.getByText("A tie prefers neither").waitFor();
  });

  it("shows tokens with how likely they were", async () => {
    const opened = await open();
    const { page, send } = opened;
    await ask(opened, "one");
    await send(...answered(1, 0, ["a", "\n"]), ...answered(1, 1, ["c", " "]));
    await page.getByRole("button", { name: "Tokens" }).click();
    const tokens = page.getByRole("region", { name: "Answer of ppo" }).locator(".tokens .token");
    await tokens.nth(1).waitFor();
    assert.equal(
      await tokens.nth(0).getAttribute("title"),
      "token 1: 90.48 % (log −0.100)\na: 90.48 % (log −0.100)\n␣other: 33.29 % (log −1.10)".replace("␣other", " other"),
    );
    assert.match(await tokens.nth(1).innerText(), /⏎/);
    const shade = (index: number): Promise<string> =>
      tokens.nth(index).evaluate((one) => getComputedStyle(one).getPropertyValue("--unlikely"));
    assert.ok(parseFloat(await shade(1)) > parseFloat(await shade(0)));
  });

  it("shows what went wrong with the remedy, and starts again", async () => {
    const opened = await open();
    const { page, told, send } = opened;
    await ask(opened, "");
    await page.getByText("Write a prompt first.").waitFor();
    await ask(opened, "one");
    await send({ kind: "failure", ask: 1, model: 0, message: "the context is full; ask for less" });
    await page.getByText("the context is full; ask for less").waitFor();
    await send({ kind: "engine", engine: { state: "ended", message: "The model server has ended" } });
    await page.getByRole("alert").getByText("The model server has ended").waitFor();
    await page.getByRole("button", { name: "Start Again" }).click();
    assert.deepEqual(told.at(-1), { kind: "restart" });
  });

  it("refuses settings that make no sense", async () => {
    const opened = await open();
    const { page, told } = opened;
    await page.getByText("Settings").click();
    await page.getByLabel("Max tokens").fill("0");
    await ask(opened, "one");
    await page.getByText("Max tokens must be a whole number, 1 or more.").waitFor();
    assert.deepEqual(told, []);
  });

  it("takes text for text, whatever a model says", async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const opened = await open({ models: [{ name: hostile, folder: hostile }, ...MODELS.slice(1)] });
    const { page, send } = opened;
    await ask(opened, hostile);
    await send(...answered(1, 0, [hostile, " end"]), ...answered(1, 1, [hostile, " end"]));
    await page.getByText(`${hostile} end`).first().waitFor();
    await page.getByRole("button", { name: "Tokens" }).click();
    await page.locator(".tokens .token").first().waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.title(), "Dashboard");
  });

  it("has no barrier, in any theme", async () => {
    const opened = await open({ isAudited: true });
    const { page, send, setTheme } = opened;
    await page.getByText("Settings").click();
    await ask(opened, "one");
    await send(...answered(1, 0, ["a", " b"]), { kind: "failure", ask: 1, model: 1, message: "it failed" });
    await send({ kind: "engine", engine: { state: "ended", message: "The model server has ended" } });
    await page.getByText("The model server has ended").waitFor();
    await page.getByRole("button", { name: "Tokens" }).click();
    await page.locator(".tokens .token").first().waitFor();
    for (const theme of THEMES) {
      await setTheme(theme);
      assert.deepEqual(await axeViolations(page), [], theme);
    }
  });
});
