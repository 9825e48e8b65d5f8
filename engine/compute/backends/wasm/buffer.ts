import { BindingError, type DeviceBuffer, type HostArray } from "../../backend.ts";
import type { Memory } from "./webAssembly.ts";
import { type DType, type Shape, type TensorSpec, sizeOf } from "../../graph/tensor.ts";

/** A variable's place in shared memory. */
export class WasmBuffer implements DeviceBuffer {
  readonly backend = "wasm";
  readonly shape: Shape;
  readonly dtype: DType;
  readonly address: number;

  constructor({ shape, dtype }: TensorSpec, address: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.address = address;
  }
}

/**
 * Copies host data to an address.
 *
 * @param memory - Where to.
 * @param address - In bytes.
 * @param spec - Shape and element type expected there.
 * @param data - Elements, row by row.
 * @param what - What it is, for the message.
 * @throws {BindingError} when the data has another length or element type.
 */
export function upload(memory: Memory, address: number, spec: TensorSpec, data: HostArray, what: string): void {
  const size = sizeOf(spec.shape);
  const dtype = data instanceof Int32Array ? "i32" : "f32";
  if (data.length !== size || dtype !== spec.dtype) {
    const wanted = `${spec.dtype} [${spec.shape.join(", ")}]`;
    throw new BindingError(`${what}: ${wanted} takes ${size} elements, got ${data.length} of ${dtype}`);
  }
  // Views are made anew: after memory has grown, an old one ends where memory ended.
  if (data instanceof Int32Array) new Int32Array(memory.buffer, address, size).set(data);
  else new Float32Array(memory.buffer, address, size).set(data);
}

/** A copy of the elements at an address. */
export function download(memory: Memory, address: number, { shape, dtype }: TensorSpec): HostArray {
  const size = sizeOf(shape);
  // A typed array made from another owns its memory, unlike a slice of a shared one.
  return dtype === "i32"
    ? Int32Array.from(new Int32Array(memory.buffer, address, size))
    : new Float32Array(new Float32Array(memory.buffer, address, size));
}
