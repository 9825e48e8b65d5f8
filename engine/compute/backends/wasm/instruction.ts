import type { Attrs, Op, TensorSpec } from "../../graph/tensor.ts";
import type { OPS, OpName } from "../../ops/index.ts";

/** Kernels of assembly/index.ts by their number there. */
export const KERNELS = {
  unary: 2,
  binary: 3,
  sum: 4,
  sumSquares: 5,
  matmul: 6,
  gatherRows: 7,
  scatterRows: 8,
  rmsNorm: 9,
  rmsNormGrad: 10,
  rope: 11,
  attention: 12,
  attentionGrad: 13,
  gatedActivation: 14,
  gatedActivationGrad: 15,
  logprob: 16,
  logprobGrad: 17,
  fullKl: 18,
  sample: 19,
  slice: 20,
  sliceGrad: 21,
  cacheWrite: 22,
  accumulate: 23,
  adamw: 24,
  addBias: 25,
  sumRows: 26,
  cast: 27,
  advance: 28,
} as const;

/** A tensor that a kernel reads or writes. */
export interface Operand extends TensorSpec {
  /** Elements. */
  readonly size: number;
  readonly isConstant: boolean;
  /** Address, known only once memory is given out. */
  readonly address: Word;
  /** Address of the first element, enough where all others are the same. */
  readonly oneElement: Word;
}

/** A word of the instruction stream: an integer, an f32, or an address in one of the places where values live. */
export type Word = number | { readonly f32: number } | Address;

/** Bytes from the start of a place: the shared arena, the program's own constants, or a variable. */
export interface Address {
  readonly place: "arena" | "own" | { readonly variable: string };
  readonly offset: number;
}

/** One op to encode. */
export interface Call<A extends Attrs = Attrs> {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attrs: A;
  /** Reserves bytes that all threads share while the kernel runs. */
  readonly scratch: (bytes: number) => Word;
}

/** A call of a kernel, with its arguments in the order that its comment in assembly/ gives. */
export interface KernelCall {
  readonly kernel: keyof typeof KERNELS;
  readonly args: readonly Word[];
}

/** Turns an op into a kernel's call. */
export type Encoder<A extends Attrs = Attrs> = (call: Call<A>) => KernelCall;

type AttrsOf<N extends OpName> = Extract<(typeof OPS)[number], { readonly name: N }> extends Op<infer A, N> ? A : never;

/** An encoder for every op of the engine. */
export type EncoderTable = { readonly [N in OpName]: Encoder<AttrsOf<N>> };

/** The bits of a double as two words, the low one first. */
export function doubleWords(x: number): readonly Word[] {
  return [...new Int32Array(Float64Array.of(x).buffer)];
}
