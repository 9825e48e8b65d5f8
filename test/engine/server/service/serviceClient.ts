import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import type { RunEvent } from "../../../../engine/protocol/events.ts";
import {
  type RunOutline,
  type RunSummary,
  SERVICE_PROTOCOL,
  type ServiceNotifications,
  type ServiceRequests,
} from "../../../../engine/protocol/service.ts";
import { condition } from "../served.ts";
import { salsaProgram } from "../../../program.ts";

const MAIN = salsaProgram();

/** A service as its editor sees it: a process of its own, and its notifications. */
export interface ServiceClient {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  /** As the notifications add up to. */
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** Every notification about runs, in order. */
  readonly news: readonly ServiceNotifications["runs"][];
  readonly events: readonly RunEvent[];
  /** Notifications that the events came in. */
  readonly batches: number;
  readonly resets: readonly RunOutline[];
  /** The sequence number that a followed run has come to, by outlines and events. */
  next(folder: string): number;
  /** Events that came though one before them had not. */
  readonly gaps: readonly RunEvent[];
  readonly logged: readonly string[];
  readonly ask: <M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
  ) => Promise<ServiceRequests[M]["result"]>;
  /** Resolves when a condition on the notifications holds. */
  until(holds: () => boolean): Promise<void>;
  /** Closes its standard input. @returns Its exit code. */
  end(): Promise<number | null>;
}

/** Works with a service that has been initialized; it is ended afterwards. */
export async function withService<T>(work: (client: ServiceClient) => Promise<T>): Promise<T> {
  const client = startService();
  try {
    await client.ask("initialize", { protocol: SERVICE_PROTOCOL, client: "test 1", isTrusted: true });
    return await work(client);
  } finally {
    client.connection.dispose();
    client.child.kill("SIGKILL");
  }
}

/** A service that has received no request yet. */
export function startService(): ServiceClient {
  const child = spawn(process.execPath, [MAIN, "serve"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const told = condition();
  const runs = new Map<string, RunSummary>();
  const news: ServiceNotifications["runs"][] = [];
  const events: RunEvent[] = [];
  const resets: RunOutline[] = [];
  const logged: string[] = [];
  const next = new Map<string, number>();
  const gaps: RunEvent[] = [];
  const reached = (folder: string, sequence: number): void => {
    next.set(folder, Math.max(sequence, next.get(folder) ?? 0));
  };
  const on = <N extends keyof ServiceNotifications>(name: N, take: (params: ServiceNotifications[N]) => void): void => {
    connection.onNotification(name, (params: ServiceNotifications[N]) => {
      take(params);
      told.check();
    });
  };
  on("runs", (more) => {
    news.push(more);
    for (const run of more.changed) runs.set(run.folder, run);
    for (const folder of more.removed) runs.delete(folder);
  });
  let batches = 0;
  on("runEvents", (more) => {
    batches += 1;
    for (const event of more.events) {
      if (event.sequence > (next.get(more.folder) ?? 0)) gaps.push(event);
      reached(more.folder, event.sequence + 1);
      events.push(event);
    }
  });
  on("runReset", ({ outline }) => {
    reached(outline.folder, outline.nextSequence);
    resets.push(outline);
  });
  on("log", ({ message }) => logged.push(message));
  connection.onError(() => undefined);
  connection.listen();
  const exited = once(child, "exit") as Promise<[number | null]>;
  return {
    ...{ child, connection, runs, news, events, resets, logged },
    get batches() {
      return batches;
    },
    gaps,
    next: (folder) => next.get(folder) ?? 0,
    ask: async <M extends keyof ServiceRequests>(method: M, params: ServiceRequests[M]["params"]) => {
      const result = await connection.sendRequest<ServiceRequests[M]["result"]>(method, params);
      if (method === "follow") {
        const { folder, nextSequence } = result as RunOutline;
        reached(folder, nextSequence);
      }
      return result;
    },
    until: (holds) => told.until(holds),
    end: async () => {
      child.stdin.end();
      const [code] = await exited;
      return code;
    },
  };
}
