import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import {
  type DashboardFocus,
  type DashboardMethod,
  type DashboardRequests,
  PASSED_ON,
  type ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import { type RunSummary, SERVICE_PROTOCOL, type ServiceNotifications } from "../../engine/protocol/service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What stands behind a dashboard under test, in the place of the extension and its service. */
export interface Backend {
  runs(): Promise<readonly RunSummary[]>;
  request<M extends DashboardMethod>(method: M, params: DashboardRequests[M]["params"]): Promise<unknown>;
  /** Gives the backend the way to send messages of its own. */
  connect(send: (message: ToDashboard) => void): void;
  close(): Promise<void>;
}

/** Answers to requests by method; those that are missing are refused. */
export type Answers = {
  readonly [M in DashboardMethod]?: (
    params: DashboardRequests[M]["params"],
  ) => DashboardRequests[M]["result"] | Promise<DashboardRequests[M]["result"]>;
};

/** What the editor does for the dashboard, when nothing else is said. */
const EDITOR: Answers = {
  command: () => ({}),
  save: () => ({ saved: true }),
  openText: () => ({}),
  openFile: () => ({}),
  copy: () => ({}),
};

/** A backend in memory. */
export function backendOf(runs: readonly RunSummary[], answers: Answers): Backend {
  const all: Answers = { ...EDITOR, ...answers };
  return {
    runs: () => Promise.resolve(runs),
    request: async (method, params) => {
      const answer = all[method] as ((params: unknown) => unknown) | undefined;
      if (answer === undefined) throw new Error(`${method}: the fixture has no answer`);
      return await answer(params);
    },
    connect: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** The engine service on folders `.salsa`; what the editor does is as in `answers`. */
export async function serviceBackend(roots: readonly string[], answers: Answers = {}): Promise<Backend> {
  const child = spawn(process.execPath, ["engine/cli/main.ts", "serve"], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const listeners = new Set<(message: ToDashboard) => void>();
  const pass = (message: ToDashboard): void => listeners.forEach((listener) => listener(message));
  const known = new Map<string, RunSummary>();
  const found = Promise.withResolvers<undefined>();
  connection.onNotification("runs", (params: ServiceNotifications["runs"]) => {
    for (const summary of params.changed) known.set(summary.folder, summary);
    for (const folder of params.removed) known.delete(folder);
    found.resolve(undefined);
    pass({ kind: "runs", ...params });
  });
  connection.onNotification("runEvents", (params: ServiceNotifications["runEvents"]) =>
    pass({ kind: "runEvents", ...params }),
  );
  connection.onNotification("runReset", (params: ServiceNotifications["runReset"]) =>
    pass({ kind: "runReset", ...params }),
  );
  connection.listen();
  await connection.sendRequest("initialize", { protocol: SERVICE_PROTOCOL, client: "test" });
  await connection.sendRequest("setRoots", { roots });
  const memory = backendOf([], answers);
  return {
    runs: async () => {
      await found.promise;
      return [...known.values()];
    },
    request: (method, params) =>
      (PASSED_ON as readonly string[]).includes(method)
        ? connection.sendRequest(method, params)
        : memory.request(method, params),
    connect: (send) => listeners.add(send),
    close: () => ended(child, () => connection.dispose()),
  };
}

async function ended(child: ChildProcess, dispose: () => void): Promise<void> {
  const exit = once(child, "exit");
  child.kill();
  await exit;
  dispose();
}

/** The focus that shows these runs. */
export function focusOn(view: DashboardFocus["view"], ...runs: readonly string[]): DashboardFocus {
  return { view, runs };
}
