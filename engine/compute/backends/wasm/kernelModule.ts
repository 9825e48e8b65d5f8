import { readFileSync } from "node:fs";
import { arch, versions } from "node:process";
import v8 from "node:v8";
import { Instance, type Memory, Module } from "./webAssembly.ts";

/** Exports of assembly/index.ts. */
export interface Kernels {
  configure(thread: number, threads: number, workspace: number, wideTiles: boolean): void;
  run(program: number): void;
  serve(): void;
  runTiles(times: number): void;
}

/**
 * V8 flags under which the kernels compile, each with its value.
 *
 * All at once and by the optimising compiler only: kernels run for minutes, and first steps in unoptimised code
 * would take seconds. On x64, V8 13 (Node 24) may join pairs of 128-bit vectors into 256-bit ones: 127 instead of 65
 * GFLOP/s per core, with the same results, since every lane computes what it did before. V8 12 (Node 22) joins nothing
 * useful, and its newer compiler, off by default there, keeps more values in registers: 60 instead of 37 GFLOP/s.
 */
function compilerFlags(): ReadonlyMap<string, boolean> {
  const flags = new Map([
    ["liftoff", false],
    ["wasm-lazy-compilation", false],
  ]);
  const major = Number.parseInt(versions.v8);
  if (major === 12) flags.set("turboshaft-wasm", true);
  if (major >= 13 && arch === "x64") flags.set("experimental-wasm-revectorize", true);
  return flags;
}

let bytes: Buffer | undefined;

/**
 * Reads the kernels' file, once in a process.
 *
 * @throws {Error} when the kernels have not been built.
 */
export function loadKernels(): Buffer {
  // Not at the top: the worker's code may have no place of its own.
  const file = new URL("./out/kernels.wasm", import.meta.url);
  try {
    return (bytes ??= readFileSync(file));
  } catch (cause) {
    throw new Error(`wasm: the kernels are not built (${file.pathname}): run npm run build`, { cause });
  }
}

/**
 * Compiles the kernels. The flags are set only meanwhile; where they have no effect, `prefersWideTiles` finds out.
 *
 * @throws {Error} when the kernels have not been built.
 */
export function compileKernels(): Module {
  const kernels = loadKernels();
  const flags = compilerFlags();
  const set = (name: string, value: boolean): void => {
    v8.setFlagsFromString(value ? `--${name}` : `--no-${name}`);
  };
  for (const [name, value] of flags) set(name, value);
  try {
    return new Module(kernels);
  } finally {
    for (const [name, value] of flags) set(name, !value);
  }
}

/** An instance of the kernels over shared memory; each thread has its own. */
export function instantiate(module: Module, memory: Memory): Kernels {
  return new Instance(module, { env: { memory } }).exports as Kernels;
}

/** True if wide tiles are faster on this machine: they are where V8 joined their vectors. Takes about 1 ms. */
export function prefersWideTiles(kernels: Kernels, workspace: number): boolean {
  const time = (wideTiles: boolean): number => {
    kernels.configure(0, 1, workspace, wideTiles);
    const start = performance.now();
    kernels.runTiles(200);
    return performance.now() - start;
  };
  let [wide, narrow] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  // In turns: a processor that changes its speed in between, as shared ones do, would decide for whichever comes last.
  for (let attempt = 0; attempt < 5; attempt++) {
    wide = Math.min(wide, time(true));
    narrow = Math.min(narrow, time(false));
  }
  return wide < narrow;
}
