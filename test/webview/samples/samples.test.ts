import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { DashboardFocus } from "../../../engine/protocol/dashboard.ts";
import type { SamplePage, SampleQuery, SampleRow } from "../../../engine/protocol/samples.ts";
import { axeViolations } from "../axe.ts";
import type { Answers } from "../backend.ts";
import { choose } from "../choose.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend, type FixtureRun } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { configOf, recording } from "../recording.ts";
import { samplesOf, tokensOf } from "./rows.ts";

const DEMO = demoRun();

describeInBrowser("the samples view", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(
    nRows: number,
    { run = DEMO, answers = {}, place }: { run?: FixtureRun; answers?: Answers; place?: DashboardFocus["place"] } = {},
  ): Promise<Page> {
    const backend = fixtureBackend([run], {
      samples: samplesOf(nRows),
      tokens: ({ line }) => tokensOf(line),
      ...answers,
    });
    const focus = { view: "samples", runs: [run.folder], ...(place !== undefined && { place }) } as const;
    open = await openDashboard(browser(), backend, { focus });
    return open.page;
  }

  function queries(): readonly SampleQuery[] {
    return (open?.asked ?? []).flatMap(({ method, params }) => (method === "samples" ? [params] : []));
  }

  it("shows prompts with a column for each arm", async () => {
    const page = await show(48);
    await page.getByRole("columnheader", { name: "salsa" }).waitFor();
    await page.getByRole("gridcell", { name: "salsa answers 3" }).waitFor();
    await page.getByText("48 prompts").waitFor();
  });

  it("holds only the rows in view of 100,000, and reaches the last one", async () => {
    const page = await show(100_000);
    const grid = page.getByRole("grid", { name: "Samples" });
    await grid.focus();
    assert.equal(await grid.getAttribute("aria-rowcount"), "100001");
    await page.keyboard.press("End");
    await page.getByText("prompt 99999").waitFor();
    assert.ok((await grid.getByRole("row").count()) < 40);
    await page.keyboard.press("Home");
    await page.getByText("prompt 0", { exact: true }).waitFor();
    const nRows = queries().reduce((sum, { limit }) => sum + limit, 0);
    assert.ok(nRows < 600, `${nRows} rows were asked for`);
  });

  it("shows the same rows at the top whether it is scrolled by thumb or by keys", async () => {
    const page = await show(100_000);
    const grid = page.getByRole("grid", { name: "Samples" });
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await page
      .getByText(/^prompt 50\d\d\d$/)
      .first()
      .waitFor();
  });

  it("scrolls through rows that are there and that have to come without a row or cell coming or going", async () => {
    const page = await show(100_000);
    const grid = page.getByRole("grid", { name: "Samples" });
    await page.getByText("prompt 0", { exact: true }).waitFor();
    await grid.evaluate((element) => {
      const counted = { nChanges: 0 };
      const observer = new MutationObserver((records) => {
        const nodes = records.flatMap(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes]);
        counted.nChanges += nodes.filter((node) => node instanceof HTMLDivElement).length;
      });
      observer.observe(element, { childList: true, subtree: true });
      Object.assign(window, { counted });
    });
    for (const place of [200, 900, 5000, 3_000_000]) {
      await grid.evaluate((element, top) => (element.scrollTop = top), place);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    }
    await page
      .getByText(/^prompt 44\d\d\d$/)
      .first()
      .waitFor();
    const nChanges = await page.evaluate(
      () => (window as unknown as { counted: { nChanges: number } }).counted.nChanges,
    );
    assert.equal(nChanges, 0);
  });

  it("keeps steps and prompts in place only where there is a way to the side", async () => {
    const page = await show(48);
    const prompt = page.locator("salsa-sample-grid .row .prompt").first();
    await prompt.waitFor();
    const position = (): Promise<string> => prompt.evaluate((element) => getComputedStyle(element).position);
    assert.equal(await position(), "static");
    await page.setViewportSize({ width: 500, height: 800 });
    await page.locator("salsa-sample-grid .wide").waitFor();
    assert.equal(await position(), "sticky");
  });

  it("lets nothing through what stays in place, in high contrast, too, which has no colours for rows", async () => {
    const page = await show(48);
    await open?.setTheme("highContrast");
    await page.setViewportSize({ width: 400, height: 700 });
    const row = page.locator("salsa-sample-grid .wide #row-0");
    await row.click();
    const ground = await row.locator(".step").evaluate((element) => getComputedStyle(element).backgroundColor);
    assert.match(ground, /^rgb\(/, "opaque");
  });

  it("moves the active row by keys, opens it, and closes it again", async () => {
    const page = await show(48);
    await page.getByRole("grid", { name: "Samples" }).focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "PageDown", "Home", "ArrowDown", "Enter"]) {
      await page.keyboard.press(key);
    }
    const detail = page.getByRole("region", { name: "Sample in full" });
    await detail.getByText("prompt 1", { exact: true }).waitFor();
    await detail.getByRole("button", { name: "Next Sample" }).click();
    await detail.getByText("prompt 2", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
  });

  it("keeps the row in view that is opened, though the list gets lower", async () => {
    const page = await show(48);
    await page.getByText("salsa answers 7", { exact: true }).click();
    const detail = page.getByRole("region", { name: "Sample in full" });
    await detail.getByText("prompt 7", { exact: true }).waitFor();
    await page.waitForFunction(() => {
      const shadow = (
        element: Element | ShadowRoot | null | undefined,
        selector: string,
      ): ShadowRoot | null | undefined => element?.querySelector(selector)?.shadowRoot;
      const samples = shadow(shadow(document.body, "salsa-dashboard"), "salsa-samples");
      const grid = samples?.querySelector("salsa-sample-grid");
      const row = grid?.shadowRoot?.querySelector("#row-7")?.getBoundingClientRect();
      return row !== undefined && row.bottom <= (grid?.getBoundingClientRect().bottom ?? 0) + 1;
    });
  });

  it("asks for what is searched once typing pauses, and marks the hits", async () => {
    const page = await show(48);
    await page.getByRole("textbox", { name: "Search prompts and responses" }).pressSequentially("answers 17");
    await page.getByText("1 of 48 prompts").waitFor();
    assert.equal(await page.locator("salsa-sample-grid mark").count(), 2);
    const searched = queries().flatMap(({ text }) => text ?? []);
    assert.deepEqual([...new Set(searched)].at(-1), "answers 17");
    assert.ok(searched.length < "answers 17".length);
  });

  it("narrows to rows that were cut off, orders them, and clears a filter that nothing fits", async () => {
    const page = await show(48);
    await page.getByText("Cut off only").click();
    await page.getByText("7 of 48 prompts").waitFor();
    await page.getByRole("combobox", { name: "Order" }).selectOption("spread");
    await page.getByRole("textbox", { name: "Search prompts and responses" }).fill("nowhere");
    await page.getByText("No sample matches the filter").waitFor();
    assert.deepEqual([queries().at(-1)?.order, queries().at(-1)?.isUnended], ["spread", true]);
    await page.getByText("Clear Filter").click();
    await page.getByText("48 prompts").waitFor();
  });

  it("leaves a column out", async () => {
    const page = await show(48);
    await page.getByRole("button", { name: "ppo", exact: true }).click();
    await page.getByRole("columnheader", { name: "ppo" }).waitFor({ state: "detached" });
    assert.deepEqual(queries().at(-1)?.columns, ["salsa"]);
  });

  it("narrows the steps by the keyboard", async () => {
    const page = await show(48);
    await page.getByRole("slider", { name: "First step" }).focus();
    await page.keyboard.press("End");
    await page.getByText("4 of 48 prompts").waitFor();
    assert.deepEqual(queries().at(-1)?.steps, { from: 56, to: 56 });
  });

  it("goes to the samples of the step that an alarm was raised at", async () => {
    const page = await show(400, { place: { stage: "salsa", step: 303 } });
    await page.getByText("prompt 156", { exact: true }).waitFor();
    assert.equal(await page.locator('[aria-selected="true"] .step').textContent(), "301");
    await page.locator(".place", { hasText: "salsa" }).waitFor();
  });

  it("shows what differs between the responses of the first two arms, or of two that are chosen", async () => {
    const page = await show(48);
    await page.getByText("salsa answers 1", { exact: true }).click();
    await page.locator("salsa-sample-detail del").waitFor();
    assert.equal(await page.locator("salsa-sample-detail ins").textContent(), "salsa");
    await page.getByRole("combobox", { name: "Differences of" }).selectOption("");
    await page.locator("salsa-sample-detail del").waitFor({ state: "detached" });
    await page.getByRole("combobox", { name: "Differences of" }).selectOption("ppo");
    assert.equal(await page.locator("salsa-sample-detail del").textContent(), "ppo");
    assert.equal(await page.locator("salsa-sample-detail ins").textContent(), "salsa");
    assert.equal(
      await page.locator("salsa-sample-detail .text", { has: page.locator("del") }).textContent(),
      "ppo answers 1",
    );
  });

  it("leads one prompt through the steps that kept it, with the words that changed in colour", async () => {
    const texts = ["one word", "one longer word", "one longer word", "another"];
    const answer = (text: string): SampleRow["responses"] => [
      { text, ended: true, nTokens: 2, score: 1, line: 0 },
      { text: `salsa: ${text}`, ended: true, nTokens: 3, score: 2, line: 1 },
    ];
    const rows = texts.map((text, at) => ({ step: 1 + 10 * at, prompt: "prompt 1", responses: answer(text) }));
    const page = await show(48, {
      answers: {
        samples: (query) =>
          query.prompt === undefined ? samplesOf(48)(query) : { ...samplesOf(4)(query), total: rows.length, rows },
      },
    });
    await page.getByText("salsa answers 1", { exact: true }).click();
    await page.getByRole("radio", { name: "Across steps" }).click();
    const slider = page.getByRole("slider", { name: "Step", exact: true });
    await slider.press("Home");
    const panel = page.locator("salsa-prompt-steps").getByRole("article", { name: "ppo" });
    await panel.getByText("one word", { exact: true }).waitFor();
    assert.equal(await panel.locator("ins").count(), 0, "nothing is before the first step");
    await slider.press("ArrowRight");
    assert.equal((await panel.locator("ins").textContent())?.trim(), "longer");
    assert.equal(await slider.getAttribute("aria-valuetext"), "step 11");
    await slider.press("ArrowRight");
    await panel.getByText("unchanged").waitFor();
    await choose(page, "Changes since", "the first step");
    assert.equal((await panel.locator("ins").textContent())?.trim(), "longer");
    assert.deepEqual(await axeViolations(page), []);
    for (const theme of THEMES.slice(1)) {
      await open?.setTheme(theme);
      assert.deepEqual(await axeViolations(page, ["color-contrast"]), [], theme);
    }
  });

  it("says so where a prompt was kept once", async () => {
    const page = await show(48);
    await page.getByText("salsa answers 1", { exact: true }).click();
    await page.getByRole("radio", { name: "Across steps" }).click();
    await page.getByText("This prompt was kept at one step only").waitFor();
  });

  it("shows what another run says to the same prompt at the same step", async () => {
    const other = demoRun("demo-2");
    const backend = fixtureBackend([DEMO, other], {
      samples: (query) => samplesOf(48)({ ...query, order: "newest" }),
    });
    open = await openDashboard(browser(), backend, { focus: { view: "samples", runs: [DEMO.folder, other.folder] } });
    await open.page.getByText("salsa answers 1", { exact: true }).click();
    await open.page.getByRole("article", { name: "salsa · demo-2" }).getByText("salsa answers 1").waitFor();
    const asked = queries().filter(({ folder }) => folder === other.folder);
    assert.deepEqual(
      asked.map(({ prompt, steps }) => ({ prompt, steps })),
      [{ prompt: "prompt 1", steps: { from: 56, to: 56 } }],
    );
  });

  it("offers to sort by how far reward and gold disagree, where there is a gold score", async () => {
    const hasGold = ({ source }: SampleQuery): boolean => source.kind === "answers";
    const samples = (query: SampleQuery): SamplePage => ({ ...samplesOf(48)(query), hasGold: hasGold(query) });
    const page = await show(48, { answers: { samples } });
    const order = page.getByRole("combobox", { name: "Order" });
    await order.waitFor();
    assert.equal(await order.locator("option", { hasText: "disagree" }).count(), 0, "these have none");
    await page.getByRole("combobox", { name: "Source" }).selectOption("Answers: inDistribution");
    await order.selectOption("disagreement");
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(queries().at(-1)?.order, "disagreement");
    assert.equal(await order.locator("option", { hasText: "newest" }).count(), 0, "answers have no steps");
  });

  it("keeps the buttons of an open sample in one line, in a narrow panel, too", async () => {
    const page = await show(48);
    await page.getByText("prompt 3", { exact: true }).click();
    for (const width of [400, 700]) {
      await page.setViewportSize({ width, height: 800 });
      const tops = await page
        .locator("salsa-sample-detail .buttons vscode-toolbar-button")
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
      assert.deepEqual([tops.length, new Set(tops).size], [4, 1], `${width} pixels`);
    }
  });

  it("makes a test prompt of a sample, and says of a run without any how to", async () => {
    const page = await show(48, { answers: { pinPrompt: () => ({}) } });
    await page.getByText("prompt 3", { exact: true }).click();
    await page.getByRole("button", { name: "Make a Test Prompt of This" }).click();
    const pinned = open?.asked.flatMap(({ method, params }) => (method === "pinPrompt" ? [params] : []));
    assert.deepEqual(pinned, [{ folder: DEMO.folder, prompt: "prompt 3", from: "demo-1, step 56" }]);
    await page.getByLabel("Source").selectOption("Test prompts");
    await page.getByText("This run has answered no test prompts").waitFor();
    await page.getByText(/it is added to salsa\.prompts\.jsonl beside the config/).waitFor();
  });

  it("shows answers to test prompts beside those of other runs to the same prompts, as columns", async () => {
    const config = { ...configOf(), testPrompts: ["prompt 0", "prompt 1", "prompt 2"] };
    const runs = ["demo-1", "demo-2"].map((id) => ({
      ...demoRun(id),
      config,
      events: recording({ config, name: "demo" }),
    }));
    const [first = DEMO] = runs;
    const samples = (query: SampleQuery): ReturnType<ReturnType<typeof samplesOf>> => {
      const page = samplesOf(3)({ ...query, order: "recorded" });
      if (query.folder === first.folder) return page;
      // The other run has answered the last prompt alone, and another one.
      const rows = page.rows.slice(2).map((row) => ({
        ...row,
        responses: row.responses.map((one) => one && { ...one, text: `other ${one.text}` }),
      }));
      return { ...page, rows: [...page.rows.slice(0, 1).map((row) => ({ ...row, prompt: "another" })), ...rows] };
    };
    const focus = { view: "samples", runs: runs.map(({ folder }) => folder) } as const;
    open = await openDashboard(browser(), fixtureBackend(runs, { samples }), { focus });
    const { page } = open;
    await page.getByLabel("Source").selectOption("Test prompts");
    await page.getByRole("columnheader", { name: /salsa · demo-2/ }).waitFor();
    await page.getByRole("gridcell", { name: "other salsa answers 2" }).waitFor();
    assert.equal(await page.getByRole("gridcell", { name: /^other/ }).count(), 2);
    await page.getByRole("button", { name: "salsa · demo-2" }).click();
    await page.getByRole("columnheader", { name: /salsa · demo-2/ }).waitFor({ state: "detached" });
    await page.getByRole("columnheader", { name: /ppo · demo-2/ }).waitFor();
  });

  it("shows tokens with their numbers by pointer, keys and table", async () => {
    const page = await show(48);
    await page.getByText("salsa answers 1", { exact: true }).click();
    await page.getByRole("radio", { name: "Tokens" }).click();
    const tokens = page.getByRole("listbox", { name: "Tokens of salsa" });
    await tokens.getByRole("option", { name: "is, advantage −1.00" }).hover();
    const numbers = page.locator("salsa-token-map", { has: tokens }).locator(".numbers");
    await numbers.getByText("−2.00").waitFor();
    await tokens.focus();
    await page.keyboard.press("End");
    await numbers.getByText("token 4").waitFor();
    await page.getByText("reward 2.00 = 2.00 by the score, 0 by the KL").first().waitFor();
    await page.getByRole("combobox", { name: "Color by" }).selectOption("kl");
    await page.getByText("KL to reference (nats): Σ 0, mean 0 over 4 tokens").first().waitFor();
    await page.getByRole("button", { name: "Show numbers as a table" }).first().click();
    assert.equal(await page.locator("salsa-token-map table tbody tr").count(), 4);
  });

  it("brings new rows without moving the reader, and leads to them", async () => {
    const run: FixtureRun = { ...DEMO, events: recording({ until: 900 }) };
    let nRows = 4000;
    const page = await show(0, { run, answers: { samples: (query) => samplesOf(nRows)(query) } });
    const grid = page.getByRole("grid", { name: "Samples" });
    await grid.evaluate((element) => (element.scrollTop = 66_000));
    await page
      .getByText(/^prompt 98\d$/)
      .first()
      .waitFor();
    const first = await page.locator("salsa-sample-grid .row").nth(3).textContent();
    nRows = 4012;
    const event = {
      kind: "progress",
      stage: "mkl",
      step: 33,
      total: 60,
      time: 1,
      sequence: run.events.length,
    } as const;
    await open?.send({ kind: "runEvents", folder: run.folder, events: [event] });
    const button = page.getByRole("button", { name: "12 new rows" });
    await button.waitFor();
    assert.equal(await page.locator("salsa-sample-grid .row").nth(3).textContent(), first);
    await button.click();
    await page.getByText("prompt 0", { exact: true }).waitFor();
    await button.waitFor({ state: "detached" });
  });

  it("says why samples cannot be read, and tries again", async () => {
    let isBroken = true;
    const page = await show(0, {
      answers: {
        samples: (query) => {
          if (isBroken) throw new Error("samples.jsonl: written by a newer version");
          return samplesOf(48)(query);
        },
      },
    });
    await page.getByText("samples.jsonl: written by a newer version").waitFor();
    isBroken = false;
    await page.getByText("Try Again").click();
    await page.getByText("48 prompts").waitFor();
  });

  it("says how much of a long run's samples is read, and asks no more once the reader has left", async () => {
    let [share, nAsked] = [0.25, 0];
    const [turn, left] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const page = await show(0, {
      answers: {
        samples: async (query) => {
          nAsked += 1;
          assert.equal(query.isPatient, true);
          // Others get their turn; the last question is answered once the reader has left.
          await new Promise((resolve) => setImmediate(resolve));
          if (share === 0.8) {
            turn.resolve(undefined);
            await left.promise;
          }
          return share < 1 ? { ...samplesOf(0)(query), allColumns: [], progress: share } : samplesOf(48)(query);
        },
      },
    });
    await page.getByText("Reading samples… 25 %").waitFor();
    share = 0.5;
    await page.getByText("Reading samples… 50 %").waitFor();
    share = 1;
    await page.getByText("48 prompts").waitFor();
    assert.equal(await page.getByText("Reading samples").count(), 0);

    share = 0.75;
    await page.getByRole("textbox", { name: "Search" }).fill("answers 4");
    await page.getByText("Reading samples… 75 %").waitFor();
    share = 0.8;
    await turn.promise;
    await page.getByRole("tab", { name: "Metrics" }).click();
    await page.locator("salsa-samples").waitFor({ state: "hidden" });
    const atLeaving = nAsked;
    share = 0.9;
    left.resolve(undefined);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.equal(nAsked, atLeaving);
    await page.getByRole("tab", { name: "Samples" }).click();
    await page.getByText("Reading samples… 90 %").waitFor();
    share = 1;
    await page.getByText("48 prompts").waitFor();
  });

  it("says what to wait for when there are none", async () => {
    const page = await show(0);
    await page.getByText("No samples yet").waitFor();
  });

  for (const theme of THEMES) {
    it(`has no serious violation for axe in the ${theme} theme, with a sample open by tokens`, async () => {
      const page = await show(48);
      await open?.setTheme(theme);
      await page.getByText("salsa answers 1", { exact: true }).click();
      await page.getByRole("radio", { name: "Tokens" }).click();
      await page.getByRole("listbox", { name: "Tokens of salsa" }).waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }
});
