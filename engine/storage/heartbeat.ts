import { Worker } from "node:worker_threads";

/** Milliseconds between two signs of life of who holds a lock. */
export const HEARTBEAT_MS = 10_000;

/** The thread's program, in a thread of its own since the main one computes for a minute on end. */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { utimesSync } = require("node:fs");
const files = new Set(workerData.files);
parentPort.on("message", ({ add, remove }) => {
  if (add !== undefined) files.add(add);
  if (remove !== undefined) files.delete(remove);
});
const beat = () => {
  const now = new Date();
  for (const file of files) {
    try {
      utimesSync(file, now, now);
    } catch {} // taken away, or a disk that is gone for a moment
  }
};
beat();
setInterval(beat, workerData.milliseconds);
`;

/**
 * Keeps the times of files fresh, from a thread of its own, as long as this process lives: so that others see from
 * another machine that it does.
 */
export class Heartbeat {
  private readonly milliseconds: number;
  private readonly files = new Set<string>();
  private worker: Worker | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param milliseconds - Between beats. */
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  add(file: string): void {
    this.files.add(file);
    this.worker?.postMessage({ add: file });
    // Nearly all locks are released before their first beat is due: those need no thread.
    if (this.worker === undefined) this.timer ??= setTimeout(() => this.start(), this.milliseconds).unref();
  }

  remove(file: string): void {
    this.files.delete(file);
    this.worker?.postMessage({ remove: file });
    if (this.files.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.worker?.terminate();
    this.worker = undefined;
  }

  private start(): void {
    this.timer = undefined;
    const workerData = { files: [...this.files], milliseconds: this.milliseconds };
    this.worker = new Worker(PROGRAM, { eval: true, execArgv: [], name: "salsa-heartbeat", workerData });
    this.worker.on("error", () => (this.worker = undefined));
    this.worker.unref();
  }
}

/** Keeps the locks of this process fresh. */
export const heartbeat = new Heartbeat(HEARTBEAT_MS);
