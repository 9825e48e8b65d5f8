import { PassThrough } from "node:stream";
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import {
  type RunSummary,
  SERVICE_PROTOCOL,
  type ServiceNotifications,
  type ServiceRequests,
} from "../../engine/protocol/service.ts";
import { serve } from "../../engine/server/service/serve.ts";
import { condition } from "../engine/server/served.ts";

/** An editor's window: a client, and a service of its own in this process, so that the memory of both can be measured. */
export interface Window {
  /** As its list shows them. */
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** Steps of RLHF that it has heard of by events, by the run's folder. */
  stepsOf(folder: string): number;
  ask<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
  ): Promise<ServiceRequests[M]["result"]>;
  /** Resolves when a condition on what it was sent holds. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Opens a window on a folder of runs. */
export async function openWindow(root: string, client: string): Promise<Window> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const ending = new AbortController();
  const served = serve({ input, output, version: "1.2.3", signal: ending.signal });
  const connection = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
  const news = condition();
  const runs = new Map<string, RunSummary>();
  const steps = new Map<string, number>();
  const on = listener(connection, news.check);
  on("runs", ({ changed, removed }) => {
    for (const run of changed) runs.set(run.folder, run);
    for (const folder of removed) {
      runs.delete(folder);
      steps.delete(folder);
    }
  });
  on("runEvents", ({ folder, events }) => {
    for (const event of events) {
      if (event.kind === "progress" && event.stage === "ppo") steps.set(folder, event.step);
    }
  });
  on("runReset", ({ outline: { folder, stages } }) => {
    steps.set(folder, stages.find(({ id }) => id === "ppo")?.step ?? 0);
  });
  connection.listen();
  await connection.sendRequest("initialize", { protocol: SERVICE_PROTOCOL, client, isTrusted: true });
  await connection.sendRequest("setRoots", { roots: [root] });
  return {
    runs,
    stepsOf: (folder) => steps.get(folder) ?? 0,
    ask: (method, params) => connection.sendRequest(method, params),
    until: (holds) => news.until(holds),
    close: async () => {
      connection.dispose();
      ending.abort();
      await served;
    },
  };
}

function listener(connection: MessageConnection, heard: () => void) {
  return <N extends keyof ServiceNotifications>(name: N, take: (params: ServiceNotifications[N]) => void): void => {
    connection.onNotification(name, (params: ServiceNotifications[N]) => {
      take(params);
      heard();
    });
  };
}
