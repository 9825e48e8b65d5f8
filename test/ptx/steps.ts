import { takeApart, type Op } from "./emitter.ts";
import { PtxError } from "./errors.ts";
import type { FlatKernel } from "./flatten.ts";
import type { Instruction, Operand } from "./ptx.ts";

/** Where the lanes of a step go. */
export type End =
  | { readonly kind: "next" }
  | { readonly kind: "jump" | "branch"; readonly target: number }
  | { readonly kind: "exit" }
  | { readonly kind: "table"; readonly targets: readonly number[] };

/** A stretch of instructions that each lane runs for itself, or one that lanes take together. */
export interface Step {
  /** The first instruction's number, and the number after the last. */
  readonly from: number;
  readonly to: number;
  /** The instruction that needs all its lanes, or null. */
  readonly together: Op | null;
  readonly end: End;
}

const TOGETHER = new Set(["shfl", "vote", "match", "redux", "activemask", "bar", "barrier", "mma", "ldmatrix"]);
const JUMPS = new Set(["bra", "ret", "exit", "brx"]);

/** Cuts a kernel into steps, in the order of its instructions. */
export function cut(kernel: FlatKernel): readonly Step[] {
  const { body, labels } = kernel;
  const starts = new Set(labels.values());
  const ranges: { from: number; to: number; together: Op | null }[] = [];
  let from = 0;
  for (let at = 0; at <= body.length; at++) {
    const one = body[at];
    const together = one !== undefined && TOGETHER.has(named(one));
    if (at > from && (one === undefined || starts.has(at) || together)) {
      ranges.push({ from, to: at, together: null });
      from = at;
    }
    if (one === undefined) break;
    if (together) ranges.push({ from: at, to: at + 1, together: takeApart(one, at) });
    else if (JUMPS.has(named(one))) ranges.push({ from, to: at + 1, together: null });
    if (together || JUMPS.has(named(one))) from = at + 1;
  }
  const stepAt = new Map(ranges.map((range, at) => [range.from, at]));
  const target = (label: string): number => {
    const at = labels.get(label);
    if (at === undefined) throw new PtxError(`${kernel.name}: no label ${label}`);
    return stepAt.get(at) ?? ranges.length;
  };
  return ranges.map((range) => ({ ...range, end: endOf(kernel, range, target) }));
}

function named({ opcode }: Instruction): string {
  return /^\w+/.exec(opcode)?.[0] ?? "";
}

function endOf(
  kernel: FlatKernel,
  { to, together }: { readonly to: number; readonly together: Op | null },
  target: (label: string) => number,
): End {
  const last = kernel.body[to - 1];
  if (last === undefined || together !== null || !JUMPS.has(named(last))) return { kind: "next" };
  const name = named(last);
  if (name === "ret" || name === "exit") return { kind: "exit" };
  const operand = last.operands[name === "brx" ? 1 : 0];
  if (operand?.kind !== "symbol") throw new PtxError(`line ${last.line}: ${last.opcode} goes nowhere`);
  if (name === "bra") return { kind: last.predicate === null ? "jump" : "branch", target: target(operand.name) };
  const targets = kernel.tables.get(operand.name);
  if (targets === undefined) throw new PtxError(`line ${last.line}: no table ${operand.name}`);
  return { kind: "table", targets: targets.map(target) };
}

/** Registers that an instruction reads and writes. */
export interface Access {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const NO_TARGET = /^(st|red\.|bra|brx|ret|exit|bar\.|barrier\.|cp|membar|fence|prefetch|trap|nanosleep|call)/;

/** Registers that an instruction reads and writes; one with a predicate also keeps what it writes to, where that is false. */
export function accessOf(one: Instruction): Access {
  const hasTarget = !NO_TARGET.test(one.opcode);
  const [first, ...others] = one.operands;
  const writes = hasTarget && first !== undefined ? registersOf(first) : [];
  const reads = (hasTarget ? others : one.operands).flatMap(registersOf);
  if (one.predicate !== null) reads.push(one.predicate.register, ...writes);
  if (/^(addc|subc|madc)/.test(one.opcode)) reads.push("%cc");
  if (/\.cc\b/.test(one.opcode)) {
    if (one.predicate !== null) reads.push("%cc");
    writes.push("%cc");
  }
  return { reads, writes };
}

/** Registers of an operand, from left to right. */
export function registersOf(operand: Operand): string[] {
  switch (operand.kind) {
    case "register":
      return [operand.name];
    case "special":
      return operand.name.startsWith("%tid.") ? [operand.name] : [];
    case "memory":
      return registersOf(operand.base);
    case "vector":
    case "pair":
      return operand.items.flatMap(registersOf);
    case "not":
      return registersOf(operand.operand);
    case "integer":
    case "float":
    case "symbol":
    case "sink":
      return [];
  }
}

/** Registers that each step needs from before, and those still needed after it, by name. */
export interface Liveness {
  readonly needs: readonly (readonly string[])[];
  readonly keeps: readonly (readonly string[])[];
}

/** Registers that are alive between steps, by going backwards until nothing changes. */
export function liveness(body: readonly Instruction[], steps: readonly Step[]): Liveness {
  const numbers = new Map<string, number>();
  const number = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  };
  const sets = steps.map(({ from, to }) => {
    const needs = new Set<number>();
    const writes = new Set<number>();
    for (const one of body.slice(from, to)) {
      const access = accessOf(one);
      for (const name of access.reads) if (!writes.has(number(name))) needs.add(number(name));
      for (const name of access.writes) writes.add(number(name));
    }
    return { needs, writes };
  });
  const words = Math.ceil(numbers.size / 32);
  const before = steps.map((_, at) => bits(sets[at]!.needs, words));
  const after = steps.map(() => new Uint32Array(words));
  const kills = sets.map(({ writes }) => bits(writes, words));
  const successors = steps.map(({ end }, at) => followers(end, at).filter((next) => next < steps.length));
  for (let changed = true; changed;) {
    changed = false;
    for (let at = steps.length - 1; at >= 0; at--) {
      for (let word = 0; word < words; word++) {
        let out = after[at]![word]!;
        for (const next of successors[at]!) out |= before[next]![word]!;
        const into = (before[at]![word]! | (out & ~kills[at]![word]!)) >>> 0;
        if (out >>> 0 !== after[at]![word]! || into !== before[at]![word]!) changed = true;
        after[at]![word] = out;
        before[at]![word] = into;
      }
    }
  }
  const names = [...numbers.keys()];
  const has = (set: Uint32Array, one: number): boolean => ((set[one >>> 5]! >>> (one & 31)) & 1) === 1;
  return {
    needs: sets.map(({ needs }) => [...needs].map((one) => names[one]!)),
    keeps: sets.map(({ writes }, at) => [...writes].filter((one) => has(after[at]!, one)).map((one) => names[one]!)),
  };
}

function bits(set: ReadonlySet<number>, words: number): Uint32Array {
  const out = new Uint32Array(words);
  for (const one of set) out[one >>> 5]! |= 1 << (one & 31);
  return out;
}

function followers(end: End, at: number): number[] {
  if (end.kind === "jump") return [end.target];
  if (end.kind === "branch") return [end.target, at + 1];
  if (end.kind === "table") return [...end.targets];
  // An exit may have a predicate.
  return [at + 1];
}
