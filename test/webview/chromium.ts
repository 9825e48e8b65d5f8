import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Names under which Chromium, Chrome and Edge are installed. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The browser to test with: `CHROMIUM`, or one on PATH; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(":");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

/**
 * A suite that needs a browser, which is open while it runs. Without one the suite is left out with one line, and is a
 * failure under CI.
 */
export function describeInBrowser(title: string, suite: (browser: () => Browser) => void): void {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const remedy = "install Debian's chromium, Chrome or Edge, or set CHROMIUM to one";
    if (process.env["CI"] === undefined) process.stdout.write(`left out: ${title}: no browser; ${remedy}\n`);
    else describe(title, () => it(`finds a browser (${remedy})`, () => Promise.reject(new Error("no browser found"))));
    return;
  }
  describe(title, function () {
    this.timeout(120_000);
    let browser: Browser | undefined;
    before(async () => {
      browser = await openBrowser(executablePath);
    });
    after(() => browser?.close());
    suite(() => {
      if (browser === undefined) throw new Error("the browser is opened before the first test");
      return browser;
    });
  });
}

/** Opens a browser without a window. */
export function openBrowser(executablePath = findChromium()): Promise<Browser> {
  if (executablePath === undefined) throw new Error("open browser: none found; set CHROMIUM to one");
  return chromium.launch({ executablePath, headless: true, args: ARGUMENTS });
}
