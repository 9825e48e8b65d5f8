import type { Browser } from "playwright-core";
import { findBrowser, launchBrowser } from "../e2e/host/browser.ts";

/**
 * A suite that needs a browser, which is open while it runs. Without one the suite is left out with one line, and is a
 * failure under CI.
 */
export function describeInBrowser(title: string, suite: (browser: () => Browser) => void): void {
  if (findBrowser() === undefined) {
    const remedy = "install Debian's chromium, Chrome or Edge, or set CHROMIUM to one";
    if (process.env["CI"] === undefined) process.stdout.write(`left out: ${title}: no browser; ${remedy}\n`);
    else describe(title, () => it(`finds a browser (${remedy})`, () => Promise.reject(new Error("no browser found"))));
    return;
  }
  describe(title, function () {
    this.timeout(120_000);
    let browser: Browser | undefined;
    before(async () => {
      browser = await launchBrowser();
    });
    after(() => browser?.close());
    suite(() => {
      if (browser === undefined) throw new Error("the browser is opened before the first test");
      return browser;
    });
  });
}
