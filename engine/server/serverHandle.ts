import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RunEvent } from "../protocol/events.ts";
import { errorText, logLine } from "./engineLog.ts";
import type { FromThread, ServerStart, ToThread } from "./threadMessages.ts";

/** The main thread's handle on the thread that serves its run. If that thread fails, the run continues unserved. */
export class ServerHandle {
  private readonly worker: Worker;
  private readonly exited: Promise<unknown>;

  private constructor(worker: Worker, stop: (client: string) => void) {
    this.worker = worker;
    this.exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.on("message", (message: FromThread) => {
      if (message.kind === "stop") stop(message.client);
    });
    worker.on("error", (error) => logLine(`nobody can attach any more: ${errorText(error)}`));
  }

  /**
   * Starts the thread and waits until it listens.
   * @throws {DiskError} when the address cannot be used.
   */
  static async start(settings: ServerStart, stop: (client: string) => void): Promise<ServerHandle> {
    const worker = new Worker(threadFile(), { workerData: settings, name: "salsa-server" });
    await once(worker, "message");
    return new ServerHandle(worker, stop);
  }

  open(run: { readonly run: string; readonly folder: string }): void {
    this.post({ kind: "open", ...run });
  }

  publish(event: RunEvent): void {
    this.post({ kind: "event", event });
  }

  /** Lets clients read to the end, then ends the thread. */
  async close(): Promise<void> {
    this.post({ kind: "close" });
    await this.exited;
  }

  private post(message: ToThread): void {
    this.worker.postMessage(message);
  }
}

/** The thread's file lies beside this one, as source or bundled. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./serverThread.ts" : "./serverThread.js", import.meta.url);
}
