import type { Tensor } from "@tensorflow/tfjs-core";
import { type DeviceBuffer, type HostArray, checkHostData } from "../../backend.ts";
import { fromBf16, roundedToBf16, toBf16 } from "../../graph/dtype.ts";
import { type DType, type Shape, type TensorSpec } from "../../graph/tensor.ts";
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

/** tfjs's type for an element type. It has no bf16: such numbers are held as f32, rounded where they are made. */
export function tfjsType(dtype: DType): "int32" | "float32" {
  return dtype === "i32" ? "int32" : "float32";
}

/** The tensor with every element rounded to bf16, as a new one. */
export function roundToBf16(tf: Tf, tensor: Tensor): Tensor {
  return tf.tensor(roundedToBf16(Float32Array.from(tensor.dataSync())), tensor.shape, "float32");
}

/**
 * A tensor with a copy of host data.
 *
 * @param tf - The functions to use.
 * @param what - Its name in the message.
 * @param spec - Shape and element type.
 * @param data - Its elements, row by row.
 * @throws {BindingError} when the data has another size or element type.
 */
export function upload(tf: Tf, what: string, spec: TensorSpec, data: HostArray): Tensor {
  checkHostData(what, spec, data);
  // tfjs keeps the very array that it is given.
  const copy = data instanceof Uint16Array ? fromBf16(data) : data.slice();
  return tf.tensor(copy, [...spec.shape], tfjsType(spec.dtype));
}

/** A copy of a tensor's elements. */
export function download(tensor: Tensor, dtype: DType): HostArray {
  const data = tensor.dataSync();
  if (dtype === "i32") return Int32Array.from(data);
  return dtype === "bf16" ? toBf16(Float32Array.from(data)) : Float32Array.from(data);
}
