/// <reference lib="dom" />
import assert from "node:assert/strict";
import { csvOf } from "../../../webview/figures/export.ts";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";
import { THEMES } from "../webView.ts";
import { FIGURES } from "./views.ts";

describe("a figure as CSV", () => {
  it("has every number behind it", () => {
    const spec = FIGURES[0]?.spec;
    assert.ok(spec !== undefined);
    assert.deepEqual(csvOf(spec).split("\n").slice(0, 3), [
      "panel,series,x,value,low,high,n,seeds",
      "inDistribution,against ppo,0,0.5,,,1024,1",
      "inDistribution,against ppo,0.5,0.55,0.53,0.57,1024,1",
    ]);
  });
});

describeInBrowser("the view of figures", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  async function show(
    figures: typeof FIGURES = FIGURES,
    theme: (typeof THEMES)[number] = "dark",
  ): Promise<DashboardPage> {
    const run = demoRun();
    const backend = fixtureBackend([run], { figures: () => figures });
    open = await openDashboard(browser(), backend, { focus: { view: "figures", runs: [run.folder] }, theme });
    await open.page.getByRole("heading", { name: "The paper's figures for this run" }).waitFor();
    return open;
  }

  it("draws what can be drawn, and says of the rest what is missing and how to get it", async () => {
    const { page, asked } = await show();
    await page.getByText("1 of 2 can be drawn").waitFor();
    await page.getByRole("img", { name: /^Win rate against ppo by α/ }).waitFor();
    const line = page.getByRole("article", { name: "Figures 2a and 2b: Reward along the line" });
    await line.getByText("It is not measured yet").waitFor();
    await line.getByRole("button", { name: "Copy Command" }).click();
    await page.getByRole("button", { name: "Copy for the Config" }).click();
    const copied = asked.flatMap((one) => (one.method === "copy" ? [one.params.text] : []));
    assert.deepEqual(copied, ["salsa figure line demo-1", '"arms": { "alpha-75": { "reference": "soup75" } }']);
  });

  it("measures a figure in the editor, one at a time, and draws it then", async () => {
    let isMeasured = false;
    let finish = (): void => undefined;
    const [drawn, line] = FIGURES;
    assert.ok(drawn?.spec !== undefined && line !== undefined);
    const { spec } = drawn;
    const run = demoRun();
    const backend = fixtureBackend([run], {
      figures: () => [drawn, isMeasured ? { ...line, spec, lacks: [] } : line],
      measureFigure: async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        isMeasured = true;
        return {};
      },
    });
    open = await openDashboard(browser(), backend, { focus: { view: "figures", runs: [run.folder] }, theme: "dark" });
    const { page, asked } = open;
    const article = page.getByRole("article", { name: "Figures 2a and 2b: Reward along the line" });
    await article.getByRole("button", { name: "Measure", exact: true }).click();
    await article.locator("vscode-button[disabled]", { hasText: "Measuring…" }).waitFor();
    finish();
    await page.getByText("2 of 2 can be drawn").waitFor();
    assert.equal(await article.getByRole("button", { name: "Measure", exact: true }).count(), 0);
    const sent = asked.flatMap((one) => (one.method === "measureFigure" ? [one.params] : []));
    assert.deepEqual(sent, [{ folder: run.folder, figure: "line" }]);
  });

  it("tells value, interval and n where it is pointed at, and by the keyboard", async () => {
    const { page } = await show();
    const picture = page.getByRole("img", { name: /^Win rate against ppo by α/ });
    const status = page.getByRole("status");
    await picture.press("ArrowRight");
    await picture.press("ArrowRight");
    const told = "against ppo, α 0.5: 55.0 % (53.0 to 57.0), n = 1,024, one seed";
    await status.getByText(told).waitFor();
    await picture.press("End");
    await status.getByText("against ppo, α 1: 40.0 %").waitFor();
    await picture.press("Escape");
    await page.waitForFunction(() => true);
    assert.equal(await page.locator(".ring").count(), 0);
    await picture.press("Home");
    await page.locator(".tip").getByText("α 0: 50.0 %").waitFor();
    const ring = await page.locator(".ring").boundingBox();
    assert.ok(ring !== null);
    await page.mouse.move(0, 0);
    await page.mouse.move(ring.x + ring.width / 2 + 3, ring.y + ring.height / 2);
    await page.locator(".tip").getByText("α 0: 50.0 %").waitFor();
  });

  it("keeps what is read off while the figure is drawn again", async () => {
    const { page } = await show();
    const picture = page.getByRole("img", { name: /^Win rate against ppo by α/ });
    await picture.press("End");
    await page.locator(".tip").getByText("α 1: 40.0 %").waitFor();
    const before = await picture.locator("img").getAttribute("width");
    const { height = 0 } = page.viewportSize() ?? {};
    await page.setViewportSize({ width: 420, height });
    await picture.locator(`img:not([width="${before}"])`).waitFor();
    await page.locator(".tip").getByText("α 1: 40.0 %").waitFor();
  });

  it("keeps to the panel that is read while the figure is drawn again, where another has the same values", async () => {
    const [alpha] = FIGURES;
    const [panel] = alpha?.spec?.panels ?? [];
    assert.ok(alpha?.spec !== undefined && panel !== undefined);
    const panels = [panel, { ...panel, title: "outOfDistribution" }];
    const { page } = await show([{ ...alpha, spec: { ...alpha.spec, panels } }]);
    const picture = page.getByRole("img", { name: /^Win rate against ppo by α/ });
    await picture.press("End");
    await page.locator(".ring").waitFor();
    const before = await picture.locator("img").getAttribute("width");
    const { height = 0 } = page.viewportSize() ?? {};
    await page.setViewportSize({ width: 420, height });
    await picture.locator(`img:not([width="${before}"])`).waitFor();
    // The panels stand below each other now.
    const [ring, whole] = [await page.locator(".ring").boundingBox(), await picture.boundingBox()];
    assert.ok(ring !== null && whole !== null);
    assert.ok(ring.y > whole.y + whole.height / 2, "in the lower panel");
  });

  it("zooms in on what is dragged over, and out again", async () => {
    const { page } = await show();
    const picture = page.getByRole("img", { name: /^Win rate against ppo by α/ });
    await picture.press("Home");
    const from = await page.locator(".ring").boundingBox();
    await picture.press("ArrowRight");
    const to = await page.locator(".ring").boundingBox();
    assert.ok(from !== null && to !== null);
    await page.mouse.move(from.x + 40, from.y + 40);
    await page.mouse.down();
    await page.mouse.move(to.x + 40, to.y + 40);
    await page.mouse.up();
    await picture.press("Home");
    await page.locator(".tip").getByText("α 0.5: 55.0 %").waitFor();
    await picture.press("Escape");
    await picture.press("Home");
    await page.locator(".tip").getByText("α 0: 50.0 %").waitFor();
  });

  for (const [format, extension, pattern] of [
    ["SVG", "svg", /^<svg[^]*Win rate against ppo/],
    ["PNG", "png", /^iVBOR/],
    ["CSV", "csv", /^panel,series,x,value/],
    ["LaTeX", "tex", /^\\begin\{tabular\}\{llrr[^]*\npanel & series & x & value /],
  ] as const) {
    it(`saves a figure as ${format}`, async () => {
      const { page, asked } = await show();
      await page.getByRole("button", { name: "Plot of Win rate by α" }).click();
      await page.getByRole("menuitem", { name: `Save as ${format}…` }).click();
      while (!asked.some(({ method }) => method === "save"))
        await page.evaluate(() => new Promise(requestAnimationFrame));
      const { name, content } = asked.flatMap((one) => (one.method === "save" ? [one.params] : []))[0] ?? {};
      assert.equal(name, `alpha.${extension}`);
      assert.match(content === undefined ? "" : "text" in content ? content.text : content.base64, pattern);
    });
  }

  it("asks again when it is to, and says when nothing can be drawn", async () => {
    const { page, asked } = await show(FIGURES.slice(1));
    await page.getByText("No figure can be drawn yet").waitFor();
    const count = (): number => asked.filter(({ method }) => method === "figures").length;
    const before = count();
    await page.getByRole("button", { name: "Refresh" }).click();
    while (count() === before) await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(count(), before + 1);
  });

  it("keeps buttons to be read under the pointer in high contrast light, which has no colour for that", async () => {
    const { page } = await show(FIGURES, "highContrastLight");
    const button = page.locator("vscode-button", { hasText: "Refresh" });
    await button.hover();
    const looks = await button.evaluate((one) => {
      const base = one.shadowRoot?.querySelector(".base") ?? one;
      return [getComputedStyle(base).backgroundColor, getComputedStyle(one).color];
    });
    assert.deepEqual(looks, ["rgb(255, 255, 255)", "rgb(41, 41, 41)"]);
  });

  for (const theme of THEMES) {
    it(`has no serious violation for axe in the ${theme} theme, a menu open and values read off`, async () => {
      const { page } = await show(FIGURES, theme);
      await page.getByRole("img", { name: /^Win rate against ppo by α/ }).press("Home");
      await page.locator(".tip").waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await page.getByRole("button", { name: "Plot of Win rate by α" }).click();
      await page.getByRole("menuitem", { name: "Save as LaTeX…" }).waitFor();
      assert.deepEqual(await axeViolations(page), []);
    });
  }

  it("draws on every ground in colours that are seen there", async () => {
    for (const theme of THEMES) {
      const { page } = await show(FIGURES, theme);
      const source = await page.locator("img").first().getAttribute("src");
      const svg = decodeURIComponent(source ?? "");
      assert.ok(svg.includes('fill="none" rx="6"'), "the editor's own ground");
      assert.ok(svg.includes(/light$/i.test(theme) ? 'fill="#1f2328"' : 'fill="#e6e6e6"'), theme);
      await open?.close();
      open = undefined;
    }
  });
});
