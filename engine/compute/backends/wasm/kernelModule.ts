import { readFileSync } from "node:fs";
import { arch, versions } from "node:process";
import v8 from "node:v8";
import { Instance, type Memory, Module } from "./webAssembly.ts";
import { KERNELS_FILE } from "./layout.ts";

/** What assembly/index.ts exports. */
export interface Kernels {
  configure(thread: number, threads: number, workspace: number, wideTiles: boolean): void;
  run(program: number): void;
  serve(): void;
  runTiles(times: number): void;
}

/** The first V8 in which joining vectors passed our tests: Node 22's. Older ones do not know the flag. */
const JOINS_VECTORS_FROM = 12;

/**
 * Compiles the kernels at once and with the optimising compiler only: they run for minutes, and a first step in
 * unoptimised code would take seconds.
 *
 * On x64, V8 may join pairs of 128-bit vectors into 256-bit ones (`--experimental-wasm-revectorize`): 127 instead of
 * 65 GFLOP/s per core, with the same results, since every lane computes what it did before. The flags are set
 * only while this module compiles; where they have no effect, narrow tiles are chosen by `prefersWideTiles`.
 *
 * @throws {Error} when the kernels have not been built.
 */
export function compileKernels(): Module {
  let bytes: Buffer;
  try {
    bytes = readFileSync(KERNELS_FILE);
  } catch (cause) {
    throw new Error(`wasm: the kernels are not built (${KERNELS_FILE.pathname}): run npm run build`, { cause });
  }
  const joins = arch === "x64" && Number.parseInt(versions.v8) >= JOINS_VECTORS_FROM;
  const flags = ["liftoff", "wasm-lazy-compilation"];
  for (const flag of flags) v8.setFlagsFromString(`--no-${flag}`);
  if (joins) v8.setFlagsFromString("--experimental-wasm-revectorize");
  try {
    return new Module(bytes);
  } finally {
    for (const flag of flags) v8.setFlagsFromString(`--${flag}`);
    if (joins) v8.setFlagsFromString("--no-experimental-wasm-revectorize");
  }
}

/** An instance of the kernels over shared memory; each thread has its own. */
export function instantiate(module: Module, memory: Memory): Kernels {
  return new Instance(module, { env: { memory } }).exports as Kernels;
}

/** Whether wide tiles are faster on this machine: they are where V8 joined their vectors. Takes about 1 ms. */
export function prefersWideTiles(kernels: Kernels, workspace: number): boolean {
  const time = (wideTiles: boolean): number => {
    kernels.configure(0, 1, workspace, wideTiles);
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5; attempt++) {
      const start = performance.now();
      kernels.runTiles(200);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  return time(true) < time(false);
}
