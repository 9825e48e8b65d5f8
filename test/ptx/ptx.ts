import { PtxError } from "./errors.ts";

/** An argument of an instruction. */
export type Operand =
  | { readonly kind: "register" | "special"; readonly name: string }
  | { readonly kind: "integer"; readonly value: bigint }
  /** `0f` or `0d` and the bits. */
  | { readonly kind: "float"; readonly bits: string }
  | { readonly kind: "symbol"; readonly name: string; readonly offset: number }
  | { readonly kind: "memory"; readonly base: Operand; readonly offset: number }
  | { readonly kind: "vector" | "pair"; readonly items: readonly Operand[] }
  | { readonly kind: "not"; readonly operand: Operand }
  | { readonly kind: "sink" };

/** One instruction, with where it stands in the PTX and in the source that it was compiled from. */
export interface Instruction {
  /** The opcode with all its modifiers: `ld.global.v4.f32`. */
  readonly opcode: string;
  readonly predicate: { readonly register: string; readonly negated: boolean } | null;
  readonly operands: readonly Operand[];
  readonly line: number;
  /** `norm.cu:12`, where the PTX was compiled with `-lineinfo`. */
  readonly source: string | null;
}

/** A variable in some state space. */
export interface Variable {
  readonly name: string;
  readonly space: string;
  readonly align: number;
  /** In bytes; 0 for an array whose size the launch decides. */
  readonly size: number;
  readonly initial: Uint8Array | null;
}

/** A kernel, or a device function, as its first lines declare it. */
export interface PtxFunction {
  readonly name: string;
  readonly entry: boolean;
  readonly params: readonly Variable[];
  readonly returns: readonly Variable[];
  /**
   * Reads what it does, which takes longer than the rest.
   *
   * @throws PtxError with the line, for what it does not know.
   */
  readonly read: () => FunctionBody;
}

/** The body of a function. */
export interface FunctionBody {
  /** Types of registers by their names, which scopes have made unique. */
  readonly registers: ReadonlyMap<string, string>;
  readonly variables: readonly Variable[];
  readonly body: readonly Instruction[];
  /** The instruction that a label stands before. */
  readonly labels: ReadonlyMap<string, number>;
  /** Jump tables of `brx.idx`. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

/** Declarations of one PTX file. */
export interface PtxModule {
  readonly version: string;
  readonly target: string;
  readonly variables: readonly Variable[];
  readonly functions: ReadonlyMap<string, PtxFunction>;
}

const SIZES: Readonly<Record<string, number>> = { "8": 1, "16": 2, "32": 4, "64": 8, "128": 16 };
const sizes = new Map<string, number>(Object.entries({ pred: 1, tf32: 4 }));

/** Size in bytes of a value of a PTX type, such as `bf16x2`. */
export function sizeOf(type: string): number {
  const known = sizes.get(type);
  if (known !== undefined) return known;
  const size = type.endsWith("x2") ? sizeOf(type.slice(0, -2)) * 2 : SIZES[type.replace(/^[a-z]+/, "")];
  if (size === undefined) throw new PtxError(`no PTX type ${type}`);
  sizes.set(type, size);
  return size;
}
