import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import type { DashboardFocus, FromDashboard, ToDashboard } from "../../../engine/protocol/dashboard.ts";
import type { RunSummary } from "../../../engine/protocol/service.ts";
import { ServiceClient } from "../../../extension/engine/serviceClient.ts";
import { type HostActions, PageSession } from "../../../extension/panels/session.ts";
import { backendOf } from "../../webview/backend.ts";
import { openDashboard } from "../../webview/page.ts";
import { Relay } from "./relay.ts";

const MAIN = fileURLToPath(new URL("../../../engine/cli/main.ts", import.meta.url));
/** Milliseconds that anything may take: reading a hundred thousand samples on a busy machine takes many seconds. */
const READING_TIMEOUT_MS = 120_000;

/** A dashboard with all that stands behind it in VS Code but the editor. */
export interface HostedDashboard {
  readonly page: Page;
  readonly service: ServiceClient;
  /** When the service last answered a request of the page's; milliseconds since 1970. */
  answeredAt(): number;
  close(): Promise<void>;
}

/** Runs and view to open. */
export interface HostSettings {
  /** A folder `.salsa`. */
  readonly root: string;
  /** Runs that are in it: the service has read their outlines before the page opens. */
  readonly nRuns: number;
  readonly focus: DashboardFocus;
}

/**
 * Opens the dashboard behind the extension's own client and session, on the real service. Only the page's requests,
 * which are small, come through DevTools.
 */
export async function openHosted(
  browser: Browser,
  { root, nRuns, focus }: HostSettings,
  log: (line: string) => void,
): Promise<HostedDashboard> {
  const service = serviceOf(log);
  const runs = await readRuns(service, root, nRuns);
  const bridged = Promise.withResolvers<undefined>();
  // The page's "ready" is answered only once the session receives its further messages.
  const backend = { ...backendOf([], {}), runs: () => bridged.promise.then(() => [...runs.values()]) };
  const opened = await openDashboard(browser, backend, { focus });
  const { page } = opened;
  page.setDefaultTimeout(READING_TIMEOUT_MS);
  const relay = await Relay.open(page);
  const failures: string[] = [];
  let answeredAt = 0;
  const post = (message: ToDashboard): Promise<void> => {
    if (message.kind === "response") answeredAt = Date.now();
    return relay.post(message);
  };
  const session = new PageSession({
    service,
    post,
    actions: REFUSALS,
    log: (line) => void failures.push(line),
  });
  await sendTo(page, session);
  await page.evaluate(() => {
    const bridge = window as unknown as Record<"toExtension" | "toSession", unknown>;
    bridge.toExtension = bridge.toSession;
  });
  service.on("runs", (changes) => session.runs(changes));
  bridged.resolve(undefined);
  return {
    page,
    service,
    answeredAt: () => answeredAt,
    close: async () => {
      session.dispose();
      relay.close();
      const problems = [...failures, ...opened.errors];
      await opened.close();
      service.dispose();
      if (problems.length > 0) throw new Error(`the dashboard had problems: ${problems.join("; ")}`);
    },
  };
}

/** Sessions of pages, which are used again. */
const sessions = new WeakMap<Page, PageSession>();

/** Has the page's requests answered by a session from now on. */
async function sendTo(page: Page, session: PageSession): Promise<void> {
  const isKnown = sessions.has(page);
  sessions.set(page, session);
  if (isKnown) return;
  await page.exposeFunction("toSession", async (message: FromDashboard) => {
    if (message.kind === "request") await sessions.get(page)?.answer(message);
  });
}

/** The real service, as an editor has it. */
export function serviceOf(log: (line: string) => void): ServiceClient {
  return new ServiceClient({
    client: "bench",
    isTrusted: () => true,
    runtime: () => Promise.resolve({ node: process.execPath, main: MAIN, env: process.env, isOwnNode: true }),
    onText: () => undefined,
    onLog: () => undefined,
    onGiveUp: (error) => log(error.message),
  });
}

/** Runs of a root, once the service has read that many. */
export async function readRuns(
  service: ServiceClient,
  root: string,
  nRuns: number,
): Promise<ReadonlyMap<string, RunSummary>> {
  const runs = new Map<string, RunSummary>();
  const all = Promise.withResolvers<undefined>();
  const timer = setTimeout(
    () => all.reject(new Error(`the service has not read ${nRuns} runs of ${root}`)),
    READING_TIMEOUT_MS,
  );
  service.on("runs", ({ changed }) => {
    for (const run of changed) runs.set(run.folder, run);
    if (runs.size >= nRuns) all.resolve(undefined);
  });
  await service.request("setRoots", { roots: [root] });
  await all.promise;
  clearTimeout(timer);
  return runs;
}

const refuse = (): Promise<never> => Promise.reject(new Error("the benchmark has no editor"));

/** The page is not to ask for the editor. */
const REFUSALS: HostActions = {
  command: refuse,
  save: refuse,
  openText: refuse,
  openFile: refuse,
  copy: refuse,
  promote: refuse,
  pinPrompt: refuse,
  measureFigure: refuse,
};
