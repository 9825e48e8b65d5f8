import { parentPort, workerData } from "node:worker_threads";
import type { ThreadStart } from "./threads.ts";
import { ARRIVED, STOP } from "./layout.ts";
import { instantiate } from "./kernelModule.ts";

/** One of the threads that execute programs: sleeps in shared memory until there is a run, ends at the stop signal. */

const { module, memory, thread, threads, workspace, wideTiles } = workerData as ThreadStart;
const kernels = instantiate(module, memory);
kernels.configure(thread, threads, workspace, wideTiles);
parentPort?.postMessage("ready");
try {
  kernels.serve();
} catch (error) {
  // The others wait for this thread at a barrier: let them find out.
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, STOP / 4, 1);
  Atomics.notify(words, ARRIVED / 4);
  throw error;
}
