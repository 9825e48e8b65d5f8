import { availableParallelism } from "node:os";
import type { Backend } from "../../backend.ts";
import type { BackendDescriptor } from "../descriptor.ts";
import { WasmBackend } from "./backend.ts";
import { wasm } from "./declaration.ts";
import { NODE_REMEDY, wasmFeatures } from "./features.ts";
import { loadKernels } from "./kernelModule.ts";
import { MAX_PAGES, MAX_THREADS, PAGE_BYTES } from "./layout.ts";
import { loadWorker, startThreads } from "./threads.ts";

/** How the wasm backend works. */
export interface WasmSettings {
  /** Threads that execute programs; as many as this process may run at once unless given. Results do not depend on it. */
  readonly threads?: number;
  /** Backends that hold more, for advice when memory runs out. */
  readonly roomier?: readonly string[];
}

/**
 * A backend on the CPU: AssemblyScript kernels with relaxed SIMD, on threads that share one memory of up to 4 GiB.
 *
 * @throws {RangeError} when the number of threads is not a whole number from 1 to 64.
 * @throws {Error} when the kernels have not been built.
 */
export async function createWasmBackend({
  threads = availableParallelism(),
  roomier = [],
}: WasmSettings = {}): Promise<Backend> {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new RangeError(`wasm: threads must be a whole number from 1 to ${MAX_THREADS}, got ${threads}`);
  }
  return new WasmBackend(await startThreads(threads), roomier);
}

/** The processor, by kernels of our own. */
export const backend: BackendDescriptor = {
  ...wasm,
  probe({ threads }) {
    const parts = wasmFeatures();
    const missing = parts.filter(({ isThere }) => !isThere).map(({ name }) => name);
    if (missing.length > 0) {
      const reason = `this Node has no ${missing.join(", no ")}`;
      return Promise.resolve({ parts, isAvailable: false, reason, remedy: NODE_REMEDY });
    }
    const count = threadsOf(threads);
    const name = `${wasm.name}, ${count} ${count === 1 ? "thread" : "threads"}`;
    const limits = { maxBytes: MAX_PAGES * PAGE_BYTES, maxThreads: MAX_THREADS };
    return Promise.resolve({ parts, isAvailable: true, devices: [{ id: "cpu", name, limits }] });
  },
  async load() {
    loadKernels();
    await loadWorker();
  },
  open: ({ threads, roomier }) => createWasmBackend({ threads: threadsOf(threads), roomier }),
};

function threadsOf(threads: number): number {
  return threads === 0 ? Math.min(availableParallelism(), MAX_THREADS) : threads;
}
