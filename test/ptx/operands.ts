import { PtxError } from "./errors.ts";
import type { Operand } from "./ptx.ts";

/** Names that braces keep to themselves. */
export interface Scope {
  readonly id: number;
  readonly parent: Scope | null;
  readonly names: Map<string, string>;
  /** Prefixes of numbered registers: `%r<55>`. */
  readonly prefixes: Map<string, { readonly count: number; readonly type: string }>;
}

/** Meanings of names at some place in a function. */
export interface Names {
  readonly scope: Scope;
  /** Types of registers by their unique names. */
  readonly registers: Map<string, string>;
}

const SPECIAL =
  /^%(tid|ntid|ctaid|nctaid)\.[xyz]$|^%(laneid|warpid|nwarpid|lanemask_\w+|clock|clock64|smid|nsmid|gridid|dynamic_smem_size|total_smem_size)$/;

/** Declares a name in a scope, under one that is unique in its function. */
export function declare(scope: Scope, name: string, unique = scope.id === 0 ? name : `${name}~${scope.id}`): string {
  scope.names.set(name, unique);
  return unique;
}

/** Parts between commas that stand in no bracket. */
export function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if ("{[(".includes(letter)) depth++;
    else if ("}])".includes(letter)) depth--;
    else if (letter === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Reads an operand. */
export function operand(text: string, open: Names): Operand {
  const inner = text.slice(1, -1);
  if (text === "_") return { kind: "sink" };
  if (text.startsWith("{") || text.startsWith("(")) {
    return { kind: "vector", items: split(inner).map((one) => operand(one, open)) };
  }
  if (text.startsWith("!")) return { kind: "not", operand: operand(text.slice(1).trim(), open) };
  if (text.startsWith("[")) {
    const address = operand(inner.trim(), open);
    if (address.kind === "memory") return address;
    return address.kind === "symbol"
      ? { kind: "memory", base: { ...address, offset: 0 }, offset: address.offset }
      : { kind: "memory", base: address, offset: 0 };
  }
  if (/^[^|]+\|[^|]+$/.test(text)) {
    return { kind: "pair", items: text.split("|").map((one) => operand(one.trim(), open)) };
  }
  const constant = number(text);
  if (constant !== null) return constant;
  if (SPECIAL.test(text)) return { kind: "special", name: text };
  const [, base = "", offset] = /^([\w$%.]+?)\s*(?:\+\s*(-?\w+))?$/.exec(text) ?? [];
  const name = resolve(open, base);
  if (base === "" || (name === null && base.startsWith("%"))) throw new PtxError(`no operand ${text}`);
  if (name !== null && open.registers.has(name)) {
    const register: Operand = { kind: "register", name };
    return offset === undefined ? register : { kind: "memory", base: register, offset: Number(offset) };
  }
  return { kind: "symbol", name: name ?? base, offset: Number(offset ?? 0) };
}

/** Reads a constant, or returns null for what is none. */
export function number(text: string): Extract<Operand, { kind: "integer" | "float" }> | null {
  if (/^0[fF][\da-fA-F]{8}$|^0[dD][\da-fA-F]{16}$/.test(text)) return { kind: "float", bits: text };
  const [, sign = "", digits] = /^(-?)(0[xX][\da-fA-F]+|\d+)U?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits);
  return { kind: "integer", value: sign === "" ? value : -value };
}

/** The unique name of a register, variable or label that the scopes around an instruction declare. */
export function resolve(open: Names, name: string): string | null {
  for (let scope: Scope | null = open.scope; scope !== null; scope = scope.parent) {
    const declared = scope.names.get(name);
    if (declared !== undefined) return declared;
    if (scope.prefixes.size === 0) continue;
    const prefix = name.replace(/\d+$/, "");
    const digits = name.slice(prefix.length);
    const numbered = scope.prefixes.get(prefix);
    if (numbered !== undefined && digits !== "" && Number(digits) < numbered.count) {
      const unique = declare(scope, name);
      open.registers.set(unique, numbered.type);
      return unique;
    }
  }
  return null;
}
