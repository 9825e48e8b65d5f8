import { availableParallelism } from "node:os";
import type { Backend } from "../../engine/compute/backend.ts";
import { type BackendName, BACKENDS } from "../../engine/compute/backends/index.ts";
import { cuda } from "../../engine/compute/backends/cuda/declaration.ts";
import { tfjs } from "../../engine/compute/backends/tfjs/declaration.ts";
import { wasm } from "../../engine/compute/backends/wasm/declaration.ts";
import type { WeightType } from "../../engine/compute/graph/dtype.ts";
import { descriptorOf } from "../../engine/compute/backends/registry.ts";
import { createTfjsBackend } from "../../engine/compute/backends/tfjs/index.ts";
import { CudaBackend } from "../../engine/compute/backends/cuda/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { interpreter } from "../ptx/driver.ts";

/** A backend under test; results of those of one `family` must be equal to the byte. */
export interface Candidate {
  readonly title: string;
  readonly family: string;
  readonly create: (precision?: WeightType) => Promise<Backend>;
  /** Precisions that models may compute with. */
  readonly precisions: readonly WeightType[];
}

/** The backend that the others are compared with: plain JavaScript, sums in double precision. */
export const ORACLE: Candidate = {
  title: "tfjs cpu",
  family: "tfjs cpu",
  create: (precision = "f32") => createTfjsBackend({ module: "cpu", precision }),
  precisions: tfjs.precisions,
};

/** Ways to open a backend that its results must not depend on, or that have kernels of their own. */
const VARIANTS: Readonly<Partial<Record<BackendName, readonly Candidate[]>>> = {
  tfjs: [
    ORACLE,
    {
      title: "tfjs wasm",
      family: "tfjs wasm",
      create: (precision = "f32") => createTfjsBackend({ module: "wasm", precision }),
      precisions: tfjs.precisions,
    },
  ],
  wasm: [1, 2, 3].map((threads) => ({
    title: `wasm, threads: ${threads}`,
    family: "wasm",
    create: () => createWasmBackend({ threads }),
    precisions: wasm.precisions,
  })),
};

/** The CUDA backend where there is no card: its kernels' PTX, interpreted; chunks of the vocabulary as large models take. */
export const INTERPRETED: Candidate = {
  title: "cuda, interpreted",
  family: "cuda, interpreted",
  create: (precision = "f32") =>
    Promise.resolve(new CudaBackend(interpreter.open(0), { logitsHeld: 20_000, precision })),
  precisions: cuda.precisions,
};

/** The same where cuBLASLt makes the matrix products, played by one that checks what it is given: for the ops that have some. */
export const WITH_LIBRARY: Candidate = {
  title: "cuda, interpreted, with a library of products",
  family: "cuda, interpreted, with a library of products",
  create: (precision = "f32") =>
    Promise.resolve(new CudaBackend(interpreter.open(0), { logitsHeld: 20_000, precision, cublas: "played" })),
  precisions: cuda.precisions,
};

/** Ops that {@link WITH_LIBRARY} computes otherwise than {@link INTERPRETED}. */
export const OPS_WITH_PRODUCTS: readonly string[] = ["matmul", "logprob", "logprobGrad", "fullKl"];

/** Every backend of the engine that runs on this machine, and the kernels for cards on any. */
export const CANDIDATES: readonly Candidate[] = [
  ...(await Promise.all(BACKENDS.map(async ({ name }) => VARIANTS[name] ?? candidatesOf(name)))).flat(),
  INTERPRETED,
];

/** A backend as runs open it, on each of its devices. */
async function candidatesOf(name: BackendName): Promise<readonly Candidate[]> {
  const descriptor = await descriptorOf(name);
  const threads = availableParallelism();
  const found = await descriptor.probe({ threads });
  if (!found.isAvailable) return [];
  return found.devices.map((device) => ({
    title: `${name} on ${device.id}`,
    family: `${name} on ${device.id}`,
    create: (precision = "f32") => descriptor.open({ threads, roomier: [], precision }, device),
    precisions: descriptor.precisions,
  }));
}
