import type { JinjaArguments, JinjaEnvironment, JinjaProgram, JinjaValue } from "./jinja.ts";
import { type JinjaNode, PythonInterpreter, isText, known } from "./pythonInterpreter.ts";

/** A template that would take too long or too much memory; the message says what it did, without a place. */
export class TemplateBoundError extends Error {
  override readonly name = "TemplateBoundError";
}

/** Work that one rendering may do: steps, and the sizes of the values that they read and make. */
const MOST_WORK = 500_000;
/** More for each message: a template may look at all of them for each. */
const WORK_PER_MESSAGE = 20_000;
/** Longest text that a template may make, in UTF-16 units; conversations of whole books are shorter. */
const LONGEST_TEXT = 2 ** 24;
/** Values in one list or object, with all that those hold, and with the length of their texts. */
const LARGEST_LIST = 2 ** 20;
/** A text of this length counts as a step more: as much is copied or compared in the time that a step takes. */
const TEXT_PER_STEP = 64;
/** The clock is looked at after as much work; it stops what the count underrates. */
const WORK_PER_LOOK = 4096;
const LONGEST_MS = 10_000;
/** Blanks, and characters of a separator, that `tojson` may write for each value. */
const MOST_PADDING = 32;

/**
 * Renders a template from somebody else: with a bound on its work, since a few nested loops take longer than anybody
 * waits and a text that is doubled thirty times fills the memory.
 *
 * Every operand of every operation is evaluated by itself, and is charged by its size there. So work that grows with
 * the size of its operands is paid for before it is done.
 */
export class BoundedInterpreter extends PythonInterpreter {
  private work: number;
  private sinceLook = 0;
  private readonly deadline = performance.now() + LONGEST_MS;
  /** Values that a list holds, with those of its lists: lists of lists may hold more than they take memory. */
  private readonly sizes = new WeakMap<object, number>();

  constructor(environment: JinjaEnvironment, nMessages: number) {
    super(environment);
    this.work = MOST_WORK + WORK_PER_MESSAGE * nMessages;
  }

  override evaluate(statement: JinjaProgram | undefined, environment: JinjaEnvironment): JinjaValue {
    this.charge(1);
    const result = super.evaluate(statement, environment);
    this.charge(this.costOf(result));
    return result;
  }

  /** Bounds the width of what `tojson` writes between values, since it is multiplied by their number. */
  override evaluateArguments(args: readonly JinjaProgram[], environment: JinjaEnvironment): JinjaArguments {
    const given = super.evaluateArguments(args, environment);
    const [, named] = given;
    const separators = named.get("separators")?.value;
    const texts = Array.isArray(separators) ? (separators as readonly JinjaValue[]) : [];
    const padding = [named.get("indent")?.value, ...texts.map(({ value }) => String(value).length)];
    if (padding.some((width) => typeof width === "number" && width > MOST_PADDING)) {
      throw new TemplateBoundError(`writes more than ${MOST_PADDING} characters between values`);
    }
    return given;
  }

  /** Filters with arguments, which may multiply what they are given. */
  override applyFilter(operand: JinjaValue, filter: JinjaProgram, environment: JinjaEnvironment): JinjaValue {
    const node = filter as JinjaNode;
    if (node.type !== "CallExpression") return super.applyFilter(operand, filter, environment);
    const given = this.evaluateArguments(node["args"] as readonly JinjaNode[], environment);
    checkGrowth(String((node["callee"] as JinjaNode)["value"]), operand, given);
    return super.applyFilter(operand, { ...node, args: nodesOf(given) } as JinjaNode, environment);
  }

  /** Methods of texts do so, too, and may be called by another name than their own. */
  override evaluateMemberExpression(member: JinjaProgram, environment: JinjaEnvironment): JinjaValue {
    const object = this.evaluate((member as JinjaNode)["object"] as JinjaNode, environment);
    const found = super.evaluateMemberExpression({ ...member, object: known(object) } as JinjaNode, environment);
    const name = isText(object) ? GROWING.find((one) => object.builtins?.get(one) === found) : undefined;
    if (name === undefined) return found;
    const call = found.value as (args: readonly JinjaValue[], environment: JinjaEnvironment) => JinjaValue;
    const value: typeof call = (args, scope) => {
      checkGrowth(name, object, [args, new Map()]);
      return call(args, scope);
    };
    return Object.assign(Object.create(found) as JinjaValue, { value });
  }

  private charge(work: number): void {
    this.work -= work;
    this.sinceLook += work;
    if (this.work < 0) throw new TemplateBoundError("does not come to an end: it has done more work than any template");
    if (this.sinceLook < WORK_PER_LOOK) return;
    this.sinceLook = 0;
    if (performance.now() > this.deadline) {
      throw new TemplateBoundError(`takes longer than ${LONGEST_MS / 1000} seconds`);
    }
  }

  private costOf({ type, value }: JinjaValue): number {
    if (typeof value === "string") {
      if (value.length > LONGEST_TEXT) throw longText();
      return value.length / TEXT_PER_STEP;
    }
    if (!isCollection(value)) return 0;
    // A namespace is the one value that changes, and so its size is never known.
    const isKnown = this.sizes.has(value) || type === NAMESPACE;
    const size = this.measure(value);
    if (type === NAMESPACE) this.sizes.delete(value);
    if (size > LARGEST_LIST) throw longList();
    // A loop goes over the items alone, even where it does nothing with them.
    return isKnown ? lengthOf(value) : size;
  }

  /** Values in a list, and its texts by their length: as much is written where it is made a text. */
  private measure(list: Collection): number {
    const known = this.sizes.get(list);
    if (known !== undefined) return known;
    let size = 1;
    for (const { type, value } of list.values()) {
      if (type === NAMESPACE) throw new TemplateBoundError("keeps a namespace in a list or in another one");
      size += isCollection(value) ? this.measure(value) : 1;
      if (typeof value === "string") size += value.length / TEXT_PER_STEP;
    }
    this.sizes.set(list, size);
    return size;
  }
}

function longText(): TemplateBoundError {
  return new TemplateBoundError("makes a text of more than 16 million characters");
}

function longList(): TemplateBoundError {
  return new TemplateBoundError("makes a list of more than a million values");
}

/** Methods of a text that make much of little. */
const GROWING = ["replace", "split"] as const;

/**
 * Refuses what would be made of a value before it is made: a separator of a million characters between as many values
 * is what no memory holds.
 * @throws {TemplateBoundError}
 */
function checkGrowth(name: string, operand: JinjaValue, [placed, named]: JinjaArguments): void {
  const { value } = operand;
  const [first, second] = placed;
  const textOf = (argument: JinjaValue | undefined): string =>
    argument !== undefined && isText(argument) ? argument.value : "";
  if (name === "join" && (typeof value === "string" || Array.isArray(value))) {
    if (value.length * textOf(first ?? named.get("separator")).length > LONGEST_TEXT) throw longText();
  }
  if (typeof value !== "string") return;
  if (name === "replace" && count(value, textOf(first)) * textOf(second).length > LONGEST_TEXT) throw longText();
  if (name === "split" && count(value, textOf(first) || " ") >= LARGEST_LIST) throw longList();
  if (name === "indent" && count(value, "\n") * Number((first ?? named.get("width"))?.value ?? 0) > LONGEST_TEXT)
    throw longText();
}

/** Times that a part occurs in a text, and once more; the empty part occurs between any two characters. */
function count(text: string, part: string): number {
  if (part === "") return text.length + 1;
  let times = 1;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) times += 1;
  return times;
}

/** Arguments as nodes of a template that need not be evaluated again. */
function nodesOf([placed, named]: JinjaArguments): readonly JinjaProgram[] {
  const keywords = [...named].map(([value, argument]) => ({
    type: "KeywordArgumentExpression",
    key: { type: "Identifier", value },
    value: known(argument),
  }));
  return [...placed.map(known), ...keywords];
}

/** Type of the values that `namespace()` makes. */
const NAMESPACE = "NamespaceValue";

type Collection = readonly JinjaValue[] | ReadonlyMap<string, JinjaValue>;

function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || value instanceof Map;
}

function lengthOf(value: Collection): number {
  return "size" in value ? value.size : value.length;
}

/** Most numbers that `range` gives; the package's own fills the memory. */
const LONGEST_RANGE = 100_000;

/**
 * `range` of Python, bounded.
 * @throws {TemplateBoundError}
 */
export function boundedRange(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= LONGEST_RANGE)) throw new TemplateBoundError(`counts further than ${LONGEST_RANGE}`);
  return Array.from({ length }, (_, at) => from + at * step);
}
