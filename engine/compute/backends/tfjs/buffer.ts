import type { Tensor } from "@tensorflow/tfjs-core";
import { BindingError, type DeviceBuffer, type HostArray } from "../../backend.ts";
import { type DType, type Shape, type TensorSpec, sizeOf } from "../../graph/tensor.ts";
import type { Tf } from "./kernel.ts";

/** A device buffer: in-place ops replace the tensor that it holds. */
export class TfjsBuffer implements DeviceBuffer {
  readonly backend = "tfjs";
  readonly shape: Shape;
  readonly dtype: DType;
  tensor: Tensor;

  constructor({ shape, dtype }: TensorSpec, tensor: Tensor) {
    this.shape = shape;
    this.dtype = dtype;
    this.tensor = tensor;
  }

  /** Takes over the tensor, and lets go of the one before. */
  replace(tensor: Tensor): void {
    this.tensor.dispose();
    this.tensor = tensor;
  }
}

/**
 * A tensor with a copy of host data.
 *
 * @param tf - The functions to use.
 * @param what - What it is, for the message.
 * @param spec - Shape and element type.
 * @param data - Its elements, row by row.
 * @throws {BindingError} when the data has another size.
 */
export function upload(tf: Tf, what: string, spec: TensorSpec, data: HostArray): Tensor {
  const { shape, dtype } = spec;
  if (data.length !== sizeOf(shape)) {
    throw new BindingError(`${what}: [${shape.join(", ")}] takes ${sizeOf(shape)} elements, got ${data.length}`);
  }
  // tfjs keeps the very array that it is given.
  const copy = dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data);
  return tf.tensor(copy, [...shape], dtype === "i32" ? "int32" : "float32");
}

/** A copy of a tensor's elements. */
export function download(tensor: Tensor, dtype: DType): HostArray {
  const data = tensor.dataSync();
  return dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data);
}
