import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Kernels, compileKernels, instantiate, prefersWideTiles } from "./kernelModule.ts";
import { Memory, type Module } from "./webAssembly.ts";
import { ARRIVED, CONTROL_BYTES, GENERATION, MAX_PAGES, PAGE_BYTES, STOP, WORKSPACE_BYTES } from "./layout.ts";

/** What a thread is told at its start. */
export interface ThreadStart {
  readonly module: Module;
  readonly memory: Memory;
  readonly thread: number;
  readonly threads: number;
  readonly workspace: number;
  readonly wideTiles: boolean;
}

/** The calling thread and its helpers, each with an instance of the kernels over one memory. */
export interface Threads {
  readonly count: number;
  readonly memory: Memory;
  readonly maxPages: number;
  /** First address that neither the shared words nor a workspace takes. */
  readonly firstFree: number;
  readonly wideTiles: boolean;
  /** Runs a program on all threads, blocking the calling one. */
  run(program: number): void;
  close(): Promise<void>;
}

/** Starts the threads and waits until all stand ready. They do not keep the process alive. */
export async function startThreads(count: number): Promise<Threads> {
  const firstFree = CONTROL_BYTES + count * WORKSPACE_BYTES;
  const { memory, maxPages } = createMemory(Math.ceil(firstFree / PAGE_BYTES) + 1);
  const module = compileKernels();
  const kernels = instantiate(module, memory);
  const wideTiles = prefersWideTiles(kernels, CONTROL_BYTES);
  kernels.configure(0, count, CONTROL_BYTES, wideTiles);
  // Workers are files, whatever this process was started from.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith("--input-type"));
  const workers = Array.from({ length: count - 1 }, (_, index) => {
    const thread = index + 1;
    const workspace = CONTROL_BYTES + thread * WORKSPACE_BYTES;
    const workerData: ThreadStart = { module, memory, thread, threads: count, workspace, wideTiles };
    return new Worker(workerFile(), { workerData, execArgv, name: `salsa-wasm-${thread}` });
  });
  // A worker that fails to start rejects here with its error.
  await Promise.all(workers.map((worker) => once(worker, "message")));
  for (const worker of workers) worker.unref();
  return { count, memory, maxPages, firstFree, wideTiles, ...controls(kernels, memory, workers) };
}

function controls(kernels: Kernels, memory: Memory, workers: readonly Worker[]): Pick<Threads, "run" | "close"> {
  const words = new Int32Array(memory.buffer, 0, CONTROL_BYTES / 4);
  const stop = (): void => {
    Atomics.store(words, STOP / 4, 1);
    Atomics.add(words, GENERATION / 4, 1);
    for (const place of [GENERATION, ARRIVED]) Atomics.notify(words, place / 4);
  };
  // An error in a worker stops every run; the run that it interrupts reports it.
  for (const worker of workers) worker.on("error", stop);
  return {
    run(program) {
      if (Atomics.load(words, STOP / 4) !== 0) throw new Error("wasm: the backend is closed or a thread has failed");
      try {
        kernels.run(program);
      } catch (cause) {
        stop();
        throw new Error("wasm: a kernel failed", { cause });
      }
    },
    async close() {
      stop();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** The worker's file lies beside this one, as source or bundled. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}

/** A shared memory that may grow as far as this system lets it: address space can be limited. */
function createMemory(initial: number): { readonly memory: Memory; readonly maxPages: number } {
  for (let maximum = MAX_PAGES; ; maximum /= 2) {
    try {
      return { memory: new Memory({ initial, maximum, shared: true }), maxPages: maximum };
    } catch (error) {
      if (maximum / 2 < initial) throw error;
    }
  }
}
