import { createScanner, parseTree } from "jsonc-parser";
import type { Node, ParseError } from "jsonc-parser";
import type { ConfigPath } from "./walk.ts";

/** Deepest nesting of a config that is read: schemas use six levels, and syntax trees are walked by recursion. */
export const MOST_LEVELS = 100;

/** A text of JSON with comments, as far as it parses. */
export interface Syntax {
  /** Absent where there is nothing, or where it is nested too deep. */
  readonly root: Node | undefined;
  readonly errors: readonly ParseError[];
  /** Where the text is nested deeper than `MOST_LEVELS`. */
  readonly deepAt: number | undefined;
}

/** Parses JSON with comments and trailing commas, tolerating errors. */
export function readSyntax(text: string): Syntax {
  const deepAt = firstTooDeep(text);
  if (deepAt !== undefined) return { root: undefined, errors: [], deepAt };
  const errors: ParseError[] = [];
  return { root: parseTree(text, errors, { allowTrailingComma: true }), errors, deepAt };
}

/** Where a bracket opens that is nested too deep. A closing one that does not fit closes nothing, as for the parser. */
function firstTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  const open: string[] = [];
  // Its end has a length of 1 where a comment that is never closed has just been opened, so that the place counts.
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const mark = text[scanner.getTokenOffset()];
    if (mark === "{" || mark === "[") {
      if (open.push(mark) > MOST_LEVELS) return scanner.getTokenOffset();
    } else if ((mark === "}" && open.at(-1) === "{") || (mark === "]" && open.at(-1) === "[")) open.pop();
  }
  return undefined;
}

/** Finds the values of a syntax tree by their paths: an object is searched once, however many of its keys are asked for. */
export function nodeFinder(root: Node | undefined): (path: ConfigPath) => Node | undefined {
  const known = new WeakMap<Node, ReadonlyMap<unknown, Node>>();
  const valuesOf = (node: Node): ReadonlyMap<unknown, Node> => {
    let values = known.get(node);
    if (values === undefined) known.set(node, (values = valuesByKey(node)));
    return values;
  };
  return (path) =>
    path.reduce<Node | undefined>((node, key) => {
      if (typeof key === "number") return node?.type === "array" ? node.children?.[key] : undefined;
      return node?.type === "object" ? valuesOf(node).get(key) : undefined;
    }, root);
}

/** Of a key that is written twice, the first counts. */
function valuesByKey(node: Node): ReadonlyMap<unknown, Node> {
  const values = new Map<unknown, Node>();
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key !== undefined && value !== undefined && !values.has(key.value)) values.set(key.value, value);
  }
  return values;
}

/** Tells line and column of places in a text, both counted from 1. */
export function placesIn(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
