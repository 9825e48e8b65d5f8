import { allow, constant, unknown, wasmType, type Emitter, type Op, type Rule } from "./emitter.ts";
import { PtxError } from "./errors.ts";
import { sizeOf } from "./ptx.ts";

const signed = (op: Op): boolean => op.type.startsWith("s");
const sign = (op: Op): "s" | "u" => (signed(op) ? "s" : "u");
const bits = (op: Op): number => sizeOf(op.type) * 8;

/** A number as a constant of the instruction's own width. */
const literal = (value: number, op: Op): string => constant(BigInt(value), bits(op) === 64 ? "s64" : "s32");

function binary(instruction: string): Rule {
  return (op, emit) => {
    const type = wasmType(op.type);
    return emit.assign(op, `${emit.value(op, 1)} ${emit.value(op, 2)} ${type}.${instruction}`);
  };
}

const CARRY = { kind: "register", name: "%cc" } as const;

/** Sums and differences with a carry in, a carry out, or both; `%cc` holds 0 or 1. */
function carrying(op: Op, emit: Emitter, name: "add" | "sub", carries: boolean, b: string): string {
  const type = wasmType(op.type);
  const first = emit.keep(type, emit.value(op, op.name.startsWith("mad") ? 3 : 1));
  const second = emit.keep(type, b);
  const cc = emit.read(CARRY, bits(op) === 64 ? "u64" : "u32");
  const once = emit.keep(type, `${first.get} ${second.get} ${type}.${name}`);
  const all = emit.keep(type, carries ? `${once.get} ${cc} ${type}.${name}` : once.get);
  // A sum that wrapped is below its summand, a difference above what was taken from.
  const wrapped = name === "add" ? "lt_u" : "gt_u";
  const out = op.modifiers.includes("cc")
    ? emit.write(
        CARRY,
        `${once.get} ${first.get} ${type}.${wrapped} ${all.get} ${once.get} ${type}.${wrapped} i32.or`,
        "u32",
      )
    : "";
  return `${first.set} ${second.set} ${once.set} ${all.set} ${out} ${emit.assign(op, all.get)}`;
}

function sum(name: "add" | "sub"): Rule {
  return (op, emit) => {
    allow(op, "cc");
    const carries = op.name.endsWith("c");
    if (!carries && op.modifiers.length === 0) return binary(name)(op, emit);
    return carrying(op, emit, name, carries, emit.value(op, 2));
  };
}

/** The product's low or high half, or the whole of twice the width. */
function product(op: Op, emit: Emitter): { readonly code: string; readonly type: string } {
  const [a, b] = [emit.value(op, 1), emit.value(op, 2)];
  const type = wasmType(op.type);
  if (op.modifiers.includes("lo")) return { code: `${a} ${b} ${type}.mul`, type: op.type };
  const wide = op.modifiers.includes("wide");
  if (!wide && !op.modifiers.includes("hi")) throw unknown(op);
  if (bits(op) === 16) {
    const code = `${a} ${b} i32.mul`;
    return wide ? { code, type: `${sign(op)}32` } : { code: `${code} 16 i32.shr_${sign(op)}`, type: op.type };
  }
  if (bits(op) === 32) {
    const code = `${a} i64.extend_i32_${sign(op)} ${b} i64.extend_i32_${sign(op)} i64.mul`;
    return wide ? { code, type: `${sign(op)}64` } : { code: `${code} 32L i64.shr_u i32.wrap_i64`, type: op.type };
  }
  if (wide) throw unknown(op);
  if (!signed(op)) return { code: `${a} ${b} call:highProduct`, type: op.type };
  const [x, y] = [emit.keep("i64", a), emit.keep("i64", b)];
  // The signed high half is the unsigned one less each factor where the other is negative.
  const less = (one: string, other: string): string => `${one} 63L i64.shr_s ${other} i64.and i64.sub`;
  const code = `${x.set} ${y.set} ${x.get} ${y.get} call:highProduct ${less(x.get, y.get)} ${less(y.get, x.get)}`;
  return { code, type: op.type };
}

const mad: Rule = (op, emit) => {
  allow(op, "lo hi wide cc");
  const { code, type } = product(op, emit);
  if (op.name === "madc" || op.modifiers.includes("cc")) {
    return carrying(op, emit, "add", op.name === "madc", code);
  }
  return emit.assign(op, `${code} ${emit.value(op, 3, type)} ${wasmType(type)}.add`, type);
};

function shift(op: Op, emit: Emitter): string {
  const type = wasmType(op.type);
  const name = op.name === "shl" ? "shl" : `shr_${sign(op)}`;
  const by = op.operands[2];
  const value = emit.value(op, 1);
  const arithmetic = name === "shr_s";
  if (by?.kind === "integer" && by.value >= 0n) {
    const amount = Number(by.value);
    if (amount >= bits(op) && !arithmetic) return emit.assign(op, literal(0, op));
    return emit.assign(op, `${value} ${literal(Math.min(amount, bits(op) - 1), op)} ${type}.${name}`);
  }
  const amount = emit.keep("i32", emit.value(op, 2, "u32"));
  const widened = type === "i64" ? " i64.extend_i32_u" : "";
  const inside = `${amount.get} ${bits(op)} i32.lt_u`;
  // Shifts by the width or more leave nothing, or the sign.
  const code = arithmetic
    ? `${value} ${amount.get} ${bits(op) - 1} ${inside} select${widened} ${type}.${name}`
    : `${value} ${amount.get}${widened} ${type}.${name} ${literal(0, op)} ${inside} select`;
  return `${amount.set} ${emit.assign(op, code)}`;
}

/** Bits of two words, shifted as one of 64: `shf.l` gives the upper half, `shf.r` the lower. */
const funnel: Rule = (op, emit) => {
  allow(op, "l r wrap clamp");
  const by = op.modifiers.includes("wrap")
    ? `${emit.value(op, 3)} 31 i32.and`
    : `${emit.value(op, 3)} 32 ${emit.value(op, 3)} 32 i32.lt_u select`;
  const both = `${emit.value(op, 2)} i64.extend_i32_u 32L i64.shl ${emit.value(op, 1)} i64.extend_i32_u i64.or`;
  const code = op.modifiers.includes("l")
    ? `${both} ${by} i64.extend_i32_u i64.shl 32L i64.shr_u i32.wrap_i64`
    : `${both} ${by} i64.extend_i32_u i64.shr_u i32.wrap_i64`;
  return emit.assign(op, code);
};

/** Any function of three bits, by its truth table. */
const lop3: Rule = (op, emit) => {
  allow(op, "");
  const table = op.operands[4];
  if (table?.kind !== "integer") throw unknown(op);
  const inputs = [1, 2, 3].map((at) => emit.keep("i32", emit.value(op, at)));
  const terms = Array.from({ length: 8 }, (_, row) => row)
    .filter((row) => (Number(table.value) >> row) & 1)
    .map((row) => {
      const factors = inputs.map(({ get }, at) => ((row >> (2 - at)) & 1 ? get : `${get} -1 i32.xor`));
      return `${factors[0]} ${factors[1]} i32.and ${factors[2]} i32.and`;
    });
  const code = terms.length === 0 ? "0" : terms.map((term, at) => (at === 0 ? term : `${term} i32.or`)).join(" ");
  return `${inputs.map(({ set }) => set).join(" ")} ${emit.assign(op, code)}`;
};

function divide(name: "div" | "rem"): Rule {
  return (op, emit) => {
    allow(op, "");
    return emit.assign(op, `${emit.value(op, 1)} ${emit.value(op, 2)} call:${name}_${sign(op)}_${wasmType(op.type)}`);
  };
}

function extremum(name: "min" | "max"): Rule {
  return (op, emit) => {
    allow(op, "");
    const type = wasmType(op.type);
    const [a, b] = [emit.keep(type, emit.value(op, 1)), emit.keep(type, emit.value(op, 2))];
    const compare = `${name === "min" ? "lt" : "gt"}_${sign(op)}`;
    return `${a.set} ${b.set} ${emit.assign(op, `${a.get} ${b.get} ${a.get} ${b.get} ${type}.${compare} select`)}`;
  };
}

const abs: Rule = (op, emit) => {
  allow(op, "");
  const type = wasmType(op.type);
  const { set, get } = emit.keep(type, emit.value(op, 1));
  const negative = `${literal(0, op)} ${get} ${type}.sub`;
  return `${set} ${emit.assign(op, `${negative} ${get} ${get} ${literal(0, op)} ${type}.lt_s select`)}`;
};

function bitwise(name: "and" | "or" | "xor"): Rule {
  return (op, emit) => {
    allow(op, "");
    return binary(name)(op, emit);
  };
}

const not: Rule = (op, emit) => {
  allow(op, "");
  if (op.type === "pred") return emit.assign(op, `${emit.value(op, 1)} i32.eqz`);
  return emit.assign(op, `${emit.value(op, 1)} ${literal(-1, op)} ${wasmType(op.type)}.xor`);
};

function count(name: "clz" | "popcnt"): Rule {
  return (op, emit) => {
    allow(op, "");
    const type = wasmType(op.type);
    return emit.assign(op, `${emit.value(op, 1)} ${type}.${name}${type === "i64" ? " i32.wrap_i64" : ""}`, "u32");
  };
}

function field(name: "bfe" | "bfi"): Rule {
  return (op, emit) => {
    allow(op, "");
    const wide = bits(op) === 64 ? "64" : "";
    const [first, last] = name === "bfe" ? [1, 2] : [2, 3];
    const values = Array.from({ length: first }, (_, at) => emit.value(op, at + 1)).join(" ");
    const fields = `${emit.value(op, last, "u32")} ${emit.value(op, last + 1, "u32")}`;
    return emit.assign(op, `${values} ${fields} ${name === "bfe" ? `${signed(op) ? 1 : 0} ` : ""}call:${name}${wide}`);
  };
}

const bfind: Rule = (op, emit) => {
  allow(op, "shiftamt");
  if (bits(op) !== 32) throw unknown(op);
  const value = emit.keep("i32", emit.value(op, 1));
  // Of a negative number, the highest bit that differs from the sign.
  const positive = signed(op) ? `${value.get} 31 i32.shr_s ${value.get} i32.xor` : value.get;
  return `${value.set} ${emit.assign(op, `${positive} ${op.modifiers.length > 0 ? 1 : 0} call:bfind`, "u32")}`;
};

const prmt: Rule = (op, emit) => {
  allow(op, "");
  return emit.assign(op, `${emit.value(op, 1)} ${emit.value(op, 2)} ${emit.value(op, 3)} call:prmt`);
};

const dp4a: Rule = (op, emit) => {
  allow(op, "");
  const [a = "", b = ""] = op.types;
  const kinds = (a === "s32" ? 1 : 0) + (b === "s32" ? 2 : 0);
  return emit.assign(op, `${[1, 2, 3].map((at) => emit.value(op, at, "b32")).join(" ")} ${kinds} call:dp4a`, "b32");
};

const selp: Rule = (op, emit) => {
  allow(op, "");
  return emit.assign(op, `${emit.value(op, 1)} ${emit.value(op, 2)} ${emit.value(op, 3, "pred")} select`);
};

const mov: Rule = (op, emit) => {
  allow(op, "");
  const [target, source] = op.operands;
  if (target?.kind === "vector" && source?.kind === "vector") throw new PtxError(`${op.opcode} of two vectors`);
  return emit.assign(op, emit.value(op, 1));
};

/** Instructions on whole numbers and bits, and what moves values between registers. */
export const INTEGER_RULES: Readonly<Record<string, Rule>> = {
  add: sum("add"),
  addc: sum("add"),
  sub: sum("sub"),
  subc: sum("sub"),
  mul: (op, emit) => {
    allow(op, "lo hi wide");
    const { code, type } = product(op, emit);
    return emit.assign(op, code, type);
  },
  mad,
  madc: mad,
  div: divide("div"),
  rem: divide("rem"),
  min: extremum("min"),
  max: extremum("max"),
  abs,
  neg: (op, emit) => {
    allow(op, "");
    return emit.assign(op, `${literal(0, op)} ${emit.value(op, 1)} ${wasmType(op.type)}.sub`);
  },
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  not,
  shl: (op, emit) => {
    allow(op, "");
    return shift(op, emit);
  },
  shr: (op, emit) => {
    allow(op, "");
    return shift(op, emit);
  },
  shf: funnel,
  lop3,
  popc: count("popcnt"),
  clz: count("clz"),
  brev: (op, emit) => {
    allow(op, "");
    return emit.assign(op, `${emit.value(op, 1)} call:brev${bits(op) === 64 ? "64" : ""}`);
  },
  bfe: field("bfe"),
  bfi: field("bfi"),
  bfind,
  prmt,
  dp4a,
  selp,
  mov,
};
