/// <reference lib="dom" />
import assert from "node:assert/strict";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { choose } from "../choose.ts";
import { THEMES } from "../webView.ts";
import { type Answers, N_ROWS, type PreviewPageInBrowser, openPreview, row } from "./page.ts";

describeInBrowser("the data preview", (browser) => {
  let preview: PreviewPageInBrowser | undefined;

  const open = async (settings: Parameters<typeof openPreview>[1] = {}): Promise<PreviewPageInBrowser> => {
    preview = await openPreview(browser(), settings);
    return preview;
  };
  afterEach(async () => {
    await preview?.close();
    assert.deepEqual(preview?.errors ?? [], []);
    preview = undefined;
  });

  it("shows tokens, what is learned and what is cut off, in words too, and what would steer spelled out", async () => {
    const { page } = await open();
    const tokens = page.locator(".detail .tokens");
    await tokens.waitFor();
    assert.equal(
      (await tokens.innerText()).replaceAll(/\s*\n\s*/g, " ").trim(),
      "Read: <s> row 0 Learned: city river⏎ \\x1b[31m◌€ time Cut off: cut off",
    );
    assert.equal(await tokens.locator(".run.learned .token").count(), 6);
    assert.equal(await tokens.locator(".run.cut .token").count(), 2);
    assert.equal(await tokens.locator(".token").nth(1).getAttribute("title"), "token 2, id 101");
    const decorated = (name: string): Promise<string> =>
      tokens.locator(`.run.${name}`).evaluate((run) => getComputedStyle(run).textDecorationLine);
    assert.equal(await decorated("learned"), "underline");
    assert.equal(await decorated("cut"), "line-through");
  });

  it("scrolls to the last of a hundred thousand rows, with few in the document", async () => {
    const { page } = await open();
    const list = page.getByRole("grid");
    await page.getByText(`${N_ROWS.toLocaleString("en-US")} rows`).waitFor();
    await list.focus();
    await page.keyboard.press("End");
    await page
      .locator(`#row-${N_ROWS - 1} .token`)
      .first()
      .waitFor();
    await page.getByRole("heading", { name: `sft.jsonl:${N_ROWS}` }).waitFor();
    assert.ok((await page.locator(".row").count()) < 60);
    await page.keyboard.press("ArrowUp");
    await page.getByRole("heading", { name: `sft.jsonl:${N_ROWS - 1}` }).waitFor();
    await page.keyboard.press("Home");
    await page.locator("#row-0 .token").first().waitFor();
  });

  it("says what becomes of a row and why, and opens its line", async () => {
    const { page, asked } = await open();
    await page.locator("#row-3").click();
    const detail = page.locator(".detail");
    await detail.getByText("no response token is left within 8 tokens").waitFor();
    await detail.getByText("left out").waitFor();
    await detail.getByRole("button", { name: "sft.jsonl:4" }).click();
    assert.deepEqual(asked.at(-1), { method: "openPlace", params: { file: "/w/sft.jsonl", line: 4 } });
  });

  it("shows lengths, counts and pairs", async () => {
    const { page, asked } = await open();
    await page
      .getByRole("img", { name: /Lengths of 1,000 sequences: 7 to 10 tokens, median 8; 500 longer than 8/ })
      .waitFor();
    await page.getByText("Of the first 1,000: 900 used; 100 left out; 100 without a response token").waitFor();
    await choose(page, "Source of data", "preferences");
    await page.getByRole("heading", { name: /^Rejected/ }).waitFor();
    assert.ok(asked.some(({ method }) => method === "closePreview"));
  });

  it("shows a file that no config names, which has no other sources to choose, and reads it again", async () => {
    const focus = { file: "/w/sft.jsonl", seenBy: { model: "/w/model" } } as const;
    const { page, asked, errors } = await open({ focus });
    await page.getByText("row 0").first().waitFor();
    assert.equal(await page.getByRole("combobox").count(), 0);
    await page.getByRole("button", { name: "Read Again" }).click();
    await page.getByText("row 0").first().waitFor();
    const opened = asked.filter(({ method }) => method === "openPreview");
    assert.deepEqual(
      opened.map(({ params }) => params),
      [focus, focus],
    );
    assert.deepEqual(errors, []);
  });

  it("says so where there is nothing, or it cannot be read, and opens the line", async () => {
    const empty: Answers = {
      previewPage: () => ({ total: 0, isAll: true, rows: [] }),
    };
    const { page } = await open({ answers: empty });
    await page.getByRole("heading", { name: "There are no rows" }).waitFor();
    await preview?.close();
    const broken: Answers = {
      openPreview: () => {
        throw new Error("/w/mine.salsa.json:7:3  data.sft: there is no such file; correct the path");
      },
    };
    const other = await open({ answers: broken });
    await other.page.getByText("there is no such file").waitFor();
    await other.page.getByRole("button", { name: "/w/mine.salsa.json:7" }).click();
    assert.deepEqual(other.asked.at(-1), {
      method: "openPlace",
      params: { file: "/w/mine.salsa.json", line: 7 },
    });
  });

  it("takes text for text, whatever it says", async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const made = row(0, "sft");
    const [first] = made.sequences;
    const bad = { ...made, problem: hostile, sequences: [{ ...first, pieces: [hostile], learned: "0", nTokens: 1 }] };
    const { page } = await open({
      answers: { previewPage: () => ({ total: 1, isAll: true, rows: [bad] }), previewRow: () => bad },
    });
    await page.locator(".detail .tokens").getByText(hostile).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.title(), "Dashboard");
  });

  it("has no barrier, in any theme", async () => {
    const opened = await open({ isAudited: true });
    const { page } = opened;
    await page.locator("#row-3").click();
    await page.locator(".detail").getByText("no response token").waitFor();
    for (const theme of THEMES) {
      await opened.setTheme(theme);
      assert.deepEqual(await axeViolations(page), [], theme);
    }
  });
});
