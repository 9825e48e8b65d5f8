import { appendFileSync } from "node:fs";
import Mocha from "mocha";

/** How a test inside the extension host ended. */
export interface TestResult {
  /** Titles of its suites, then its own. */
  readonly titles: readonly string[];
  /** Stack, or message; absent when it passed. */
  readonly error?: string;
}

/** The environment variable that says which file the results go to. */
export const RESULTS_FILE = "SALSA_EXTENSION_HOST_RESULTS";

/** The last line of that file, after one line of JSON for each test. */
export const END = "end";

/** Long enough for an engine to start beside a browser on two cores. */
const TIMEOUT_MS = 30_000;

/**
 * Runs tests with mocha inside VS Code's extension host, where `vscode` can be imported, and writes how each ended.
 *
 * @param declare - Declares the suites, with mocha's globals.
 */
export async function runInside(declare: () => void): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: TIMEOUT_MS, reporter: Mocha.reporters.Base });
  // Mocha puts its globals in place when it is about to read a file; here the files are in the bundle already.
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  declare();
  const write = (line: string): void => appendFileSync(String(process.env[RESULTS_FILE]), `${line}\n`);
  const tell = (result: TestResult): void => write(JSON.stringify(result));
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("pass", (test) => tell({ titles: test.titlePath() }));
    runner.on("fail", (test, error: Error) => tell({ titles: test.titlePath(), error: error.stack ?? error.message }));
  });
  write(END);
}
