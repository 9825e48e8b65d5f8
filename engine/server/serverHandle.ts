import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { EditorAnswer, EditorCall, WaitReason } from "../protocol/editorModels.ts";
import type { RunEvent } from "../protocol/events.ts";
import type { RunWindows } from "../pipeline/index.ts";
import { errorText, logLine } from "./engineLog.ts";
import type { FromThread, ServerStart, ToThread } from "./threadMessages.ts";

/** The main thread's handle on the thread that serves its run. If that thread fails, the run continues unserved. */
export class ServerHandle implements RunWindows {
  private readonly worker: Worker;
  private readonly exited: Promise<unknown>;
  private readonly asked = new Map<number, PromiseWithResolvers<EditorAnswer>>();
  private nextId = 0;
  private gone: Error | undefined;
  private waitListener: (model: string, reason: WaitReason | null) => void = () => undefined;

  private constructor(worker: Worker, stop: (client: string) => void) {
    this.worker = worker;
    this.exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.on("message", (message: FromThread) => {
      if (message.kind === "stop") stop(message.client);
      if (message.kind === "wait") this.waitListener(message.model, message.reason);
      if (message.kind === "answer") this.asked.get(message.id)?.resolve(message.answer);
    });
    worker.on("error", (error) => {
      logLine(`nobody can attach any more: ${errorText(error)}`);
      this.gone = new Error("no window can reach this run any more: resume it", { cause: error });
      for (const { reject } of this.asked.values()) reject(this.gone);
    });
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

  async ask(call: EditorCall, deadlineMs: number, signal: AbortSignal): Promise<EditorAnswer> {
    signal.throwIfAborted();
    if (this.gone !== undefined) throw this.gone;
    const id = this.nextId++;
    const answer = Promise.withResolvers<EditorAnswer>();
    const cancel = (): void => {
      this.post({ kind: "cancel", id });
      answer.reject(signal.reason);
    };
    this.asked.set(id, answer);
    signal.addEventListener("abort", cancel, { once: true });
    this.post({ kind: "ask", id, call, deadlineMs });
    try {
      return await answer.promise;
    } finally {
      this.asked.delete(id);
      signal.removeEventListener("abort", cancel);
    }
  }

  onWait(listener: (model: string, reason: WaitReason | null) => void): void {
    this.waitListener = listener;
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
