import { allow, unknown, wasmType, type Emitter, type Op, type Rule } from "./emitter.ts";

/** Rounding modes by their number in `directed`. */
const MODES = ["rn", "rz", "rm", "rp"] as const;

/** Functions of one float by their number in `approx`. */
export const APPROXIMATIONS = ["ex2", "lg2", "sin", "cos", "tanh", "rsqrt"] as const;

function mode(op: Op): number {
  return Math.max(0, MODES.findIndex((name) => op.modifiers.includes(name))); // prettier-ignore
}

const promote = (code: string): string => `${code} f64.promote_f32`;

/** Operands of an f32 instruction, subnormals flushed where it says so. */
function inputs(op: Op, emit: Emitter, count: number): string[] {
  const flush = op.modifiers.includes("ftz") ? " call:flush" : "";
  return Array.from({ length: count }, (_, at) => `${emit.value(op, at + 1, "f32")}${flush}`);
}

function finish(op: Op, emit: Emitter, code: string): string {
  const flush = op.modifiers.includes("ftz") ? " call:flush" : "";
  return emit.assign(op, `${code}${flush}${op.modifiers.includes("sat") ? " call:saturate" : ""}`, "f32");
}

function binary32(name: "add" | "sub" | "mul"): Rule {
  return (op, emit) => {
    allow(op, "rn rz rm rp ftz sat");
    const [a = "", b = ""] = inputs(op, emit, 2);
    const rounding = mode(op);
    if (rounding === 0) return finish(op, emit, `${a} ${b} f32.${name}`);
    const exact =
      name === "mul"
        ? `${promote(a)} ${promote(b)} f64.mul`
        : `${promote(a)} ${promote(b)}${name === "sub" ? " f64.neg" : ""} call:sumOdd`;
    return finish(op, emit, `${exact} ${rounding} call:directed`);
  };
}

const fma32: Rule = (op, emit) => {
  allow(op, "rn rz rm rp ftz sat");
  const [a = "", b = "", c = ""] = inputs(op, emit, 3);
  const rounding = mode(op);
  if (rounding === 0) {
    // The product of two floats is exact in f64, so that one sum is left. Rounding that to f64 first is harmless but where
    // it falls halfway between two floats, or where the result is subnormal and keeps fewer bits.
    const [product, sum] = [emit.shared("product", "f64"), emit.shared("sum", "f64")];
    const code = `${promote(a)} ${promote(b)} f64.mul &${product} ${promote(c)} f64.add &${sum}
      i64.reinterpret_f64 i32.wrap_i64 536870911 i32.and 268435456 i32.eq
      $${sum} f64.abs 0d3810000000000000 f64.lt i32.or
      if $${product} ${promote(c)} call:sumOdd =${sum} end $${sum} f32.demote_f64`;
    return finish(op, emit, code);
  }
  const exact = `${promote(a)} ${promote(b)} f64.mul ${promote(c)} call:sumOdd`;
  return finish(op, emit, `${exact} ${rounding} call:directed`);
};

/** Division, its reciprocal and the square root: also where the card may be less exact than to the last bit. */
function quotient(name: "div" | "rcp" | "sqrt"): Rule {
  return (op, emit) => {
    allow(op, "rn approx full ftz");
    if (op.opcode === "rcp.approx.ftz.f64") return grossReciprocal(op, emit);
    if (op.type === "f64" && !op.modifiers.includes("rn")) throw unknown(op);
    const type = op.type === "f64" ? "f64" : "f32";
    const one = type === "f64" ? "0d3FF0000000000000" : "0f3F800000";
    const operands =
      type === "f32"
        ? inputs(op, emit, name === "div" ? 2 : 1).join(" ")
        : Array.from({ length: name === "div" ? 2 : 1 }, (_, at) => emit.value(op, at + 1)).join(" ");
    const code =
      name === "sqrt" ? `${operands} ${type}.sqrt` : `${name === "rcp" ? `${one} ` : ""}${operands} ${type}.div`;
    return type === "f64" ? emit.assign(op, code) : finish(op, emit, code);
  };
}

/** The upper words alone are looked at, and given: Newton's method does the rest. */
function grossReciprocal(op: Op, emit: Emitter): string {
  const upper = `i64.reinterpret_f64 ${-(2n ** 32n)}L i64.and f64.reinterpret_i64`;
  const x = emit.keep("f64", `${emit.value(op, 1)} ${upper}`);
  const flushed = `0d0000000000000000 ${x.get} f64.copysign ${x.get} ${x.get} f64.abs 0d0010000000000000 f64.lt select`;
  return `${x.set} ${emit.assign(op, `0d3FF0000000000000 ${flushed} f64.div ${upper}`)}`;
}

function approximate(name: (typeof APPROXIMATIONS)[number]): Rule {
  return (op, emit) => {
    allow(op, "approx ftz");
    if (op.type !== "f32") return narrow(op, emit, 1, ([x = ""]) => promote(`${x} f32.demote_f64 ${APPROXIMATIONS.indexOf(name)} call:approx`)); // prettier-ignore
    const [x = ""] = inputs(op, emit, 1);
    return finish(op, emit, `${x} ${APPROXIMATIONS.indexOf(name)} call:approx`);
  };
}

/** The smaller or larger of two numbers; the number where one is none, or no number with `.NaN`. */
function extremum(name: "min" | "max"): Rule {
  return (op, emit) => {
    allow(op, "ftz NaN");
    const exact = op.modifiers.includes("NaN");
    const code = (a: string, b: string, type: string): string =>
      exact ? `${a} ${b} ${type}.${name}` : `${a} ${b} call:${name}Number_${type}`;
    if (op.type === "f64") return emit.assign(op, code(emit.value(op, 1), emit.value(op, 2), "f64"));
    if (op.type !== "f32") return narrow(op, emit, 2, ([a = "", b = ""]) => code(a, b, "f64"));
    const [a = "", b = ""] = inputs(op, emit, 2);
    return finish(op, emit, code(a, b, "f32"));
  };
}

function signOf(name: "neg" | "abs"): Rule {
  return (op, emit) => {
    allow(op, "ftz");
    if (op.type === "f64") return emit.assign(op, `${emit.value(op, 1)} f64.${name}`);
    if (op.type === "f32") {
      const [x = ""] = inputs(op, emit, 1);
      return finish(op, emit, `${x} f32.${name}`);
    }
    const bits = op.type.endsWith("x2") ? 0x80008000 : 0x8000;
    return emit.assign(op, `${emit.value(op, 1)} ${name === "neg" ? `${bits} i32.xor` : `${~bits} i32.and`}`);
  };
}

const copysign: Rule = (op, emit) => {
  allow(op, "");
  // The sign is the first operand's.
  return emit.assign(op, `${emit.value(op, 2)} ${emit.value(op, 1)} ${wasmType(op.type)}.copysign`);
};

const testp: Rule = (op, emit) => {
  allow(op, "finite infinite number notanumber");
  if (op.type !== "f32") throw unknown(op);
  const x = emit.keep("f32", emit.value(op, 1));
  const code = {
    finite: `${x.get} f32.abs 0f7F800000 f32.lt`,
    infinite: `${x.get} f32.abs 0f7F800000 f32.eq`,
    number: `${x.get} ${x.get} f32.eq`,
    notanumber: `${x.get} ${x.get} f32.ne`,
  }[op.modifiers[0] ?? ""];
  if (code === undefined) throw unknown(op);
  return `${x.set} ${emit.assign(op, code, "pred")}`;
};

/** A 16-bit float among the low bits of a word, as f64. */
export function widen(type: string, code: string): string {
  return type.startsWith("bf16")
    ? `${code} 16 i32.shl f32.reinterpret_i32 f64.promote_f32`
    : `${code} 65535 i32.and call:ofHalf f64.promote_f32`;
}

/** An f64 rounded once to a 16-bit float. */
export function narrowed(type: string, code: string, rounding = 0): string {
  return `${code} ${rounding} call:${type.startsWith("bf16") ? "brain" : "half"}`;
}

/** An instruction on 16-bit floats, or on two of them, computed in f64 and rounded once. */
function narrow(op: Op, emit: Emitter, count: number, compute: (operands: readonly string[]) => string): string {
  const words = Array.from({ length: count }, (_, at) => emit.keep("i32", emit.value(op, at + 1, "b32")));
  const relu = op.modifiers.includes("relu") ? " 0d0000000000000000 call:maxNumber_f64" : "";
  const half = (shift: string): string =>
    narrowed(op.type, `${compute(words.map(({ get }) => widen(op.type, `${get}${shift}`)))}${relu}`);
  const code = op.type.endsWith("x2") ? `${half("")} ${half(" 16 i32.shr_u")} 16 i32.shl i32.or` : half("");
  return `${words.map(({ set }) => set).join(" ")} ${emit.assign(op, code, op.type.endsWith("x2") ? "b32" : "b16")}`;
}

function binary(name: "add" | "sub" | "mul"): Rule {
  return (op, emit) => {
    if (op.type === "f32") return binary32(name)(op, emit);
    allow(op, "rn");
    if (op.type === "f64") return emit.assign(op, `${emit.value(op, 1)} ${emit.value(op, 2)} f64.${name}`);
    return narrow(op, emit, 2, ([a = "", b = ""]) =>
      name === "mul" ? `${a} ${b} f64.mul` : `${a} ${b}${name === "sub" ? " f64.neg" : ""} call:sumOdd`,
    );
  };
}

const fma: Rule = (op, emit) => {
  if (op.type === "f32") return fma32(op, emit);
  allow(op, "rn relu");
  if (op.type === "f64") {
    return emit.assign(op, `${[1, 2, 3].map((at) => emit.value(op, at)).join(" ")} call:fma64`);
  }
  return narrow(op, emit, 3, ([a = "", b = "", c = ""]) => `${a} ${b} f64.mul ${c} call:sumOdd`);
};

/** Instructions on floats, by name; integers have the same names and rules of their own. */
export const FLOAT_RULES: Readonly<Record<string, Rule>> = {
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  fma,
  mad: fma,
  div: quotient("div"),
  rcp: quotient("rcp"),
  sqrt: quotient("sqrt"),
  ex2: approximate("ex2"),
  lg2: approximate("lg2"),
  sin: approximate("sin"),
  cos: approximate("cos"),
  tanh: approximate("tanh"),
  rsqrt: approximate("rsqrt"),
  min: extremum("min"),
  max: extremum("max"),
  neg: signOf("neg"),
  abs: signOf("abs"),
  copysign,
  testp,
};
