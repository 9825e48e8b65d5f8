import { ATOMICS } from "./atomics.ts";
import { allow, unknown, wasmType, type Emitter, type Op, type Rule } from "./emitter.ts";
import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import { sizeOf, type Operand } from "./ptx.ts";

const SPACES = ["global", "shared", "local", "const", "param", "shared_cta"];
/** Words that say how to cache, order or fetch, and change no value here. */
const CACHING =
  "nc ca cg cs cv lu wb wt volatile relaxed weak acquire release cta gpu sys L2_64B L2_128B L2_256B L1_no_allocate L1_evict_first L1_evict_last L1_evict_normal L1_evict_unchanged";

function spaceOf(op: Op): string {
  const space = op.modifiers.find((one) => SPACES.includes(one)) ?? "generic";
  return space === "shared_cta" ? "shared" : space;
}

/** The linear address of an operand; loads from the arguments need no check. */
function address(op: Op, emit: Emitter, operand: Operand | undefined, space: string, width: number): string {
  if (operand?.kind !== "memory") throw unknown(op);
  const { base, offset } = operand;
  const named = base.kind === "symbol" ? emit.place(base.name) : null;
  const where = `${width} $stamp ${op.pc}`;
  if (space === "param") {
    if (named === null) throw new PtxError(`${op.opcode} from a computed address is not supported`);
    const at = Number(named.address) + offset;
    return named.space === "param" ? String(layout.PARAMS + at) : `${at} ${where} $base call:local`;
  }
  const plus = (type: "i32" | "i64"): string => {
    const start = emit.read(base, type === "i32" ? "u32" : "u64");
    return offset === 0 ? start : `${start} ${offset}${type === "i64" ? "L" : ""} ${type}.add`;
  };
  if (space === "shared") return `${plus("i32")} ${where} call:shared`;
  if (space === "local") return `${plus("i32")} ${where} $base call:local`;
  if (space === "generic") return `${plus("i64")} ${where} $base call:generic`;
  return `${plus("i64")} ${where} call:global`;
}

/** Checks the shadow of what has one; local memory is its thread's alone. */
function shadow(space: string, which: "reading" | "writing", width: number, pc: number, at: string): string {
  if (space === "param" || space === "local") return "";
  const check = `${at} $stamp ${pc} call:${which}${width}`;
  return space === "generic" ? `${at} ${layout.HEAP} i32.ge_u if ${check} end` : check;
}

function elements(op: Op, operand: Operand | undefined): readonly Operand[] {
  if (operand === undefined) throw unknown(op);
  return operand.kind === "vector" ? operand.items : [operand];
}

function load(type: string): string {
  const size = sizeOf(type);
  const wide = wasmType(type);
  if (size >= 4) return `${wide}.load`;
  return `i32.load${8 * size}_${type.startsWith("s") ? "s" : "u"}`;
}

const ld: Rule = (op, emit) => {
  allow(op, `${CACHING} ${SPACES.join(" ")} v2 v4`);
  const space = spaceOf(op);
  const targets = elements(op, op.operands[0]);
  const size = sizeOf(op.type);
  const width = size * targets.length;
  const at = emit.keep("i32", address(op, emit, op.operands[1], space, width));
  // A register that is wider than what is loaded takes it extended.
  const loads = targets.map((target, index) =>
    emit.write(target, `${at.get} ${load(op.type)}@${index * size}`, op.type),
  );
  // Memory that is read past the caches must stay as it is for as long as the kernel runs.
  const constant = op.modifiers.includes("nc") ? `${at.get} ${width} $stamp ${op.pc} call:constant` : "";
  return [at.set, shadow(space, "reading", width, op.pc, at.get), constant, ...loads].join(" ");
};

const st: Rule = (op, emit) => {
  allow(op, `${CACHING} ${SPACES.join(" ")} v2 v4`);
  const space = spaceOf(op);
  const values = elements(op, op.operands[1]);
  const size = sizeOf(op.type);
  const width = size * values.length;
  const at = emit.keep("i32", address(op, emit, op.operands[0], space, width));
  const name = size >= 4 ? `${wasmType(op.type)}.store` : `i32.store${8 * size}`;
  const stores = values.map((value, index) => `${at.get} ${emit.read(value, op.type)} ${name}@${index * size}`);
  return [at.set, shadow(space, "writing", width, op.pc, at.get), ...stores].join(" ");
};

/** Addresses between the state spaces and the generic one, where each space has a window. */
const cvta: Rule = (op, emit) => {
  allow(op, "to global shared local const");
  const space = spaceOf(op);
  const value = emit.value(op, 1, "u64");
  if (space === "global" || space === "const") return emit.assign(op, value, "u64");
  const window = (BigInt(layout.WINDOWS[space as "shared" | "local"]) << 32n).toString();
  return emit.assign(op, `${value} ${window}L ${op.modifiers.includes("to") ? "i64.sub" : "i64.add"}`, "u64");
};

const isspacep: Rule = (op, emit) => {
  allow(op, "global shared local");
  const window = layout.WINDOWS[spaceOf(op) as keyof typeof layout.WINDOWS];
  return emit.assign(op, `${emit.value(op, 1, "u64")} 32L i64.shr_u ${window}L i64.eq`, "pred");
};

/** `atom` and `red`; sums of floats in no fixed order are refused, for every run shall give the same bytes. */
function atomic(op: Op, emit: Emitter, returns: boolean): string {
  allow(op, `${CACHING} acq_rel global shared shared_cta ${ATOMICS.join(" ")}`);
  const named = op.modifiers.find((one) => (ATOMICS as readonly string[]).includes(one)) ?? "";
  const float = /^(f|bf)/.test(op.type);
  const size = sizeOf(op.type);
  if (named === "" || size < 4 || (float && !["exch", "cas"].includes(named))) throw unknown(op);
  const signed = op.type.startsWith("s") && (named === "min" || named === "max");
  const number = (ATOMICS as readonly string[]).indexOf(signed ? `s${named}` : named);
  const first = returns ? 1 : 0;
  const type = `b${8 * size}`;
  const at = address(op, emit, op.operands[first], spaceOf(op), size);
  const b = emit.value(op, first + 1, type);
  const c = op.operands[first + 2] === undefined ? (size === 8 ? "0L" : "0") : emit.value(op, first + 2, type);
  const code = `${number} ${at} ${b} ${c} $stamp ${op.pc} call:atomic${8 * size}`;
  return returns ? emit.assign(op, code, type) : `${code} drop`;
}

/** Copies from global to shared memory that have happened only once they are waited for. */
function copyAsync(op: Op, emit: Emitter): string {
  if (op.modifiers.includes("commit_group")) return "$stamp call:commitAsync";
  if (op.modifiers.includes("wait_all")) return `-1 $stamp ${op.pc} call:waitAsync`;
  if (op.modifiers.includes("wait_group")) return `${emit.value(op, 0, "u32")} $stamp ${op.pc} call:waitAsync`;
  allow(op, `async ca cg shared shared_cta global L2_64B L2_128B L2_256B`);
  const size = op.operands[2];
  if (size?.kind !== "integer" || (op.modifiers.includes("cg") && size.value !== 16n)) throw unknown(op);
  const width = Number(size.value);
  const given = emit.keep("i32", op.operands[3] === undefined ? String(width) : emit.value(op, 3, "u32"));
  const target = address(op, emit, op.operands[0], "shared", width);
  // Elements that are not copied are filled with zeros, and their address may be any.
  const from = `${given.get} if:i32 ${address(op, emit, op.operands[1], "global", width)} else 0 end`;
  return `${given.set} ${target} ${from} ${width} ${given.get} $stamp ${op.pc} call:copyAsync`;
}

const nothing = (modifiers: string): Rule => {
  return (op) => {
    allow(op, modifiers);
    return "";
  };
};

/** Instructions that touch memory, or order what does. */
export const MEMORY_RULES: Readonly<Record<string, Rule>> = {
  ld,
  ldu: ld,
  st,
  cvta,
  isspacep,
  atom: (op, emit) => atomic(op, emit, true),
  red: (op, emit) => atomic(op, emit, false),
  cp: copyAsync,
  prefetch: nothing("global L1 L2 local"),
  membar: nothing("cta gl sys"),
  fence: nothing("acq_rel sc cta gpu sys"),
  nanosleep: nothing(""),
  trap: (op) => `$stamp ${op.pc} call:trap`,
};
