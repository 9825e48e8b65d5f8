import { PtxError } from "./errors.ts";
import type { FunctionBody, Instruction, Operand, PtxModule, Variable } from "./ptx.ts";

/** A kernel into which every function that it calls has been written. */
export interface FlatKernel {
  readonly name: string;
  readonly params: readonly Variable[];
  readonly registers: ReadonlyMap<string, string>;
  readonly variables: readonly Variable[];
  readonly body: readonly Instruction[];
  readonly labels: ReadonlyMap<string, number>;
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

/** Calls within calls, at most: a function that calls itself has no end. */
const DEPTH = 16;

interface Flat {
  readonly registers: Map<string, string>;
  readonly variables: Variable[];
  readonly body: Instruction[];
  readonly labels: Map<string, number>;
  readonly tables: Map<string, readonly string[]>;
  copies: number;
}

/**
 * A kernel with its calls replaced by what they call; arguments and results become local variables.
 *
 * @throws PtxError for a function that is not in the module, and for one that calls itself.
 */
export function flatten(module: PtxModule, name: string): FlatKernel {
  const kernel = module.functions.get(name);
  if (kernel?.entry !== true) throw new PtxError(`no kernel ${name}`);
  const flat: Flat = { registers: new Map(), variables: [], body: [], labels: new Map(), tables: new Map(), copies: 0 };
  for (const axis of "xyz") flat.registers.set(`%tid.${axis}`, "u32");
  flat.registers.set("%cc", "u32");
  copy(module, kernel.read(), flat, { name, suffix: "", names: new Map(), end: null, depth: 0 });
  return { name, params: kernel.params, ...flat };
}

interface Site {
  readonly name: string;
  readonly suffix: string;
  /** The caller's names of the arguments and results. */
  readonly names: ReadonlyMap<string, string>;
  /** The label after the call. */
  readonly end: string | null;
  readonly depth: number;
}

function copy(module: PtxModule, from: FunctionBody, into: Flat, site: Site): void {
  if (site.depth > DEPTH) throw new PtxError(`${site.name} calls itself, or more than ${DEPTH} deep`);
  const { suffix } = site;
  for (const [name, type] of from.registers) into.registers.set(`${name}${suffix}`, type);
  for (const one of from.variables) into.variables.push({ ...one, name: `${one.name}${suffix}` });
  const own = new Set([...from.variables.map(({ name }) => name), ...from.labels.keys(), ...from.tables.keys()]);
  const renamed = (name: string): string => site.names.get(name) ?? (own.has(name) ? `${name}${suffix}` : name);
  for (const [label, targets] of from.tables) into.tables.set(renamed(label), targets.map(renamed));
  const starts = new Map<number, string[]>();
  for (const [label, at] of from.labels) starts.set(at, [...(starts.get(at) ?? []), renamed(label)]);
  for (let at = 0; at <= from.body.length; at++) {
    for (const label of starts.get(at) ?? []) into.labels.set(label, into.body.length);
    const found = from.body[at];
    if (found === undefined) break;
    const predicate = found.predicate && { ...found.predicate, register: `${found.predicate.register}${suffix}` };
    const one = { ...found, predicate, operands: found.operands.map((each) => rename(each, suffix, renamed)) };
    if (one.opcode.startsWith("call")) call(module, one, into, site);
    else if (site.end !== null && one.opcode.startsWith("ret")) {
      into.body.push({ ...one, opcode: "bra", operands: [{ kind: "symbol", name: site.end, offset: 0 }] });
    } else into.body.push(one);
  }
}

function rename(operand: Operand, suffix: string, renamed: (name: string) => string): Operand {
  switch (operand.kind) {
    case "register":
      return { ...operand, name: `${operand.name}${suffix}` };
    case "symbol":
      return { ...operand, name: renamed(operand.name) };
    case "memory":
      return { ...operand, base: rename(operand.base, suffix, renamed) };
    case "vector":
    case "pair":
      return { ...operand, items: operand.items.map((one) => rename(one, suffix, renamed)) };
    case "not":
      return { ...operand, operand: rename(operand.operand, suffix, renamed) };
    case "special":
    case "integer":
    case "float":
    case "sink":
      return operand;
  }
}

function call(module: PtxModule, one: Instruction, into: Flat, site: Site): void {
  const lists = one.operands.map((operand) => (operand.kind === "vector" ? operand.items : operand));
  const at = lists.findIndex((each) => !Array.isArray(each));
  const target = one.operands[at];
  const name = target?.kind === "symbol" ? target.name : "";
  const callee = module.functions.get(name);
  if (callee === undefined || one.predicate !== null) {
    throw new PtxError(`line ${one.line}: cannot call ${name === "" ? "through a pointer" : name}`);
  }
  const symbols = (operand: Operand | undefined): string[] =>
    operand?.kind === "vector" ? operand.items.map((item) => (item.kind === "symbol" ? item.name : "")) : [];
  const given = [...(at > 0 ? symbols(one.operands[0]) : []), ...symbols(one.operands[at + 1])];
  const declared = [...callee.returns, ...callee.params].map((variable) => variable.name);
  if (given.length !== declared.length || given.includes("")) {
    throw new PtxError(`line ${one.line}: arguments of ${name} do not fit`);
  }
  into.copies++;
  const suffix = `#${into.copies}`;
  const end = `end${suffix}`;
  const names = new Map(declared.map((each, index) => [each, given[index] ?? ""]));
  copy(module, callee.read(), into, { name, suffix, names, end, depth: site.depth + 1 });
  into.labels.set(end, into.body.length);
}
