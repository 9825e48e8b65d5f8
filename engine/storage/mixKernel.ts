import * as fs from "node:fs/promises";
import { DiskError } from "../protocol/errors.ts";
import { ELEMENT_BYTES, type StoredType } from "./elementTypes.ts";

/** The parts of WebAssembly's interface used here; Node has it, its type declarations do not. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  instantiate(
    code: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

/** Compiled from engine/soup/assembly/mix.ts by `npm run build`. */
const KERNEL_FILE = new URL("../soup/out/mix.wasm", import.meta.url);

const PAGE_BYTES = 65_536;

/** Bits of infinity; those of every finite magnitude are lower. */
const INFINITY: Readonly<Record<StoredType, number>> = { F32: 0x7f800000, BF16: 0x7f80, F16: 0x7c00 };

/** Returns the largest magnitude of the results, by their bits. */
type Kernel = (out: number, models: number, weights: number, nModels: number, count: number) => number;
type Kernels = Readonly<Record<`mix${StoredType}`, Kernel>>;

/** Buffers for one piece of every model and one of their mixture. */
export interface MixLane {
  readonly inputs: readonly Uint8Array[];
  readonly output: Uint8Array;
  /**
   * Sets the first `bytes` of `output` to the weighted sum of the inputs: accumulated in f32 in the order of the
   * models, one weight per input, rounded once, to nearest, ties to even.
   *
   * @returns True if every one of them is finite.
   */
  mix(dtype: StoredType, weights: readonly number[], bytes: number): boolean;
}

/**
 * Lanes that mix pieces of models in WebAssembly SIMD, all in one memory. Each buffer holds `pieceBytes`.
 *
 * @throws {DiskError} when the kernels were not built.
 */
export async function openMixLanes(nLanes: number, nModels: number, pieceBytes: number): Promise<readonly MixLane[]> {
  const piecePages = Math.ceil(pieceBytes / PAGE_BYTES);
  const tablePages = Math.ceil((nModels * 8) / PAGE_BYTES);
  const lanePages = tablePages + (nModels + 1) * piecePages;
  const pages = 1 + nLanes * lanePages; // the first page is the compiler's
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { instance } = await WebAssembly.instantiate(await loadMixKernels(), { env: { memory } });
  const kernels = instance.exports as Kernels;
  return Array.from({ length: nLanes }, (_, lane) => {
    const table = (1 + lane * lanePages) * PAGE_BYTES;
    return openLane(kernels, memory.buffer, table, { nModels, tablePages, piecePages });
  });
}

let loaded: Uint8Array | undefined;

/**
 * Reads the kernels, once: a process that needs them much later may call this before their file can have gone.
 *
 * @throws {DiskError} when the kernels were not built.
 */
export async function loadMixKernels(): Promise<Uint8Array> {
  try {
    return (loaded ??= await fs.readFile(KERNEL_FILE));
  } catch (cause) {
    const place = { file: KERNEL_FILE.pathname, remedy: "run npm run build" };
    throw new DiskError("load soup kernels: not built", place, { cause });
  }
}

interface LaneSizes {
  readonly nModels: number;
  readonly tablePages: number;
  readonly piecePages: number;
}

/** Lays a lane out from `table` on: addresses, weights, inputs, output. */
function openLane(kernels: Kernels, memory: ArrayBuffer, table: number, sizes: LaneSizes): MixLane {
  const { nModels, tablePages, piecePages } = sizes;
  const pieceBytes = piecePages * PAGE_BYTES;
  const places = Array.from({ length: nModels + 1 }, (_, m) => table + tablePages * PAGE_BYTES + m * pieceBytes);
  const addresses = new Uint32Array(memory, table, nModels);
  const scale = new Float32Array(memory, addresses.byteOffset + addresses.byteLength, nModels);
  addresses.set(places.slice(0, nModels));
  const buffers = places.map((place) => new Uint8Array(memory, place, pieceBytes));
  const output = buffers.pop() ?? new Uint8Array();
  return {
    inputs: buffers,
    output,
    mix(dtype, weights, bytes) {
      scale.set(weights);
      const count = Math.ceil(bytes / ELEMENT_BYTES[dtype] / 8) * 8;
      // Numbers past the end are never read; those that an earlier piece left there could look like an infinity.
      for (const input of buffers) input.fill(0, bytes, count * ELEMENT_BYTES[dtype]);
      const kernel = kernels[`mix${dtype}`];
      return kernel(output.byteOffset, addresses.byteOffset, scale.byteOffset, nModels, count) < INFINITY[dtype];
    },
  };
}
