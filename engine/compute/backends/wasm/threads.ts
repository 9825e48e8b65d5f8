import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { type Kernels, compileKernels, instantiate, prefersWideTiles } from "./kernelModule.ts";
import { Memory, type Module } from "./webAssembly.ts";
import { ARRIVED, CONTROL_BYTES, GENERATION, MAX_PAGES, PAGE_BYTES, STOP, WORKSPACE_BYTES } from "./layout.ts";

/** Data passed to a thread at its start. */
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
  const file = await loadWorker();
  // Workers are modules, whatever this process was started from.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith("--input-type"));
  const workers = Array.from({ length: count - 1 }, (_, index) => {
    const thread = index + 1;
    const workspace = CONTROL_BYTES + thread * WORKSPACE_BYTES;
    const workerData: ThreadStart = { module, memory, thread, threads: count, workspace, wideTiles };
    return new Worker(file, { workerData, execArgv, name: `salsa-wasm-${thread}` });
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

let worker: Promise<URL> | undefined;

/**
 * The worker's code, which lies beside this file. Bundled it is read, once in a process: an update of the extension
 * removes the file, and threads may start later.
 */
export function loadWorker(): Promise<URL> {
  worker ??= IS_BUNDLED ? readModule(new URL("./worker.js", import.meta.url)) : Promise.resolve(SOURCE);
  return worker;
}

const IS_BUNDLED = !import.meta.url.endsWith(".ts");
const SOURCE = new URL("./worker.ts", import.meta.url);

async function readModule(file: URL): Promise<URL> {
  return new URL(`data:text/javascript;base64,${(await readFile(file)).toString("base64")}`);
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
