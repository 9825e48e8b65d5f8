import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { AnnotateParams } from "../../../engine/protocol/verdicts.ts";
import { isSwapped } from "../../../webview/tables/blindOrder.ts";
import { axeViolations } from "../axe.ts";
import type { Answers } from "../backend.ts";
import { choose } from "../choose.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { rateOf, votable } from "./rows.ts";

const DEMO = demoRun();
const BENCHMARK = "inDistribution";

describeInBrowser("a person's own votes", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  /** Opens the first comparison of a pair. */
  async function show(answers: Answers = {}): Promise<Page> {
    const backend = fixtureBackend([DEMO], { winRates: () => [rateOf()], ...votable(200), ...answers });
    open = await openDashboard(browser(), backend, { focus: { view: "winRates", runs: [DEMO.folder] } });
    const { page } = open;
    await page.getByRole("button", { name: "salsa vs ppo", exact: true }).click();
    await listOf(page).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    await detailOf(page).waitFor();
    return page;
  }

  const listOf = (page: Page): Locator => page.getByRole("grid", { name: "Prompts of salsa vs ppo" });
  const detailOf = (page: Page): Locator => page.getByRole("region", { name: "Comparison in full" });
  const votes = (): readonly AnnotateParams[] =>
    (open?.asked ?? []).flatMap(({ method, params }) => (method === "annotate" ? [params] : []));
  /** Goes to the comparison of that index by the keyboard. */
  async function goTo(page: Page, index: number): Promise<void> {
    await page.keyboard.press("Home");
    for (let at = 0; at < index; at++) await page.keyboard.press("j");
    await detailOf(page).getByText(`prompt ${index}`, { exact: true }).waitFor();
  }

  it("are cast by 1, 2 and 3, stand beside the judge's verdict, and add up to an agreement", async () => {
    const page = await show();
    const detail = detailOf(page);
    await detail.getByText("Not voted on yet: press 1, 2 or 3").waitFor();
    await page.keyboard.press("1");
    await detail.getByText("Your vote: salsa. The judge agrees.").waitFor();
    await page.getByText(/100\.0 % agreement[^]*κ –, n = 1$/).waitFor();
    await goTo(page, 1);
    await page.keyboard.press("1");
    await detail.getByText("Your vote: salsa. The judge does not agree: ppo.").waitFor();
    await goTo(page, 2);
    await page.keyboard.press("2");
    await detail.getByText("Your vote: tie. The judge agrees.").waitFor();
    await page.getByText(/66\.7 % agreement[^]*κ 0\.50 \(−\d\.\d\d – 1\.00\), n = 3$/).waitFor();
    assert.deepEqual(
      votes().map(({ index, vote, isBlind, benchmark, a, b, seed }) => [index, vote, isBlind, benchmark, a, b, seed]),
      [
        [0, "a", false, BENCHMARK, "salsa", "ppo", 1],
        [1, "a", false, BENCHMARK, "salsa", "ppo", 1],
        [2, "tie", false, BENCHMARK, "salsa", "ppo", 1],
      ],
    );
    await listOf(page)
      .getByRole("row", { name: /prompt 1 .*unlike the judge/ })
      .waitFor();
    await detail.getByRole("button", { name: "Tie", pressed: true }).waitFor();
  });

  it("change, and are withdrawn", async () => {
    const page = await show();
    const detail = detailOf(page);
    await page.keyboard.press("3");
    await detail.getByText("Your vote: ppo.").waitFor();
    await detail.getByRole("button", { name: "salsa is better" }).click();
    await detail.getByText("Your vote: salsa.").waitFor();
    await detail.getByText("Withdraw").click();
    await detail.getByText("Not voted on yet").waitFor();
    assert.deepEqual(
      votes().map(({ vote }) => vote),
      ["b", "a", null],
    );
  });

  it("come with a note, which the keys of votes do not reach", async () => {
    const page = await show();
    const note = detailOf(page).getByRole("textbox", { name: "Note" });
    await note.fill("j 1 2 3 are letters here");
    await page.keyboard.type("123jk");
    await page.keyboard.press("Escape");
    await listOf(page).getByRole("img", { name: "has a note" }).waitFor();
    assert.deepEqual(
      votes().map(({ note: text, vote }) => [text, vote]),
      [["j 1 2 3 are letters here123jk", undefined]],
    );
    await page.keyboard.press("Enter");
    assert.equal(await note.inputValue(), "j 1 2 3 are letters here123jk");
    await page.keyboard.press("j");
    await detailOf(page).getByText("prompt 1", { exact: true }).waitFor();
    assert.equal(await note.inputValue(), "");
  });

  it("are cast blind: names, order and verdict are hidden until then, and the order of each stays", async () => {
    const page = await show();
    const detail = detailOf(page);
    await page.getByRole("checkbox", { name: "Blind" }).press("Space");
    await detail.getByText("The judge's verdict and the names are shown once you have voted.").waitFor();
    for (const hidden of [/salsa is better/, /preferred/, /Because of/, /score/, /% adjusted/, /wins/])
      assert.equal(await page.getByText(hidden).count(), 0, String(hidden));
    await listOf(page).getByText("hidden").first().waitFor();
    const indices = [0, 1, 2, 3, 4, 5];
    const swapped = indices.map((index) => isSwapped(BENCHMARK, { seed: 1, index }));
    assert.ok(swapped.includes(true) && swapped.includes(false));
    await listOf(page).focus();
    for (const index of indices) {
      await goTo(page, index);
      const [first, second] = await detail.getByRole("article").allInnerTexts();
      const [own, other] = swapped[index] === true ? [second, first] : [first, second];
      assert.match(own ?? "", new RegExp(`salsa answers ${index}`));
      assert.match(other ?? "", new RegExp(`ppo answers ${index}`));
    }
    await goTo(page, 1);
    await page.keyboard.press("1");
    await detail.getByText(/^Your blind vote: (salsa|ppo)\./).waitFor();
    await detail.getByText("Because of 1: [[A]]").waitFor();
    const { vote, isBlind } = votes().at(-1) ?? {};
    assert.deepEqual([vote, isBlind], [swapped[1] === true ? "b" : "a", true]);
    // A change of mind, once the verdict is known, is no blind vote.
    await page.keyboard.press("2");
    await detail.getByText("Your vote: tie.").waitFor();
    assert.equal(votes().at(-1)?.isBlind, false);
  });

  it("are found again by a filter, which leaves the list as it is while one votes", async () => {
    const page = await show();
    await choose(page, "Your votes", "not voted on");
    await listOf(page).focus();
    await page.keyboard.press("1");
    await detailOf(page).getByText("Your vote: salsa.").waitFor();
    const asOf = (open?.asked ?? []).flatMap(({ method, params }) =>
      method === "comparisons" && params.isBrief === true ? [[params.vote, params.offset, params.asOf]] : [],
    );
    assert.deepEqual(asOf.at(-1), ["open", 60, 0]);
  });

  it("say what to do where there are none", async () => {
    const page = await show({ comparisons: (query) => votable(query.vote === undefined ? 3 : 0).comparisons(query) });
    await choose(page, "Your votes", "voted on");
    await page.getByText("Open a prompt and press 1, 2 or 3.").waitFor();
    await page.getByText("Show All").click();
    await page.getByText("3 prompts", { exact: true }).waitFor();
  });

  it("say why one was not kept, as in a workspace that is not trusted", async () => {
    const page = await show({
      annotate: (): never => {
        throw new Error("This workspace is in Restricted Mode");
      },
    });
    await page.keyboard.press("1");
    await detailOf(page).getByRole("alert").getByText("This workspace is in Restricted Mode").waitFor();
    await detailOf(page).getByText("Not voted on yet").waitFor();
  });

  for (const theme of THEMES) {
    it(`have no serious violation for axe in the ${theme} theme, blind and not`, async () => {
      const page = await show();
      await open?.setTheme(theme);
      await page.keyboard.press("1");
      await detailOf(page).getByText("Your vote: salsa.").waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await page.getByRole("checkbox", { name: "Blind" }).press("Space");
      await listOf(page).focus();
      await goTo(page, 2);
      await detailOf(page).getByText("Not voted on yet").waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});

describe("the order of blind answers", () => {
  it("is swapped for about half of them, without a pattern from one to the next", () => {
    const flags = Array.from({ length: 4000 }, (_, index) => isSwapped(BENCHMARK, { seed: 1, index }));
    const share = (of: readonly boolean[]): number => of.filter(Boolean).length / of.length;
    // Four standard errors of a fair coin.
    assert.ok(Math.abs(share(flags) - 0.5) < 4 * Math.sqrt(0.25 / 4000));
    const alike = flags.slice(1).map((flag, at) => flag === flags[at]);
    assert.ok(Math.abs(share(alike) - 0.5) < 4 * Math.sqrt(0.25 / 3999));
  });

  it("is the same every time, and differs between seeds and benchmarks", () => {
    const flagsOf = (benchmark: string, seed: number): string =>
      Array.from({ length: 64 }, (_, index) => Number(isSwapped(benchmark, { seed, index }))).join("");
    assert.equal(flagsOf("mt", 1), flagsOf("mt", 1));
    assert.equal(new Set([flagsOf("mt", 1), flagsOf("mt", 2), flagsOf("arena", 1)]).size, 3);
  });
});
