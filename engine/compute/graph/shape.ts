import { type DType, DTYPES } from "./dtype.ts";

export type Shape = readonly number[];

/** Shape and element type of a tensor that need not exist yet. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Inputs of an operation whose shapes do not go together. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  constructor(op: string, shapes: Readonly<Record<string, Shape>>) {
    const listed = Object.entries(shapes).map(([name, shape]) => `${name} [${shape.join(", ")}]`);
    super(`${op}: shapes do not fit: ${listed.join(", ")}`);
  }
}

/** Elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Bytes of a tensor. */
export function bytesOf({ shape, dtype }: TensorSpec): number {
  return sizeOf(shape) * DTYPES[dtype].bytes;
}

/** True if two shapes are equal, axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}
