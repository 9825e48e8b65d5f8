import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";

/** Globals that a browser worker's script expects to find: `self`, `postMessage` and `onmessage`. */
const PREAMBLE = `
const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;

/**
 * The browser's Worker over Node's threads, as far as `@jax-js/jax` uses it: it starts its threads only
 * where a global Worker exists, and Node has none.
 */
class BrowserWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  readonly #worker: Promise<NodeWorker>;

  constructor(url: string) {
    this.#worker = this.#start(url);
  }

  postMessage(message: unknown): void {
    void this.#worker.then((worker) => {
      worker.postMessage(message);
    });
  }

  async #start(url: string): Promise<NodeWorker> {
    const blob = resolveObjectURL(url);
    if (blob === undefined) throw new Error(`worker: no script at ${url}`);
    const worker = new NodeWorker(PREAMBLE + (await blob.text()), { eval: true });
    worker.on("message", (data: unknown) => this.onmessage?.({ data }));
    worker.on("error", (error) => this.onerror?.({ message: String(error) }));
    return worker;
  }
}

/** Gives this process a browser's Worker and the number of cores that a library may take. */
export function offerWebWorkers(threads: number): void {
  Object.defineProperty(globalThis, "Worker", { value: BrowserWorker, configurable: true });
  Object.defineProperty(globalThis.navigator, "hardwareConcurrency", { value: threads, configurable: true });
}
