import { type Attrs, type Op, type TensorSpec, defined } from "../../graph/tensor.ts";
import type { OPS, OpName } from "../../ops/index.ts";
import type { LibraryShape } from "./cublas/library.ts";
import type { Argument, Dim3 } from "./driver.ts";
import type { KernelFile } from "./kernelText.ts";

/** Where something lies in device memory, known only once memory is given out. */
export interface Address {
  /**
   * The arena that all programs share, the program's own tables, its constants behind them, a variable, or the words
   * that note the first index out of range.
   */
  readonly place: "arena" | "table" | "constants" | "fault" | { readonly variable: string };
  /** In bytes. */
  readonly offset: number;
}

/** An argument of a kernel: an address, null for none, or a number under its type. */
export type LaunchArgument = Address | null | Exclude<Argument, { readonly type: "pointer" }>;

/** A kernel to be queued. */
export interface KernelLaunch {
  readonly file: KernelFile;
  readonly kernel: string;
  readonly grid: Dim3;
  /** Along x. */
  readonly threads: number;
  /** Dynamic, in bytes. */
  readonly sharedBytes?: number;
  readonly args: readonly LaunchArgument[];
  /** The same by a library of products, to be preferred where there is one that has a way to do it. */
  readonly library?: LibraryLaunch;
  /** True where it ends the product that the launch before it began, and has nothing to do where a library has made that. */
  readonly endsProduct?: boolean;
}

/** A product by a library. */
export interface LibraryLaunch {
  readonly shape: LibraryShape;
  readonly a: Address;
  readonly b: Address;
  readonly d: Address;
  /** Null where nothing is added. */
  readonly added: Address | null;
}

/** A 64-bit word of a table that kernels read. */
export type TableWord = Address | null | { readonly u64: number } | { readonly f64: number };

/** A tensor that a kernel reads or writes. */
export interface Operand extends TensorSpec {
  /** Elements. */
  readonly size: number;
  readonly isConstant: boolean;
  readonly address: Address;
  /** Address of the first element, enough where all others are the same. */
  readonly oneElement: Address;
}

/** One op to encode. */
export interface Call<A extends Attrs = Attrs> {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attrs: A;
  /** Number of the instruction, for the note of a fault. */
  readonly instruction: number;
  /** Logits that are held at a time at most. */
  readonly logitsHeld: number;
  /** Reserves bytes that the op's own launches share. */
  readonly scratch: (bytes: number) => Address;
  /** Lays words out in the program's own memory. */
  readonly table: (words: readonly TableWord[]) => Address;
}

/** Turns an op into launches, to be queued in their order. */
export type Encoder<A extends Attrs = Attrs> = (call: Call<A>) => readonly KernelLaunch[];

/** Attributes of an op of the engine. */
export type AttrsOf<N extends OpName> =
  Extract<(typeof OPS)[number], { readonly name: N }> extends Op<infer A, N> ? A : never;

/** An encoder for every op of the engine. */
export type EncoderTable = { readonly [N in OpName]: Encoder<AttrsOf<N>> };

export const i32 = (value: number): LaunchArgument => ({ type: "i32", value });
export const f32 = (value: number): LaunchArgument => ({ type: "f32", value });
export const u64 = (value: number): LaunchArgument => ({ type: "u64", value: BigInt(value) });

/** The address so many bytes further on. */
export const after = (address: Address, bytes: number): Address => ({ ...address, offset: address.offset + bytes });

/** Blocks of so many threads that cover n. */
export const blocks = (n: number, threads: number): number => Math.ceil(n / threads);

/** Threads a block where each takes one element. */
const THREADS = 256;

/** The launch of a kernel of one thread an element. */
export function each(
  file: KernelFile,
  kernel: string,
  n: number,
  args: readonly LaunchArgument[],
): readonly KernelLaunch[] {
  return [{ file, kernel, grid: [blocks(n, THREADS), 1, 1], threads: THREADS, args }];
}

/** Size of an operand's axis; negative ones count from the end. */
export const dim = (operand: Operand | undefined, axis: number): number => defined(defined(operand).shape.at(axis));

/** Addresses of operands that must be there. */
export const addresses = (operands: readonly (Operand | undefined)[]): readonly Address[] =>
  operands.map((operand) => defined(operand).address);

/** Where kernels note the first index out of range: `[4]` words. */
export const FAULT: Address = { place: "fault", offset: 0 };
