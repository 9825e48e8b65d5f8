import { allow, unknown, wasmType, type Emitter, type Op, type Rule } from "./emitter.ts";
import { narrowed, widen } from "./floatRules.ts";
import { sizeOf, type Operand } from "./ptx.ts";

const FLOAT = /^(f|bf|tf)/;
/** Roundings to whole numbers, and WebAssembly's names for them. */
const WHOLE = { rni: "nearest", rzi: "trunc", rmi: "floor", rpi: "ceil" } as const;
const MODES = ["rn", "rz", "rm", "rp"];

/** Conversions from one type to another, or from two floats to a pair of 16-bit ones. */
export const cvt: Rule = (op, emit) => {
  allow(op, "rn rz rm rp rni rzi rmi rpi rna ftz sat relu");
  const [to = "", from = ""] = op.types;
  if (to.endsWith("x2")) return pair(op, emit, to);
  if (to === "tf32") return toTf32(op, emit);
  if (FLOAT.test(to)) return FLOAT.test(from) ? floatToFloat(op, emit, to, from) : wholeToFloat(op, emit, to, from);
  return FLOAT.test(from) ? floatToWhole(op, emit, to, from) : wholeToWhole(op, emit, to, from);
};

const rounding = (op: Op): number => Math.max(0, MODES.findIndex((name) => op.modifiers.includes(name))); // prettier-ignore

/** A float of any type as f64, which holds them all. */
function double(op: Op, emit: Emitter, at: number, type: string): string {
  if (type === "f64") return emit.value(op, at, "f64");
  if (type !== "f32") return widen(type, emit.value(op, at, "b16"));
  const flush = op.modifiers.includes("ftz") ? " call:flush" : "";
  return `${emit.value(op, at, "f32")}${flush} f64.promote_f32`;
}

/** An f64 as a float of any type, rounded once. */
function fromDouble(op: Op, code: string, to: string): { readonly code: string; readonly type: string } {
  const mode = rounding(op);
  const relu = op.modifiers.includes("relu") ? " 0d0000000000000000 call:maxNumber_f64" : "";
  if (to === "f64") return { code, type: "f64" };
  if (to === "f32") {
    const flush = op.modifiers.includes("ftz") ? " call:flush" : "";
    const saturate = op.modifiers.includes("sat") ? " call:saturate" : "";
    return {
      code: `${code} ${mode === 0 ? "f32.demote_f64" : `${mode} call:directed`}${flush}${saturate}`,
      type: "f32",
    };
  }
  if (mode > 1) throw unknown(op);
  return { code: narrowed(to, `${code}${relu}`, mode), type: "b16" };
}

function pair(op: Op, emit: Emitter, to: string): string {
  if (op.types[1] !== "f32" || op.operands.length !== 3) throw unknown(op);
  // The first of both goes into the upper half.
  const upper = fromDouble(op, double(op, emit, 1, "f32"), to.slice(0, -2)).code;
  const lower = fromDouble(op, double(op, emit, 2, "f32"), to.slice(0, -2)).code;
  return emit.assign(op, `${upper} 16 i32.shl ${lower} i32.or`, "b32");
}

/** Rounds the mantissa to ten bits, halves away from zero; infinities and what is no number stay. */
function toTf32(op: Op, emit: Emitter): string {
  if (!op.modifiers.includes("rna")) throw unknown(op);
  const x = emit.keep("i32", emit.value(op, 1, "b32"));
  const special = `${x.get} 2139095040 i32.and 2139095040 i32.eq`;
  return `${x.set} ${emit.assign(op, `${x.get} ${x.get} 4096 i32.add -8192 i32.and ${special} select`, "b32")}`;
}

function floatToFloat(op: Op, emit: Emitter, to: string, from: string): string {
  const whole = Object.entries(WHOLE).find(([name]) => op.modifiers.includes(name))?.[1];
  const value = double(op, emit, 1, from);
  if (from === "bf16" && to === "f32") {
    return emit.assign(op, `${emit.value(op, 1, "b16")} 16 i32.shl f32.reinterpret_i32`, "f32");
  }
  if (from === "f32" && to === "bf16" && op.modifiers.join() === "rn") {
    return emit.assign(op, `${emit.value(op, 1, "f32")} call:brainOf`, "b16");
  }
  const { code, type } = fromDouble(op, whole === undefined ? value : `${value} f64.${whole}`, to);
  return emit.assign(op, code, type);
}

function wholeToFloat(op: Op, emit: Emitter, to: string, from: string): string {
  const wide = sizeOf(from) === 8 ? "i64" : "i32";
  const sign = from.startsWith("s") ? "s" : "u";
  const value = emit.value(op, 1, from);
  if (to === "f32" && rounding(op) === 0) return emit.assign(op, `${value} f32.convert_${wide}_${sign}`, "f32");
  if (wide === "i64" && !(to === "f64" && rounding(op) === 0)) throw unknown(op);
  const { code, type } = fromDouble(op, `${value} f64.convert_${wide}_${sign}`, to);
  return emit.assign(op, code, type);
}

/** Numbers beyond the range end at its border, and NaN becomes 0. */
function floatToWhole(op: Op, emit: Emitter, to: string, from: string): string {
  const whole = Object.entries(WHOLE).find(([name]) => op.modifiers.includes(name))?.[1];
  if (whole === undefined) throw unknown(op);
  const sign = to.startsWith("s") ? "s" : "u";
  const wide = sizeOf(to) === 8 ? "i64" : "i32";
  const code = `${double(op, emit, 1, from)} f64.${whole} ${wide}.trunc_sat_f64_${sign}`;
  return sizeOf(to) < 4 ? clamped(op, emit, code, to, `${sign}32`) : emit.assign(op, code, to);
}

function wholeToWhole(op: Op, emit: Emitter, to: string, from: string): string {
  const value = emit.value(op, 1, from);
  if (op.modifiers.includes("sat")) return clamped(op, emit, value, to, from);
  const narrow = sizeOf(to) < sizeOf(from);
  const register = op.operands[0];
  if (register?.kind !== "register") throw unknown(op);
  const code = wasmType(from) === wasmType(to) ? value : sizeOf(to) === 8
    ? `${value} i64.extend_i32_${from.startsWith("s") ? "s" : "u"}`
    : `${value} i32.wrap_i64`; // prettier-ignore
  // A register that is wider than the result takes it extended by the result's sign.
  const cut = narrow && sizeOf(to) < 4;
  const extended = !cut ? code : to.startsWith("s") ? `${code} i32.extend${8 * sizeOf(to)}_s` : `${code} ${sizeOf(to) === 1 ? 255 : 65535} i32.and`; // prettier-ignore
  return emit.assign(op, extended, to);
}

/** A whole number of one type within the range of another. */
function clamped(op: Op, emit: Emitter, code: string, to: string, from: string): string {
  if (sizeOf(from) > 4 || sizeOf(to) > 4) throw unknown(op);
  const bits = 8 * sizeOf(to);
  const signed = to.startsWith("s");
  const [low, high] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  const x = emit.keep("i64", `${code} i64.extend_i32_${from.startsWith("s") ? "s" : "u"}`);
  const least = `${low}L ${x.get} ${x.get} ${low}L i64.lt_s select`;
  const y = emit.keep("i64", least);
  const most = `${high}L ${y.get} ${y.get} ${high}L i64.gt_s select`;
  return `${x.set} ${y.set} ${emit.assign(op, `${most} i32.wrap_i64`, sizeOf(to) === 4 ? to : `${signed ? "s" : "u"}32`)}`;
}

const UNSIGNED: Readonly<Record<string, string>> = { lo: "lt_u", ls: "le_u", hi: "gt_u", hs: "ge_u" };
const COMPARISONS = "eq ne lt le gt ge lo ls hi hs equ neu ltu leu gtu geu num nan";

/** 1 if two values compare as an instruction says, else 0. */
function comparison(op: Op, emit: Emitter, a: Operand, b: Operand): string {
  const name = op.modifiers[0] ?? "";
  const type = op.type;
  if (!COMPARISONS.split(" ").includes(name)) throw unknown(op);
  if (!FLOAT.test(type)) {
    const wide = wasmType(type);
    const order =
      UNSIGNED[name] ?? (name === "eq" || name === "ne" ? name : `${name}_${type.startsWith("s") ? "s" : "u"}`);
    return `${emit.read(a, type)} ${emit.read(b, type)} ${wide}.${order}`;
  }
  const flush = op.modifiers.includes("ftz") && type === "f32" ? " call:flush" : "";
  const read = (operand: Operand): string =>
    type === "f64" ? emit.read(operand, "f64") : type === "f32" ? `${emit.read(operand, "f32")}${flush}` : widen(type, emit.read(operand, "b16")); // prettier-ignore
  const wide = type === "f32" ? "f32" : "f64";
  const [x, y] = [read(a), read(b)];
  const ordered = `${x} ${x} ${wide}.eq ${y} ${y} ${wide}.eq i32.and`;
  if (name === "num") return ordered;
  if (name === "nan") return `${ordered} i32.eqz`;
  // WebAssembly's `ne` holds where one is no number; PTX's does not.
  if (name === "ne") return `${x} ${y} ${wide}.ne ${ordered} i32.and`;
  if (!name.endsWith("u")) return `${x} ${y} ${wide}.${name}`;
  return `${x} ${y} ${wide}.${name.slice(0, -1)} ${ordered} i32.eqz i32.or`;
}

const BOOLEANS = ["and", "or", "xor"];

/** Sets a predicate, and the opposite one after a bar, from a comparison and maybe one predicate more. */
export const setp: Rule = (op, emit) => {
  allow(op, `${COMPARISONS} and or xor ftz`);
  const [targets, a, b, third] = op.operands;
  if (targets === undefined || a === undefined || b === undefined || op.type.endsWith("x2")) throw unknown(op);
  const result = emit.keep("i32", comparison(op, emit, a, b));
  const combine = BOOLEANS.find((name) => op.modifiers.includes(name));
  const with_ = (code: string): string =>
    combine === undefined || third === undefined ? code : `${code} ${emit.read(third, "pred")} i32.${combine}`;
  const [first, second] = targets.kind === "pair" ? targets.items : [targets];
  // Both results are kept before either is set: a target may be the third operand.
  const one = emit.keep("i32", with_(result.get));
  const other = second === undefined ? null : emit.keep("i32", with_(`${result.get} i32.eqz`));
  return [
    result.set,
    one.set,
    other?.set ?? "",
    emit.write(first ?? { kind: "sink" }, one.get, "pred"),
    other === null || second === undefined ? "" : emit.write(second, other.get, "pred"),
  ].join(" ");
};

/** Like {@link setp}, with all ones or 1.0 in place of a predicate. */
export const set: Rule = (op, emit) => {
  allow(op, `${COMPARISONS} ftz`);
  const [, a, b] = op.operands;
  const to = op.types[0] ?? "";
  if (a === undefined || b === undefined || op.type.endsWith("x2") || !/^([us]32|f32)$/.test(to)) throw unknown(op);
  const code = comparison(op, emit, a, b);
  return to === "f32"
    ? emit.assign(op, `0f3F800000 0f00000000 ${code} select`, to)
    : emit.assign(op, `0 ${code} i32.sub`, to);
};
