import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "./host/browser.ts";
import { type Host, type HostOptions, startHost } from "./host/host.ts";
import { openWorkbench, runAndPick, runCommand, screenshot } from "./host/workbench.ts";
import { waitFor } from "./waiting.ts";

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The whole recipe in miniature: seconds of work, with every kind of stage, several arms and a table. */
export const SHORT_CONFIG = `{
  // A short run of the demo.
  "preset": "miniinstruct",
  "name": "demo",
  "model": { "pretrain": { "steps": 400 } },
  "sft": { "seeds": [1, 2], "steps": 60 },
  "reward": { "pairs": 600, "epochs": 1 },
  "soups": { "soup": { "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.5 }, "soup3": null },
  "rlhf": { "iterations": 110 },
  "arms": { "ppo": { "reference": "sft-1" }, "salsa": { "reference": "soup" }, "salsa-3": null, "mkl": null },
  "evaluation": { "prompts": 128, "pairs": [["salsa", "ppo"], ["salsa", "sft-1"]] },
  "runtime": { "checkpointEvery": 10 }
}
`;

let packaged: string | undefined;

/** The VSIX of this machine: $SALSA_VSIX, or built from the tree as it is, once for all suites of a process. */
export function vsix(): string {
  const given = process.env["SALSA_VSIX"];
  if (given !== undefined) return given;
  if (packaged !== undefined) return packaged;
  const started = Date.now();
  execFileSync(process.execPath, [join(ROOT, "extension/build/package.ts")], { cwd: ROOT, stdio: "ignore" });
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  const suffix = `${process.platform}-${process.arch}-${version}.vsix`;
  const name = readdirSync(ROOT).find((one) => one.endsWith(suffix));
  if (name === undefined || statSync(join(ROOT, name)).mtimeMs < started) {
    throw new Error(`npm run package left no new *${suffix} in ${ROOT}`);
  }
  packaged = join(ROOT, name);
  return packaged;
}

/** A workbench with the packaged extension, in a browser. */
export interface Session {
  readonly host: Host;
  readonly browser: Browser;
  readonly page: Page;
  close(): Promise<void>;
}

/** Installs the VSIX into a fresh VS Code, and opens its workbench. */
export async function startSession(
  options: HostOptions = {},
  query: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const host = await startHost({ vsix: [vsix()], ...options });
  const browser = await launchBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const page = await context.newPage();
  await openWorkbench(page, host.url(query));
  return {
    host,
    browser,
    page,
    close: async () => {
      await browser.close();
      await host.stop();
    },
  };
}

/** Ids of the runs in a session's workspace. */
export function runsOf({ host }: Session): readonly string[] {
  const runs = join(host.workspace, ".salsa/runs");
  return existsSync(runs) ? readdirSync(runs) : [];
}

/**
 * Runs a config from the palette: the one in the active editor, or the one that is named.
 *
 * @returns The run's id, once it has begun.
 */
export async function startRun(session: Session, page: Page, config?: string): Promise<string> {
  const before = new Set(runsOf(session));
  if (config === undefined) await runCommand(page, "SALSA: Run Config");
  else await runAndPick(page, "SALSA: Run Config", config);
  const begun = (): string | undefined =>
    runsOf(session).find(
      (id) => !before.has(id) && existsSync(join(session.host.workspace, ".salsa/runs", id, "events.jsonl")),
    );
  await waitFor(() => begun() !== undefined, "the run");
  return begun() ?? "";
}

/** The folder that the VSIX of a session was unpacked into. */
export function installedIn({ extensions }: Host): string {
  const folder = readdirSync(extensions).find((name) => name.startsWith("salsa."));
  if (folder === undefined) throw new Error(`${extensions}: the extension is not installed`);
  return join(extensions, folder);
}

/** Keeps a picture of the page when a test has failed or is tried again. Call it in `afterEach`. */
export async function picture(test: Mocha.Test | undefined, page: Page): Promise<void> {
  if (test === undefined || test.state === "passed") return;
  const name = `${test.title.replace(/\W+/g, "-").slice(0, 60)}-${test.state ?? "retried"}`;
  await screenshot(page, `failed-${name}`).catch(() => undefined);
}
