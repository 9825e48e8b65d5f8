import type { Backend } from "../../engine/compute/backend.ts";
import { createTfjsBackend } from "../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";

/** A backend under test; results of those of one `family` must be equal to the byte. */
export interface Candidate {
  readonly title: string;
  readonly family: string;
  readonly create: () => Promise<Backend>;
}

/** The backend that the others are compared with: plain JavaScript, sums in double precision. */
export const ORACLE: Candidate = {
  title: "tfjs cpu",
  family: "tfjs cpu",
  create: () => createTfjsBackend({ module: "cpu" }),
};

/** Every backend of the engine that runs on any machine. Add yours here. */
export const BACKENDS: readonly Candidate[] = [
  ORACLE,
  { title: "tfjs wasm", family: "tfjs wasm", create: () => createTfjsBackend({ module: "wasm" }) },
  ...[1, 2, 3].map((threads) => ({
    title: `wasm, threads: ${threads}`,
    family: "wasm",
    create: () => createWasmBackend({ threads }),
  })),
];
