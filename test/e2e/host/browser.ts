import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Programs of the family that Playwright drives, by name on PATH and by where installers put them. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Advice where no browser is found, in a line. */
export const NO_BROWSER =
  "no Chromium, Chrome or Edge: the end-to-end suite is left out. Install one (Debian: apt-get install chromium fonts-liberation; others: Google Chrome), or name it in CHROMIUM";

/** @returns Path of the browser: $CHROMIUM, or the first that is installed; undefined where there is none. */
export function findBrowser(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PLACES].find(isExecutable);
}

/**
 * Starts the browser, without a window unless $HEADED is set.
 * @throws {Error} with the program to install where there is none.
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error(NO_BROWSER);
  return chromium.launch({
    executablePath,
    headless: process.env["HEADED"] === undefined,
    // Only pages of this machine are opened, and root, as in containers, has no sandbox.
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });
}

/**
 * Declares a suite that needs a browser and a VS Code host.
 *
 * Where there is no browser, it reports once what to install and declares nothing; under CI that is a failure.
 */
export function describeInVsCode(title: string, suite: (this: Mocha.Suite) => void): void {
  if (findBrowser() !== undefined && process.platform !== "win32") {
    describe(title, function () {
      // On a busy machine the workbench now and then loses a click: a test that fails twice is wrong.
      this.retries(1);
      suite.call(this);
    });
    return;
  }
  const reason = process.platform === "win32" ? NO_HOST : NO_BROWSER;
  if (process.env["CI"] !== undefined && process.platform !== "win32") throw new Error(reason);
  if (!told) process.stderr.write(`${reason}\n`);
  told = true;
}

const NO_HOST = "VS Code's server does not run on Windows: the end-to-end suite is left out";
let told = false;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
