import type { BackendPart } from "../descriptor.ts";
import { Memory, Module } from "./webAssembly.ts";

/** Smallest modules that use a feature; WebAssembly core specification 3.0, binary format. */
const HEADER = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
/** (func (result v128) (i8x16.popcnt (i8x16.splat (i32.const 0)))) */
const SIMD = [...HEADER, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
/** (func (result v128) (i8x16.relaxed_swizzle (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 2)))) */
const RELAXED_SIMD = [...HEADER, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

/** Node's first version that has all features without a flag. */
const LEAST_NODE = 24;

/** How to come by a Node that has them; the bundled program brings one along. */
export const NODE_REMEDY = import.meta.url.endsWith(".ts")
  ? `use Node ${LEAST_NODE}, which has it without a flag: start with npx --no-install salsa`
  : `use Node ${LEAST_NODE}, which has it without a flag: empty the setting salsa.nodePath, and the Node that comes along is used`;

/** Features that the kernels need of this Node's WebAssembly. */
export function wasmFeatures(): readonly BackendPart[] {
  const feature = (name: string, isThere: boolean): BackendPart =>
    isThere
      ? { name, isThere, detail: "available" }
      : { name, isThere, detail: "not in this Node", remedy: NODE_REMEDY };
  return [
    feature("wasm SIMD", compiles(SIMD)),
    feature("wasm relaxed SIMD", compiles(RELAXED_SIMD)),
    feature("wasm threads", hasSharedMemory()),
  ];
}

function compiles(bytes: readonly number[]): boolean {
  try {
    return Boolean(new Module(Uint8Array.from(bytes)));
  } catch {
    return false;
  }
}

function hasSharedMemory(): boolean {
  return new Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer;
}
