import { parentPort } from "node:worker_threads";
import { heldBytes } from "../heldBytes.ts";
import { type Failure, attempt, inputOf } from "./attempt.ts";
import { FuzzPlace } from "./reader.ts";
import { READERS } from "./readers/index.ts";

/** The work of a thread. */
export interface Order {
  readonly reader: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** No new input is begun after this many; 0 for no limit. */
  readonly seconds: number;
  /** The number of the input at work. */
  readonly at: Int32Array<SharedArrayBuffer>;
}

/** How it went. */
export interface Outcome {
  readonly done: number;
  readonly taken: number;
  readonly seconds: number;
  readonly slowestMs: number;
  /** Bytes that the heap grew by after the first fifth. */
  readonly growth: number;
  readonly failures: readonly Failure[];
}

/** Failures that are reported in full. */
const MOST_FAILURES = 20;

/** Inputs after which the turn ends: an object that a weak reference gave is kept until then, and awaiting microtasks alone ends none. */
const TURN = 100;

async function heapBytes(): Promise<number> {
  await new Promise(setImmediate);
  return heldBytes().heap;
}

async function work({ reader: name, seed, from, count, seconds, at }: Order): Promise<Outcome> {
  const reader = READERS.find((one) => one.name === name);
  if (reader === undefined) throw new RangeError(`fuzz: there is no reader ${name}`);
  const place = new FuzzPlace();
  const failures: Failure[] = [];
  const start = performance.now();
  const settled = from + Math.floor(count / 5);
  let [index, taken, slowestMs, before] = [from, 0, 0, 0];
  try {
    for (; index < from + count; index++) {
      if (index % TURN === 0) await new Promise(setImmediate);
      if (index === settled) before = await heapBytes();
      Atomics.store(at, 0, index);
      const { ms, isTaken, failure } = await attempt(reader, inputOf(reader, seed, index), index, place);
      slowestMs = Math.max(slowestMs, ms);
      if (isTaken) taken += 1;
      if (failure !== undefined && failures.push(failure) >= MOST_FAILURES) break;
      if (seconds > 0 && performance.now() - start > 1000 * seconds) break;
    }
  } finally {
    place.remove();
  }
  const growth = index > settled ? (await heapBytes()) - before : 0;
  return { done: index - from, taken, seconds: (performance.now() - start) / 1000, slowestMs, growth, failures };
}

parentPort?.on("message", (order: Order) => {
  // A fault of this program, and of no reader, ends the thread.
  void work(order).then((outcome) => parentPort?.postMessage(outcome));
});
