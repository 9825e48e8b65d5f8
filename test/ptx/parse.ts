import { PtxError } from "./errors.ts";
import { declaration } from "./declarations.ts";
import { declare, operand, resolve, split, type Scope } from "./operands.ts";
import { sizeOf, type FunctionBody, type Instruction, type PtxFunction, type PtxModule, type Variable } from "./ptx.ts";
import { location, statements } from "./statements.ts";

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
