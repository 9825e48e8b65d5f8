import { type DeviceBuffer, type HostArray, checkHostData } from "../../backend.ts";
import { DTYPES } from "../../graph/dtype.ts";
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
 * @param what - Its name in the message.
 * @throws {BindingError} when the data has another length or element type.
 */
export function upload(memory: Memory, address: number, spec: TensorSpec, data: HostArray, what: string): void {
  checkHostData(what, spec, data);
  elements(memory, address, spec).set(data);
}

/** A copy of the elements at an address. */
export function download(memory: Memory, address: number, spec: TensorSpec): HostArray {
  // A slice of a shared array would be shared, too.
  const copy = new DTYPES[spec.dtype].array(sizeOf(spec.shape));
  copy.set(elements(memory, address, spec));
  return copy;
}

/** The elements in memory. Views do not last: after memory has grown, an old one ends where memory ended. */
function elements(memory: Memory, address: number, { shape, dtype }: TensorSpec): HostArray {
  return new DTYPES[dtype].array(memory.buffer, address, sizeOf(shape));
}
