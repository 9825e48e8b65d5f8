import { once } from "node:events";
import { globSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { launchBrowser } from "./browser.ts";
import { startHost } from "./host.ts";
import { END, RESULTS_FILE, type TestResult } from "./insideHost.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const INSIDE = fileURLToPath(new URL("./insideHost.ts", import.meta.url));
const MOCHA = join(ROOT, "node_modules/mocha/index.js");

/** Files of tests that import `vscode`. */
export function extensionTestFiles(): readonly string[] {
  return globSync("test/extension/**/*.exthost.ts", { cwd: ROOT }).sort();
}

/**
 * Runs test files inside the extension host of a real VS Code, with the extension as `npm run build` has left it, on an
 * empty workspace: nothing in it activates the extension, so the tests see that happen.
 *
 * @param files - Paths in the repository.
 * @param timeoutMs - How long they may take together.
 * @param env - Further variables of the host.
 * @throws {Error} with the results so far and the host's output, if the tests do not come to an end.
 */
export async function runExtensionTests(
  files: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly TestResult[]> {
  const folder = await fs.mkdtemp(join(tmpdir(), "salsa-exthost-"));
  const results = join(folder, "results.json");
  const tests = join(folder, "tests.cjs");
  await bundleTests(files, tests);
  const host = await startHost({ driver: true, env: { ...env, [RESULTS_FILE]: results } });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const printed: string[] = [];
    // The workbench calls these two under the smoke test driver.
    const { promise: finished, resolve: finish } = Promise.withResolvers<unknown>();
    await page.exposeFunction("codeAutomationExit", finish);
    await page.exposeFunction("codeAutomationLog", (_: string, lines: readonly unknown[]) =>
      printed.push(lines.map(String).join(" ")),
    );
    const remote = (path: string): string => `vscode-remote://${host.authority}${path}`;
    const payload = [
      ["extensionDevelopmentPath", remote(ROOT.replace(/\/$/, ""))],
      ["extensionTestsPath", remote(tests)],
      ["skipWelcome", "true"],
    ];
    await page.goto(host.url({ payload: JSON.stringify(payload) }), { waitUntil: "domcontentloaded" });
    await Promise.race([finished, once(AbortSignal.timeout(timeoutMs), "abort")]);
    const lines = (await fs.readFile(results, "utf8").catch(() => "")).trimEnd().split("\n");
    if (lines.pop() !== END) {
      const told = [...lines, ...printed, host.output()].join("\n");
      throw new Error(`extension host: the tests did not come to an end within ${timeoutMs / 1000} s:\n${told}`);
    }
    return lines.map((line) => JSON.parse(line) as TestResult);
  } finally {
    await browser.close();
    await host.stop();
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function bundleTests(files: readonly string[], outfile: string): Promise<void> {
  const requires = files.map((file) => `require(${JSON.stringify(join(ROOT, file))});`).join("\n");
  await esbuild.build({
    stdin: {
      contents: `import { runInside } from ${JSON.stringify(INSIDE)};\nexport const run = () => runInside(() => {\n${requires}\n});`,
      resolveDir: ROOT,
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    mainFields: ["module", "main"], // jsonc-parser's CommonJS build asks for its parts when it runs
    sourcemap: "inline",
    // Mocha reads files of its own package.
    alias: { mocha: MOCHA },
    external: ["vscode", MOCHA],
    logLevel: "warning",
  });
}
