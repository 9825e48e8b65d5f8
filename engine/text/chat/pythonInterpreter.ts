import { type JinjaEnvironment, type JinjaProgram, type JinjaValue, Environment, Interpreter } from "./jinja.ts";

/** A node of a parsed template: its type, and fields by that. */
export type JinjaNode = JinjaProgram & Readonly<Record<string, unknown>>;

/** A node that stands for a value already known. */
type Known = JinjaNode & { readonly type: "Known"; readonly result: JinjaValue };

/** Characters that Python's `str.strip` removes by default; JavaScript's `trim` knows other characters. */
const BLANKS: ReadonlySet<string> = new Set(
  "\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004" +
    "\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

/** Ends that each way of stripping takes from. */
const ENDS: ReadonlyMap<unknown, readonly ("start" | "end")[]> = new Map([
  ["strip", ["start", "end"]],
  ["lstrip", ["start"]],
  ["rstrip", ["end"]],
]);

/**
 * Evaluates as Python's Jinja2 does where the package does otherwise, as templates of published models show: `strip`
 * and `trim` with the characters to take away (Qwen 3, SmolLM 3), `selectattr` on attributes that are missing (Mistral
 * Nemo), and loops over the characters of a text (Llama 3.2 Vision, Llama Guard).
 */
export class PythonInterpreter extends Interpreter {
  override evaluate(statement: JinjaProgram | undefined, environment: JinjaEnvironment): JinjaValue {
    const node = statement as JinjaNode | undefined;
    if (node?.type === "Known") return (node as Known).result;
    if (node?.type === "For") return super.evaluate(this.overCharacters(node, environment), environment);
    let result: JinjaValue | undefined;
    if (node?.type === "CallExpression") result = this.stripped(node, environment);
    if (node?.type === "FilterExpression") result = this.filtered(node, environment);
    return result ?? super.evaluate(statement, environment);
  }

  /** A loop whose text, if it goes over one, is a list of characters. */
  private overCharacters(node: JinjaNode, environment: JinjaEnvironment): JinjaNode {
    const select = node["iterable"] as JinjaNode;
    const isSelect = select.type === "SelectExpression";
    const found = this.evaluate((isSelect ? select["lhs"] : select) as JinjaNode, environment);
    const lhs = known(isText(found) ? this.list(this.characters(found.value)) : found);
    return { ...node, iterable: isSelect ? { ...select, lhs } : lhs };
  }

  /** `text.strip(characters)` and its kin. */
  private stripped(call: JinjaNode, environment: JinjaEnvironment): JinjaValue | undefined {
    const callee = call["callee"] as JinjaNode;
    if (callee.type !== "MemberExpression" || callee["computed"] === true) return undefined;
    const ends = ENDS.get((callee["property"] as JinjaNode)["value"]);
    if (ends === undefined) return undefined;
    const object = this.evaluate(callee["object"] as JinjaNode, environment);
    if (isText(object)) return this.strip(object.value, ends, call["args"] as readonly JinjaNode[], environment);
    return super.evaluate({ ...call, callee: { ...callee, object: known(object) } } as JinjaNode, environment);
  }

  private filtered(node: JinjaNode, environment: JinjaEnvironment): JinjaValue | undefined {
    const filter = node["filter"] as JinjaNode;
    const isCall = filter.type === "CallExpression";
    const name = (isCall ? (filter["callee"] as JinjaNode) : filter)["value"];
    const args = isCall ? (filter["args"] as readonly JinjaNode[]) : [];
    const isAttribute = (name === "selectattr" || name === "rejectattr") && args.length >= 2;
    if (name !== "trim" && !isAttribute) return undefined;
    const operand = this.evaluate(node["operand"] as JinjaNode, environment);
    if (name === "trim" && isText(operand)) return this.strip(operand.value, ["start", "end"], args, environment);
    const items = isText(operand) ? this.characters(operand.value) : operand.value;
    if (isAttribute && Array.isArray(items)) {
      const chosen = this.withAttribute(items as readonly JinjaValue[], args, name === "selectattr", environment);
      if (chosen !== undefined) return this.list(chosen);
    }
    return super.evaluate({ ...node, operand: known(operand) } as JinjaNode, environment);
  }

  /** Items whose attribute, which may be missing, passes a test; undefined where there is no such test. */
  private withAttribute(
    items: readonly JinjaValue[],
    args: readonly JinjaNode[],
    isPassing: boolean,
    environment: JinjaEnvironment,
  ): readonly JinjaValue[] | undefined {
    const [attribute, name, ...more] = args.map((argument) => this.evaluate(argument, environment));
    const test = environment.tests.get(String(name?.value));
    if (test === undefined) return undefined;
    const missing = super.evaluate({ type: "Identifier", value: "missing" } as JinjaNode, new Environment());
    return items.filter(({ value }) => {
      const found: unknown = value instanceof Map ? value.get(attribute?.value) : undefined;
      return test((found as JinjaValue | undefined) ?? missing, ...more) === isPassing;
    });
  }

  private strip(
    text: string,
    ends: readonly ("start" | "end")[],
    args: readonly JinjaNode[],
    environment: JinjaEnvironment,
  ): JinjaValue {
    const [characters] = args.map((argument) => this.evaluate(argument, environment));
    const taken = characters !== undefined && isText(characters) ? new Set(characters.value) : BLANKS;
    let [from, to] = [0, text.length];
    for (let first = firstOf(text, from); ends.includes("start") && from < to && taken.has(first);) {
      from += first.length;
      first = firstOf(text, from);
    }
    for (let last = lastOf(text, to); ends.includes("end") && to > from && taken.has(last);) {
      to -= last.length;
      last = lastOf(text, to);
    }
    return this.text(text.slice(from, to));
  }

  private characters(text: string): readonly JinjaValue[] {
    return Array.from(text, (character) => this.text(character));
  }

  private text(value: string): JinjaValue {
    return super.evaluate({ type: "StringLiteral", value } as JinjaNode, new Environment());
  }

  private list(items: readonly JinjaValue[]): JinjaValue {
    return super.evaluate({ type: "ArrayLiteral", value: items.map(known) } as JinjaNode, new Environment());
  }
}

/** A node for a value: it is not evaluated again. */
export function known(result: JinjaValue): Known {
  return { type: "Known", result };
}

/** True for a text, which other values may look like. */
export function isText(value: JinjaValue): value is JinjaValue & { readonly value: string } {
  return value.type === "StringValue";
}

/** The character at a place; half a surrogate pair is none. */
function firstOf(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** The character before a place. */
function lastOf(text: string, before: number): string {
  const pair = text.slice(Math.max(0, before - 2), before);
  return (pair.codePointAt(0) ?? 0) > 0xffff ? pair : pair.slice(-1);
}
