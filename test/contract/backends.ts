import { availableParallelism } from "node:os";
import type { Backend } from "../../engine/compute/backend.ts";
import { type BackendName, BACKENDS } from "../../engine/compute/backends/index.ts";
import { descriptorOf } from "../../engine/compute/backends/registry.ts";
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

/** Ways to open a backend that its results must not depend on, or that have kernels of their own. */
const VARIANTS: Readonly<Partial<Record<BackendName, readonly Candidate[]>>> = {
  tfjs: [ORACLE, { title: "tfjs wasm", family: "tfjs wasm", create: () => createTfjsBackend({ module: "wasm" }) }],
  wasm: [1, 2, 3].map((threads) => ({
    title: `wasm, threads: ${threads}`,
    family: "wasm",
    create: () => createWasmBackend({ threads }),
  })),
};

/** Every backend of the engine that runs on this machine. */
export const CANDIDATES: readonly Candidate[] = (
  await Promise.all(BACKENDS.map(async ({ name }) => VARIANTS[name] ?? candidatesOf(name)))
).flat();

/** A backend as runs open it, on each of its devices. */
async function candidatesOf(name: BackendName): Promise<readonly Candidate[]> {
  const descriptor = await descriptorOf(name);
  const threads = availableParallelism();
  const found = await descriptor.probe({ threads });
  if (!found.isAvailable) return [];
  return found.devices.map((device) => ({
    title: `${name} on ${device.id}`,
    family: `${name} on ${device.id}`,
    create: () => descriptor.open({ threads, roomier: [] }, device),
  }));
}
