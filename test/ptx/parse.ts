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

/** What a function does. */
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

/** What one PTX file declares. */
export interface PtxModule {
  readonly version: string;
  readonly target: string;
  readonly variables: readonly Variable[];
  readonly functions: ReadonlyMap<string, PtxFunction>;
}

interface Scope {
  readonly id: number;
  readonly parent: Scope | null;
  readonly names: Map<string, string>;
  /** Prefixes of numbered registers: `%r<55>`. */
  readonly prefixes: Map<string, { readonly count: number; readonly type: string }>;
}

interface Statement {
  readonly statement: string;
  readonly line: number;
  readonly source: string | null;
}

interface Open {
  readonly registers: Map<string, string>;
  readonly variables: Variable[];
  readonly body: (Instruction & { readonly scope: Scope })[];
  readonly labels: Map<string, number>;
  readonly tables: Map<string, readonly string[]>;
  scope: Scope;
  scopes: number;
}

const SIZES: Readonly<Record<string, number>> = { "8": 1, "16": 2, "32": 4, "64": 8, "128": 16 };
const SPECIAL =
  /^%(tid|ntid|ctaid|nctaid)\.[xyz]$|^%(laneid|warpid|nwarpid|lanemask_\w+|clock|clock64|smid|nsmid|gridid|dynamic_smem_size|total_smem_size)$/;

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

/**
 * Reads PTX of the kind that nvcc writes.
 *
 * Source of the grammar: PTX ISA 9.0, chapters 4 and 5.
 *
 * @throws PtxError with the line, for what it does not know.
 */
export function parsePtx(text: string): PtxModule {
  const functions = new Map<string, PtxFunction>();
  const variables: Variable[] = [];
  const files = new Map<string, string>();
  for (const [, id = "", path = ""] of text.matchAll(/^\s*\.file\s+(\d+)\s+"([^"]*)"/gm)) {
    files.set(id, path.slice(path.lastIndexOf("/") + 1));
  }
  let version = "";
  let target = "";
  let inside: Statement[] | null = null;
  let depth = 0;
  let source: string | null = null;
  for (const { statement, line } of statements(text)) {
    if (/^\.loc\b/.test(statement)) source = location(statement, files) ?? source;
    else if (statement.startsWith(".version")) version = statement.slice(8).trim();
    else if (statement.startsWith(".target")) target = statement.slice(7).trim();
    else if (/^\.(address_size|file|pragma)/.test(statement)) continue;
    else if (inside !== null) {
      if (statement === "{") depth++;
      if (statement === "}") depth--;
      if (depth === 0) inside = null;
      else inside.push({ statement, line, source });
    } else if (/^(\.(extern|visible|weak|common)\s+)*\.(global|const|shared)\b/.test(statement)) {
      variables.push(atLine(line, () => declaration(statement)));
    } else {
      const body: Statement[] = [];
      const opened = atLine(line, () => header(statement, body));
      if (opened === null) continue;
      functions.set(opened.name, opened);
      [inside, depth, source] = [body, 1, null];
    }
  }
  if (inside !== null) throw new PtxError("the text ends within a function");
  return { version, target, variables, functions };
}

function atLine<T>(line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PtxError) throw new PtxError(`line ${line}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Splits the text at semicolons, labels and braces that are no operand's. Directives that have no semicolon end with their line. */
function* statements(text: string): Generator<{ statement: string; line: number }> {
  const plain = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/\/\/.*/g, "")
    .replace(/\.section[^{]*\{[^}]*\}/g, (section) => section.replace(/[^\n]/g, ""));
  const pattern = /\n|;|:(?!:)|[{}]|"[^"]*"|[^\n;:{}"]+|:/g;
  let current = "";
  let line = 1;
  let start = 1;
  let depth = 0;
  for (const [piece] of plain.matchAll(pattern)) {
    const blank = current.trim() === "";
    if (piece === "\n") {
      line++;
      if (/^\s*\.(loc|file|version|target|address_size)\b/.test(current)) {
        yield { statement: current.trim(), line: start };
        current = "";
      } else current += " ";
      continue;
    }
    if (blank) start = line;
    const header = /^\s*(\.(visible|weak|extern)\s+)*\.(entry|func)\b/.test(current);
    if (depth === 0 && (piece === "{" || piece === "}") && (blank || header)) {
      if (header) yield { statement: `${current.trim()} {`, line: start };
      else yield { statement: piece, line };
      current = "";
    } else if (depth === 0 && piece === ";") {
      if (!blank) yield { statement: current.trim(), line: start };
      current = "";
    } else if (depth === 0 && piece === ":" && /^\s*[\w$%]+\s*$/.test(current)) {
      yield { statement: `${current.trim()}:`, line: start };
      current = "";
    } else {
      if (piece === "{") depth++;
      if (piece === "}") depth--;
      current += piece;
    }
  }
  if (current.trim() !== "") throw new PtxError(`line ${start}: the text ends within ${current.trim().slice(0, 60)}`);
}

/** The place in a source file; of an inlined function, the place that calls it. */
function location(statement: string, files: ReadonlyMap<string, string>): string | null {
  const [, file = "", line = "0"] =
    /inlined_at\s+(\d+)\s+(\d+)/.exec(statement) ?? /^\.loc\s+(\d+)\s+(\d+)/.exec(statement) ?? [];
  return line === "0" ? null : `${files.get(file) ?? "?"}:${line}`;
}

function header(statement: string, body: readonly Statement[]): PtxFunction | null {
  const parsed = /\.(entry|func)\s*(?:\(([^)]*)\)\s*)?([\w$]+)\s*(?:\(([^)]*)\))?/.exec(statement);
  if (parsed === null) throw new PtxError(`no directive ${statement.slice(0, 60)}`);
  // Without a body it only declares.
  if (!statement.endsWith("{")) return null;
  const [, kind, returns = "", name = "", params = ""] = parsed;
  const list = (declared: string): Variable[] =>
    declared.trim() === "" ? [] : declared.split(",").map((one) => declaration(one.trim()));
  let read: FunctionBody | null = null;
  return {
    name,
    entry: kind === "entry",
    params: list(params),
    returns: list(returns),
    read: () => (read ??= readBody(body)),
  };
}

function readBody(body: readonly Statement[]): FunctionBody {
  const open: Open = {
    registers: new Map(),
    variables: [],
    body: [],
    labels: new Map(),
    tables: new Map(),
    scope: { id: 0, parent: null, names: new Map(), prefixes: new Map() },
    scopes: 0,
  };
  for (const { statement, line, source } of body) {
    atLine(line, () => {
      if (statement !== "}") inside(open, statement, line, source);
      else if (open.scope.parent !== null) open.scope = open.scope.parent;
    });
  }
  return close(open);
}

function declaration(statement: string, name = (written: string): string => written): Variable {
  const space = /\.(global|const|shared|local|param)\b/.exec(statement)?.[1] ?? "";
  const [left = "", right] = statement.split("=");
  const element = [...left.matchAll(/\.([busf]\d+|bf16x?2?|f16x2|pred)\b/g)][0]?.[1];
  const align = /\.align\s+(\d+)/.exec(left)?.[1];
  const declared = /([\w$%]+)\s*((?:\[\s*\d*\s*\]\s*)*)$/.exec(left.trim());
  if (element === undefined || declared === null || space === "") {
    throw new PtxError(`no declaration ${statement.slice(0, 60)}`);
  }
  const counts = [...(declared[2] ?? "").matchAll(/\[\s*(\d*)\s*\]/g)].map(([, count]) => Number(count));
  const each = sizeOf(element);
  const size = counts.reduce((product, count) => product * count, each);
  return {
    name: name(declared[1] ?? ""),
    space,
    align: align === undefined ? each : Number(align),
    size,
    initial: right === undefined ? null : initialiser(right, element, size),
  };
}

function initialiser(text: string, element: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const each = sizeOf(element);
  for (const [at, item] of text.replace(/[{}]/g, " ").split(",").entries()) {
    const operand = item.trim() === "" ? null : number(item.trim());
    if (operand === null) throw new PtxError(`no constant ${item.trim().slice(0, 40)}`);
    const value = operand.kind === "float" ? BigInt(`0x${operand.bits.slice(2)}`) : operand.value;
    if (each === 8) view.setBigUint64(at * 8, BigInt.asUintN(64, value), true);
    else for (let byte = 0; byte < each; byte++) bytes[at * each + byte] = Number((value >> BigInt(8 * byte)) & 255n);
  }
  return bytes;
}

function inside(open: Open, statement: string, line: number, source: string | null): void {
  if (statement === "{") {
    open.scopes++;
    open.scope = { id: open.scopes, parent: open.scope, names: new Map(), prefixes: new Map() };
  } else if (statement.startsWith(".reg")) registers(open, statement);
  else if (/^\.(local|shared|param)\b/.test(statement)) {
    open.variables.push(declaration(statement, (name) => declare(open.scope, name)));
  } else if (/^[\w$%]+:$/.test(statement)) {
    const label = declare(open.scope, statement.slice(0, -1));
    open.labels.set(label, open.body.length);
  } else if (statement.startsWith(".branchtargets")) {
    const [label] = [...open.labels].at(-1) ?? [""];
    open.labels.delete(label);
    open.tables.set(label, statement.slice(14).split(",").map((name) => name.trim())); // prettier-ignore
  } else if (statement.startsWith(".")) throw new PtxError(`no directive ${statement.slice(0, 60)}`);
  else open.body.push({ ...instruction(statement, open, line, source), scope: open.scope });
}

function declare(scope: Scope, name: string, unique = scope.id === 0 ? name : `${name}~${scope.id}`): string {
  scope.names.set(name, unique);
  return unique;
}

function registers(open: Open, statement: string): void {
  const [, type = "", names = ""] = /^\.reg\s+\.(\w+)\s+(.*)$/.exec(statement) ?? [];
  sizeOf(type);
  for (const name of names.split(",").map((one) => one.trim())) {
    const [, prefix, count] = /^(.+)<(\d+)>$/.exec(name) ?? [];
    if (prefix !== undefined) open.scope.prefixes.set(prefix, { count: Number(count), type });
    else {
      // Every register begins with a percent sign, so that no other name is like it.
      const sigil = name.startsWith("%") ? name : `%${name}`;
      open.registers.set(declare(open.scope, name, `${sigil}~${open.scope.id}`), type);
    }
  }
}

function instruction(statement: string, open: Open, line: number, source: string | null): Instruction {
  const [, guard, opcode, rest] = /^(?:@(!?\s*[\w$%]+)\s+)?([a-z][\w.:]*)\s*(.*)$/s.exec(statement) ?? [];
  if (opcode === undefined || rest === undefined) throw new PtxError(`no instruction ${statement.slice(0, 60)}`);
  const predicate =
    guard === undefined
      ? null
      : { register: resolve(open, guard.replace(/^!\s*/, "")) ?? guard, negated: guard.startsWith("!") };
  return { opcode, predicate, operands: split(rest).map((one) => operand(one, open)), line, source };
}

/** Parts between commas that stand in no bracket. */
function split(text: string): string[] {
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

function operand(text: string, open: Open): Operand {
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

function number(text: string): Extract<Operand, { kind: "integer" | "float" }> | null {
  if (/^0[fF][\da-fA-F]{8}$|^0[dD][\da-fA-F]{16}$/.test(text)) return { kind: "float", bits: text };
  const [, sign = "", digits] = /^(-?)(0[xX][\da-fA-F]+|\d+)U?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits);
  return { kind: "integer", value: sign === "" ? value : -value };
}

/** The unique name of a register, variable or label that the scopes around an instruction declare. */
function resolve(open: Open, name: string): string | null {
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

function close(open: Open): FunctionBody {
  // A label may be declared after the branch to it, in a scope around it.
  const target = (name: string, scope: Scope): string => {
    for (let at: Scope | null = scope; at !== null; at = at.parent) {
      const unique = at.names.get(name);
      if (unique !== undefined) return unique;
    }
    return name;
  };
  const body = open.body.map(({ scope, ...one }) => ({
    ...one,
    operands: one.operands.map((each) => (each.kind === "symbol" ? { ...each, name: target(each.name, scope) } : each)),
  }));
  const { registers, variables, labels, tables } = open;
  return { registers, variables, body, labels, tables };
}
