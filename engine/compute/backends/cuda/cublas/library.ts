import type { WeightType } from "../../../graph/dtype.ts";

/**
 * A product as the library takes it: D = op(A)·op(B) (+ C, or + bias), A and B bf16, with sums in f32; columns one after the other. What we call rows are
 * its columns, and our y = a·b is its yᵀ = bᵀ·aᵀ: A is our b, B our a.
 */
export interface LibraryShape {
  /** D is `[m, n]`: m are our y's columns, n its rows. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Type of C and D; a bias is f32. */
  readonly resultType: WeightType;
  /** `[m, k]`, or `[k, m]` where it is transposed. */
  readonly a: LibraryMatrix;
  /** `[k, n]`, or `[n, k]` where it is transposed. */
  readonly b: LibraryMatrix;
  /** C lies like D, and may be it. */
  readonly d: Omit<LibraryMatrix, "isTransposed">;
  readonly adds: "nothing" | "matrix" | "bias";
  /** Of what is added, in bytes. */
  readonly addsAlignment: number;
}

/** How a matrix lies in memory. */
export interface LibraryMatrix {
  /** True where the product takes its transpose. */
  readonly isTransposed: boolean;
  /** Numbers from one column to the next, no less than a column has. */
  readonly step: number;
  /** Its address is a multiple of so many bytes, 256 at most. */
  readonly alignment: number;
}

/** Addresses in device memory of a product's matrices. */
export interface LibraryOperands {
  readonly a: bigint;
  readonly b: bigint;
  readonly d: bigint;
  /** C, or the bias, `[m]`; 0 where nothing is added. */
  readonly added: bigint;
  /** As many bytes as the library wants, which nobody else needs meanwhile. */
  readonly workspace: bigint;
}

/** A product for which the library has chosen an algorithm, which is kept. */
export interface LibraryProduct {
  /**
   * Does it once with whatever lies there, which overwrites D: a library loads a kernel when it is first launched, which a
   * capture does not allow.
   */
  warmUp(operands: LibraryOperands): void;
  /** Queues it; may be captured. */
  queue(operands: LibraryOperands): void;
}

/** A library of matrix products on a device's queue: cuBLASLt, or one that tests play. */
export interface ProductLibrary {
  /** Memory that products may use while they are made; a multiple of 256. */
  readonly workspaceBytes: number;
  /**
   * Chooses how to do a product: the same on every run, and for a B that is not transposed whatever n is, so that a token's
   * numbers are the same in any batch. Asked once for each shape; not within a capture.
   *
   * @returns Undefined where the library has no way: our own kernel has.
   * @throws {DriverError} when the library fails.
   */
  prepare(shape: LibraryShape): LibraryProduct | undefined;
  close(): void;
}

/** Of cuBLASLt: what NVIDIA advises for Hopper. */
export const WORKSPACE_BYTES = 32 << 20;
