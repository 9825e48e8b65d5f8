import { assemble, type WasmFunction, type WasmType } from "./assemble.ts";
import { cvt, set, setp } from "./conversionRules.ts";
import { Emitter, takeApart, unknown, wasmType, type Op, type Place, type Rule } from "./emitter.ts";
import { PtxError } from "./errors.ts";
import { flatten, type FlatKernel } from "./flatten.ts";
import { FLOAT_RULES } from "./floatRules.ts";
import { HELPERS, IMPORTS } from "./helpers.ts";
import { INTEGER_RULES } from "./integerRules.ts";
import * as layout from "./layout.ts";
import { MEMORY_RULES } from "./memoryRules.ts";
import { sizeOf, type Instruction, type PtxModule, type Variable } from "./ptx.ts";
import { cut, liveness, registersOf, type Step } from "./steps.ts";

/** A register's place in its warp's frame, where it outlives a step. */
export interface Slot {
  /** From the frame's beginning, in bytes; lanes lie side by side. */
  readonly offset: number;
  readonly type: string;
}

/** A kernel made ready to run. */
export interface Kernel {
  readonly name: string;
  readonly params: readonly Variable[];
  readonly body: readonly Instruction[];
  readonly steps: readonly Step[];
  readonly slots: ReadonlyMap<string, Slot>;
  /** Registers of one warp, in bytes. */
  readonly frameSize: number;
  /** Local memory of one thread, in bytes. */
  readonly localSize: number;
  /** Shared memory that the kernel declares itself, in bytes, and where that of the launch begins. */
  readonly sharedSize: number;
  /** Addresses of variables in shared memory. */
  readonly shared: ReadonlyMap<string, bigint>;
  readonly wasm: WebAssembly.Module;
}

/** Offsets of arguments one after the other. */
export function layOut(variables: readonly Variable[], start = 0): { offsets: number[]; size: number } {
  let size = start;
  const offsets = variables.map((variable) => {
    const at = Math.ceil(size / variable.align) * variable.align;
    size = at + variable.size;
    return at;
  });
  return { offsets, size };
}

/**
 * Compiles a kernel: one WebAssembly function a step, which runs the step for every lane of a mask. `globals` has the
 * addresses of the module's variables in global and constant memory.
 *
 * @throws PtxError for an instruction that is not known, by name and line.
 */
export function compileKernel(module: PtxModule, name: string, globals: ReadonlyMap<string, bigint>): Kernel {
  const flat = flatten(module, name);
  const { places, localSize, sharedSize } = placeVariables(module, flat, globals);
  const place = (symbol: string): Place => {
    const found = places.get(symbol);
    if (found === undefined) throw new PtxError(`no variable ${symbol}`);
    return found;
  };
  const steps = cut(flat);
  const { needs, keeps } = liveness(flat.body, steps);
  const slots = new Map<string, Slot>();
  let frameSize = 0;
  const together = steps.flatMap((step) => (step.together === null ? [] : togetherRegisters(flat.body[step.from]!)));
  for (const register of new Set(["%tid.x", "%tid.y", "%tid.z", ...needs.flat(), ...keeps.flat(), ...together])) {
    const type = flat.registers.get(register);
    if (type === undefined) throw new PtxError(`${name}: no register ${register}`);
    slots.set(register, { offset: frameSize, type });
    frameSize += 32 * (sizeOf(type) === 8 ? 8 : 4);
  }
  const functions = steps.flatMap((step, at): WasmFunction[] =>
    step.together === null ? [lanes(flat, step, at, { place, slots, needs: needs[at]!, keeps: keeps[at]! })] : [],
  );
  const wasm = new WebAssembly.Module(assemble([...HELPERS, ...functions], IMPORTS, layout.PAGES));
  const inShared = [...places].filter(([, { space }]) => space === "shared");
  const shared = new Map(inShared.map(([symbol, { address }]) => [symbol, address]));
  return { name, params: flat.params, body: flat.body, steps, slots, frameSize, localSize, sharedSize, shared, wasm };
}

/** Registers that an instruction of a whole warp names. */
function togetherRegisters(one: Instruction): string[] {
  const guard = one.predicate === null ? [] : [one.predicate.register];
  return [...guard, ...one.operands.flatMap(registersOf)];
}

function placeVariables(
  module: PtxModule,
  flat: FlatKernel,
  globals: ReadonlyMap<string, bigint>,
): { places: Map<string, Place>; localSize: number; sharedSize: number } {
  const used = new Set(flat.body.flatMap(({ operands }) => operands.flatMap(symbolsOf)));
  const places = new Map<string, Place>();
  for (const [symbol, address] of globals) places.set(symbol, { space: "global", address });
  const put = (space: string, variables: readonly Variable[], start: number): number => {
    const { offsets, size } = layOut(variables, start);
    for (const [at, one] of variables.entries()) places.set(one.name, { space, address: BigInt(offsets[at]!) });
    return size;
  };
  put("param", flat.params, 0);
  const local = flat.variables.filter(({ space }) => space === "local" || space === "param");
  const localSize = Math.ceil(put("local", local, 0) / 16) * 16;
  const shared = [...module.variables, ...flat.variables].filter((one) => one.space === "shared" && used.has(one.name));
  const end = put("shared", shared.filter(({ size }) => size > 0), layout.SHARED_START); // prettier-ignore
  const dynamic = shared.filter(({ size }) => size === 0);
  const align = Math.max(16, ...dynamic.map((one) => one.align));
  const start = dynamic.length === 0 ? end : Math.ceil(end / align) * align;
  for (const one of dynamic) places.set(one.name, { space: "shared", address: BigInt(start) });
  return { places, localSize, sharedSize: start - layout.SHARED_START };
}

function symbolsOf(operand: Instruction["operands"][number]): string[] {
  if (operand.kind === "symbol") return [operand.name];
  if (operand.kind === "memory") return symbolsOf(operand.base);
  return operand.kind === "vector" || operand.kind === "pair" ? operand.items.flatMap(symbolsOf) : [];
}

const FLOAT_TYPE = /^(f|bf)\d/;
const OTHERS: Readonly<Record<string, Rule>> = { ...MEMORY_RULES, cvt, set, setp };
const WHOLE: Readonly<Record<string, Rule>> = { ...INTEGER_RULES, ...OTHERS };
const FLOAT: Readonly<Record<string, Rule>> = { ...INTEGER_RULES, ...FLOAT_RULES, ...OTHERS };

function ruleFor(op: Op): Rule {
  const rule = (FLOAT_TYPE.test(op.type) ? FLOAT : WHOLE)[op.name];
  if (rule === undefined) throw unknown(op);
  return rule;
}

interface Surroundings {
  readonly place: (name: string) => Place;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly needs: readonly string[];
  readonly keeps: readonly string[];
}

/** The function of one step: for each lane of the mask, registers in, instructions, registers out; returns who branches. */
function lanes(flat: FlatKernel, step: Step, at: number, { place, slots, needs, keeps }: Surroundings): WasmFunction {
  const emit = new Emitter(flat.registers, place);
  const locals = new Map<string, WasmType>();
  const code = flat.body.slice(step.from, step.to).map((one, index) => {
    try {
      return instructionCode(one, step.from + index, step, emit, locals);
    } catch (error) {
      if (error instanceof PtxError) throw new PtxError(`line ${one.line}: ${error.message}`, { cause: error });
      throw error;
    }
  });
  const moved = (name: string, store: boolean): string => {
    const { offset, type } = slots.get(name)!;
    locals.set(name, wasmType(type));
    const base = sizeOf(type) === 8 ? "$wide" : "$narrow";
    const access = `${wasmType(type)}.${store ? "store" : "load"}@${offset}`;
    return store ? `${base} $${name} ${access}` : `${base} ${access} =${name}`;
  };
  const body = `loop
    $mask i32.ctz =lane $first $lane i32.add =stamp
    $frame $lane 2 i32.shl i32.add =narrow $frame $lane 3 i32.shl i32.add =wide
    ${needs.map((name) => moved(name, false)).join(" ")}
    ${code.join("\n")}
    ${keeps.map((name) => moved(name, true)).join(" ")}
    $mask $mask 1 i32.sub i32.and &mask br_if:0
    end $taken`;
  for (const [name, type] of emit.temporaries) locals.set(name, type);
  for (const name of ["lane", "stamp", "narrow", "wide", "taken"]) locals.set(name, "i32");
  const params = ["frame", "mask", "first", "base"].map((name) => [name, "i32"] as const);
  return { name: `step${at}`, params, result: "i32", locals, body };
}

function instructionCode(
  one: Instruction,
  at: number,
  step: Step,
  emit: Emitter,
  locals: Map<string, WasmType>,
): string {
  const guard = one.predicate === null ? null : `$${one.predicate.register}${one.predicate.negated ? " i32.eqz" : ""}`;
  for (const operand of one.operands) {
    for (const name of registersOf(operand)) locals.set(name, wasmType(emit.typeOf(name)));
  }
  if (one.predicate !== null) locals.set(one.predicate.register, "i32");
  if (/^(addc|subc|madc)|\.cc\b/.test(one.opcode)) locals.set("%cc", "i32");
  if (at === step.to - 1 && step.end.kind !== "next") {
    if (step.end.kind === "table") {
      const op = takeApart(one, at);
      return `$lane 2 i32.shl ${emit.value(op, 0, "u32")} i32.store@${layout.TARGETS}`;
    }
    return `$taken ${guard ?? "1"} $lane i32.shl i32.or =taken`;
  }
  const op = takeApart(one, at);
  const code = ruleFor(op)(op, emit);
  return guard === null ? code : `${guard} if ${code} end`;
}
