import { Worker } from "node:worker_threads";
import type { Failure } from "./attempt.ts";
import { inputOf } from "./attempt.ts";
import type { Reader } from "./reader.ts";
import type { Order, Outcome } from "./worker.ts";

/** Milliseconds in which an input that has not ended counts as one that never does. */
const HANG_MS = 60_000;
/** Bytes that a reader may keep: caches fill up. */
const MOST_GROWTH = 32 << 20;

/** Which inputs a reader gets. */
export type FuzzSettings = Pick<Order, "seed" | "from" | "count" | "seconds">;

/** A thread that has loaded all readers, which takes half a second, and has nothing to do. */
let idle: Worker | undefined;

function takeWorker(): Worker {
  const worker = idle ?? new Worker(new URL("worker.ts", import.meta.url));
  idle = undefined;
  worker.ref();
  return worker;
}

/** Leaves a thread to the next reader, and lets the process end without it. */
function leave(worker: Worker): void {
  worker.removeAllListeners("error");
  worker.unref();
  idle = worker;
}

/** Has a thread try a reader on inputs. A hang, the thread's death and a growing heap are failures, too. */
export async function fuzz(reader: Reader, settings: FuzzSettings): Promise<Outcome> {
  const at = new Int32Array(new SharedArrayBuffer(4));
  const order: Order = { ...settings, reader: reader.name, at };
  const worker = takeWorker();
  const fail = (what: string): Outcome => {
    const index = Atomics.load(at, 0);
    const input = inputOf(reader, settings.seed, index).subarray(0, 3000).toString("base64");
    const failure: Failure = { reader: reader.name, index, what, input };
    const done = index - settings.from;
    return { done, taken: 0, seconds: 0, slowestMs: HANG_MS, growth: 0, failures: [failure] };
  };
  let watch: NodeJS.Timeout | undefined;
  const outcome = await new Promise<Outcome>((resolve) => {
    watch = watched(at, () => resolve(fail(`did not end within ${HANG_MS / 1000} s`)));
    worker.once("message", (message: Outcome) => resolve(message));
    worker.once("error", (error: Error) => resolve(fail(`ended the thread: ${error.stack ?? error.message}`)));
    worker.postMessage(order);
  });
  clearInterval(watch);
  if (outcome.failures.length === 0) leave(worker);
  else await worker.terminate();
  if (outcome.growth < MOST_GROWTH) return outcome;
  const { failures } = fail(`kept ${Math.round(outcome.growth / (1 << 20))} MiB more than after the first fifth`);
  return { ...outcome, failures: [...outcome.failures, ...failures] };
}

/** Looks whether the input at work is still the one of long ago. */
function watched(at: Int32Array, hangs: () => void): NodeJS.Timeout {
  let [last, since] = [-1, performance.now()];
  return setInterval(() => {
    const now = Atomics.load(at, 0);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > HANG_MS) hangs();
  }, 500);
}
