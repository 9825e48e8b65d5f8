/// <reference lib="dom" />
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { FIGURE_THEMES, type FigureTheme, lineFigure, readoutOf } from "../../../../engine/figures/index.ts";
import { htmlPage } from "../../../../engine/pipeline/report/html/page.ts";
import { describeInBrowser } from "../../../webview/chromium.ts";
import { seriousViolations } from "../../../e2e/host/axe.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const LINES = [
  { name: "ppo", curves: [{ x: [1, 2, 3], y: [0.5, 1, 1.5] }] },
  { name: "<b>salsa</b>", curves: [{ x: [2, 3], y: [2, NaN] }] },
];
const figure = {
  ...{ file: "figures/score.svg", title: "Score", readout: readoutOf(LINES) },
  svg: lineFigure({ title: "Score", x: { label: "step" }, y: { label: "score" }, lines: LINES, isInteractive: true }),
};
const HTML = htmlPage({ title: "demo", markdown: "# Demo\n\n![Score](figures/score.svg)", figures: [figure] });

describeInBrowser("a report in a browser", (browser) => {
  /** Opens the report, and fails where the page complains: its policy lets in nothing but its own script. */
  const opened = async (options: Parameters<Browser["newContext"]>[0], work: (page: Page) => Promise<void>) =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "report.html");
      await writeFile(file, HTML);
      const context = await browser().newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", ({ message }) => complaints.push(message));
      await page.goto(pathToFileURL(file).href);
      await work(page);
      await context.close();
      assert.deepEqual(complaints, []);
    });

  it("reads values off under the pointer and by the arrow keys", async () => {
    await opened({}, async (page) => {
      const stage = page.locator(".stage");
      const readout = page.locator(".readout");
      assert.equal(await readout.isVisible(), false);
      const box = await stage.boundingBox();
      assert.ok(box !== null);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      assert.equal(await readout.innerText(), "2\nppo 1\n<b>salsa</b> 2");
      await page.mouse.move(0, 0);
      assert.equal(await readout.isVisible(), false);
      await stage.focus();
      for (const expected of ["1\nppo 0.5", "2\nppo 1\n<b>salsa</b> 2", "3\nppo 1.5\n<b>salsa</b> –"]) {
        await page.keyboard.press("ArrowRight");
        assert.equal(await readout.innerText(), expected);
      }
      await page.keyboard.press("Escape");
      assert.equal(await readout.isVisible(), false);
    });
  });

  it("hides a line, in the figure and in what is read off", async () => {
    await opened({}, async (page) => {
      const toggle = page.getByRole("button", { name: "ppo" });
      assert.equal(await toggle.getAttribute("aria-pressed"), "true");
      await toggle.click();
      assert.equal(await toggle.getAttribute("aria-pressed"), "false");
      assert.deepEqual(
        await page
          .locator('[data-line="0"]')
          .evaluateAll((parts) => parts.map((part) => getComputedStyle(part).display)),
        ["none"],
      );
      await page.locator(".stage").focus();
      await page.keyboard.press("ArrowRight");
      assert.equal(await page.locator(".readout").innerText(), "2\n<b>salsa</b> 2");
    });
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`is accessible and fits 400 pixels, in the ${colorScheme} theme`, async () => {
      await opened({ colorScheme, viewport: { width: 400, height: 800 } }, async (page) => {
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
        assert.deepEqual(await seriousViolations(page.mainFrame()), []);
      });
    });
  }

  it("draws its figures on the page's ground, in the colours that arms have there, and prints them light", async () => {
    const { dark, light } = FIGURE_THEMES;
    const colours = async (page: Page): Promise<readonly string[]> =>
      page.locator("figure").evaluate((one) => {
        const styleOf = (selector: string): CSSStyleDeclaration => {
          const part = one.querySelector(selector);
          if (part === null) throw new Error(`the figure has no ${selector}`);
          return getComputedStyle(part);
        };
        const line = styleOf("path[data-line], [data-line] path").stroke;
        return [styleOf("svg rect").fill, line, styleOf(".toggles span").backgroundColor];
      });
    const rgb = (hex: string): string =>
      `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;
    const wanted = ({ background, series }: FigureTheme): readonly string[] =>
      [background, series[0] ?? "", series[0] ?? ""].map(rgb);
    await opened({ colorScheme: "dark" }, async (page) => {
      assert.deepEqual(await colours(page), wanted(dark));
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      assert.deepEqual(await colours(page), wanted(light));
    });
  });

  it("shows its figures without scripts, and prints nothing that only a screen can use", async () => {
    await opened({ javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator("figure svg path").count(), 1 + 0);
      assert.equal(await page.locator(".toggles").count(), 0);
    });
    await opened({}, async (page) => {
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      assert.equal(await page.locator(".toggles").isVisible(), false);
      const [ground] = await page
        .locator("body")
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
      assert.equal(ground, "rgb(255, 255, 255)");
    });
  });
});
