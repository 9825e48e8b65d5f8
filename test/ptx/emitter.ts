import type { WasmType } from "./assemble.ts";
import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import { sizeOf, type Instruction, type Operand } from "./ptx.ts";

/** Where a variable lies: an address within its state space. */
export interface Place {
  readonly space: string;
  readonly address: bigint;
}

/** An instruction with its opcode taken apart. */
export interface Op {
  readonly name: string;
  readonly opcode: string;
  /** The words between name and types. */
  readonly modifiers: readonly string[];
  readonly types: readonly string[];
  /** The last type, or `b32` where there is none. */
  readonly type: string;
  readonly operands: readonly Operand[];
  /** Number of the instruction in its kernel, for errors. */
  readonly pc: number;
}

/** Code of one instruction for one lane. */
export type Rule = (op: Op, emit: Emitter) => string;

const TYPE = /^(?:[busf](?:8|16|32|64|128)|bf16x2|bf16|f16x2|pred|tf32)$/;

type Opcode = Pick<Op, "name" | "modifiers" | "types" | "type">;
const opcodes = new Map<string, Opcode>();

/** Takes an instruction's opcode apart. */
export function takeApart({ opcode, operands }: Instruction, pc: number): Op {
  let known = opcodes.get(opcode);
  if (known === undefined) {
    const [name = "", ...parts] = opcode.replaceAll("::", "_").split(".");
    const types = parts.filter((part) => TYPE.test(part));
    known = { name, types, modifiers: parts.filter((part) => !TYPE.test(part)), type: types.at(-1) ?? "b32" };
    opcodes.set(opcode, known);
  }
  return { ...known, opcode, operands, pc };
}

/** WebAssembly's type of a PTX type's values; what is narrower than 32 bits is held zero-extended. */
export function wasmType(type: string): WasmType {
  if (type === "f32" || type === "f64") return type;
  return sizeOf(type) === 8 ? "i64" : "i32";
}

/** Refuses an instruction that has a modifier besides those named. */
export function allow(op: Op, modifiers: string): void {
  const known = modifiers.split(" ");
  if (op.modifiers.some((one) => !known.includes(one))) throw unknown(op);
}

/** The error for an instruction that is not known. */
export function unknown(op: Op): PtxError {
  return new PtxError(`no instruction ${op.opcode}`);
}

/** Writes WebAssembly text that reads and writes the registers of one lane. */
export class Emitter {
  /** Locals beside the registers. */
  readonly temporaries = new Map<string, WasmType>();
  readonly #registers: ReadonlyMap<string, string>;
  readonly #place: (name: string) => Place;

  constructor(registers: ReadonlyMap<string, string>, place: (name: string) => Place) {
    this.#registers = registers;
    this.#place = place;
  }

  /** The declared type of a register. */
  typeOf(name: string): string {
    const type = this.#registers.get(name);
    if (type === undefined) throw new PtxError(`no register ${name}`);
    return type;
  }

  place(name: string): Place {
    return this.#place(name);
  }

  /** A new local for values between instructions. */
  temporary(type: WasmType): string {
    const name = `t${this.temporaries.size}`;
    this.temporaries.set(name, type);
    return name;
  }

  /** A local that every instruction may use for as long as it runs. */
  shared(name: string, type: WasmType): string {
    this.temporaries.set(name, type);
    return name;
  }

  /** Keeps a value in a local, so that it can be read more than once. */
  keep(type: WasmType, code: string): { readonly set: string; readonly get: string } {
    const name = this.temporary(type);
    return { set: `${code} =${name}`, get: `$${name}` };
  }

  /** Operand `at` as an instruction of this type reads it. */
  value(op: Op, at: number, type: string = op.type): string {
    const operand = op.operands[at];
    if (operand === undefined) throw new PtxError(`${op.opcode} has no operand ${at}`);
    return this.read(operand, type);
  }

  read(operand: Operand, type: string): string {
    const wanted = wasmType(type);
    if (operand.kind === "integer") return constant(operand.value, type);
    if (operand.kind === "float") return float(operand.bits, wanted);
    if (operand.kind === "not") return `${this.read(operand.operand, type)} i32.eqz`;
    if (operand.kind === "vector") return this.#pack(operand.items, type);
    if (operand.kind === "special") return extend(special(operand.name), "i32", type);
    if (operand.kind === "symbol") {
      const { space, address } = this.#place(operand.name);
      if (space === "param") throw new PtxError(`the address of argument ${operand.name} is not supported`);
      return constant(address + BigInt(operand.offset), type);
    }
    if (operand.kind !== "register") throw new PtxError(`a ${operand.kind} operand cannot be read`);
    const stored = wasmType(this.typeOf(operand.name));
    return extend(`$${operand.name}`, stored, type);
  }

  /** Sets operand 0 to a value of this type. */
  assign(op: Op, code: string, type: string = op.type): string {
    return this.write(op.operands[0] ?? { kind: "sink" }, code, type);
  }

  write(operand: Operand, code: string, type: string): string {
    if (operand.kind === "sink") return `${code} drop`;
    if (operand.kind === "vector") return this.#unpack(operand.items, code, type);
    if (operand.kind !== "register") throw new PtxError(`a ${operand.kind} operand cannot be written`);
    const declared = this.typeOf(operand.name);
    return `${convert(code, wasmType(type), declared, type)} =${operand.name}`;
  }

  /** `{a, b}` as one value: the first lies in the low bits. */
  #pack(items: readonly Operand[], type: string): string {
    const bits = (sizeOf(type) * 8) / items.length;
    const wide = sizeOf(type) === 8 ? "i64" : "i32";
    const parts = items.map((item, at) => {
      const part = extend(this.read(item, `b${bits}`), wasmType(`b${bits}`), sizeOf(type) === 8 ? "b64" : "b32");
      return at === 0 ? part : `${part} ${bits * at}${wide === "i64" ? "L" : ""} ${wide}.shl ${wide}.or`;
    });
    return extend(parts.join(" "), wide, type);
  }

  #unpack(items: readonly Operand[], code: string, type: string): string {
    const wide = sizeOf(type) === 8 ? "i64" : "i32";
    const bits = (sizeOf(type) * 8) / items.length;
    const { set, get } = this.keep(wide, convert(code, wasmType(type), wide === "i64" ? "b64" : "b32", type));
    const parts = items.map((item, at) => {
      const shifted = at === 0 ? get : `${get} ${bits * at}${wide === "i64" ? "L" : ""} ${wide}.shr_u`;
      return this.write(item, extend(shifted, wide, `b${bits}`), `b${bits}`);
    });
    return [set, ...parts].join(" ");
  }
}

/** A constant as its bits in a type. */
export function constant(value: bigint, type: string): string {
  const wanted = wasmType(type);
  if (wanted === "i64") return `${BigInt.asIntN(64, value)}L`;
  if (wanted === "f32") return `${BigInt.asIntN(32, value)} f32.reinterpret_i32`;
  if (wanted === "f64") return `${BigInt.asIntN(64, value)}L f64.reinterpret_i64`;
  const bits = sizeOf(type) * 8;
  if (type === "pred") return String(value);
  return String(type.startsWith("s") ? BigInt.asIntN(bits, value) : BigInt.asIntN(32, BigInt.asUintN(bits, value)));
}

function float(bits: string, wanted: WasmType): string {
  if (bits.length === 10) return wanted === "f32" ? bits : `${bits} i32.reinterpret_f32`;
  if (wanted === "f32") return `${bits} f32.demote_f64`;
  return wanted === "f64" ? bits : `${bits} i64.reinterpret_f64`;
}

/** The content of a register of WebAssembly type `stored`, read as a PTX type: reinterpreted, cut and extended. */
function extend(code: string, stored: WasmType, type: string): string {
  const wanted = wasmType(type);
  const size = sizeOf(type);
  let text = code;
  let held = stored;
  if (held === wanted && (held === "f32" || held === "f64")) return text;
  if (held === "f32") [text, held] = [`${text} i32.reinterpret_f32`, "i32"];
  if (held === "f64") [text, held] = [`${text} i64.reinterpret_f64`, "i64"];
  if (size === 8 && held === "i32") {
    [text, held] = [`${text} i64.extend_i32_${type.startsWith("s") ? "s" : "u"}`, "i64"];
  }
  if (size < 8 && held === "i64") text = `${text} i32.wrap_i64`;
  if (wanted === "f32") return `${text} f32.reinterpret_i32`;
  if (wanted === "f64") return `${text} f64.reinterpret_i64`;
  if (size < 4 && type !== "pred") {
    return type.startsWith("s") ? `${text} i32.extend${8 * size}_s` : `${text} ${size === 1 ? 255 : 65535} i32.and`;
  }
  return text;
}

/** A value of an instruction's type as a register of a declared type holds it. */
function convert(code: string, given: WasmType, declared: string, type: string): string {
  const held = wasmType(declared);
  let text = code;
  let now = given;
  if (now === held && sizeOf(declared) >= 4) return text;
  if (now === "f32") [text, now] = [`${text} i32.reinterpret_f32`, "i32"];
  if (now === "f64") [text, now] = [`${text} i64.reinterpret_f64`, "i64"];
  if (sizeOf(declared) === 8 && now === "i32") {
    [text, now] = [`${text} i64.extend_i32_${type.startsWith("s") ? "s" : "u"}`, "i64"];
  }
  if (sizeOf(declared) < 8 && now === "i64") text = `${text} i32.wrap_i64`;
  if (held === "f32") return `${text} f32.reinterpret_i32`;
  if (held === "f64") return `${text} f64.reinterpret_i64`;
  return sizeOf(declared) < 4 && declared !== "pred" ? `${text} ${sizeOf(declared) === 1 ? 255 : 65535} i32.and` : text;
}

/** A special register; tid is kept with the registers, the others are the same for the whole warp. */
function special(name: string): string {
  if (name.startsWith("%tid.")) return `$${name}`;
  if (name === "%laneid") return "$lane";
  if (name === "%warpid") return `$stamp ${layout.THREADS.several} i32.and 5 i32.shr_u`;
  if (name === "%lanemask_eq") return "1 $lane i32.shl";
  if (name === "%lanemask_lt") return "1 $lane i32.shl 1 i32.sub";
  if (name === "%lanemask_le") return "2 $lane i32.shl 1 i32.sub";
  if (name === "%lanemask_gt") return "-2 $lane i32.shl";
  if (name === "%lanemask_ge") return "-1 $lane i32.shl";
  if (!(name in layout.WORDS)) throw new PtxError(`no special register ${name}`);
  return `0 i32.load@${layout.CONTEXT + 4 * layout.WORDS[name as keyof typeof layout.WORDS]}`;
}
