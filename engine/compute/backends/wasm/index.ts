import { availableParallelism } from "node:os";
import type { Backend } from "../../backend.ts";
import { WasmBackend } from "./backend.ts";
import { startThreads } from "./threads.ts";

/** How the wasm backend works. */
export interface WasmSettings {
  /** Threads that execute programs; as many as this process may run at once unless given. Results do not depend on it. */
  readonly threads?: number;
}

/**
 * A backend on the CPU: AssemblyScript kernels with relaxed SIMD, on threads that share one memory of up to 4 GiB.
 *
 * @throws {RangeError} when the number of threads is not a whole number from 1 to 64.
 * @throws {Error} when the kernels have not been built.
 */
export async function createWasmBackend({ threads = availableParallelism() }: WasmSettings = {}): Promise<Backend> {
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`wasm: threads must be a whole number from 1 to 64, got ${threads}`);
  }
  return new WasmBackend(await startThreads(threads));
}
