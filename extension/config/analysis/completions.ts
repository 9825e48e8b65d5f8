import { getLocation } from "jsonc-parser";
import type { Node } from "jsonc-parser";
import { t } from "../../localize.ts";
import { modelsOf } from "./models.ts";
import type { Models } from "./models.ts";
import { namePlace, pathPlace } from "./places.ts";
import { nodeAt } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

/** Completions available at a caret. */
export type CompletionContext = NamesContext | PathContext;

/** A name of a model or benchmark. */
export interface NamesContext {
  readonly kind: "names";
  /** Replaced range: the string with its quotes, or empty. */
  readonly span: Span;
  readonly names: readonly NamedChoice[];
}

/** A name to choose, with its meaning. */
export interface NamedChoice {
  readonly name: string;
  readonly detail: string;
}

/** A file or folder, relative to the config's folder. */
export interface PathContext {
  readonly kind: "path";
  /** Replaced range: the last part of the path, or empty outside of a string. */
  readonly span: Span;
  /** The folder whose entries fit, as written. */
  readonly folder: string;
  /** True inside a string; otherwise the completion adds the quotes. */
  readonly isQuoted: boolean;
  readonly wants: "file" | "folder";
}

/** Finds the completions at a caret that the JSON schema cannot offer. */
export function completionContext(tree: ConfigTree, offset: number): CompletionContext | undefined {
  const { path, previousNode, isAtPropertyKey } = getLocation(tree.text, offset);
  if (isAtPropertyKey) return undefined;
  const inside =
    previousNode?.type === "string" && isInside(tree.text, previousNode, offset) ? previousNode : undefined;
  // Right after a number, a word or a bracket, nothing can be written.
  if (inside === undefined && !/[[,:]\s*$/.test(tree.text.slice(0, offset))) return undefined;
  const wants = pathPlace(path);
  if (wants !== undefined) return pathContext(tree.text, offset, { inside, wants });
  const place = namePlace(path);
  if (place === undefined) return undefined;
  const span = inside === undefined ? { start: offset, end: offset } : stringSpan(tree.text, inside);
  const models = modelsOf(tree.value);
  const listed = siblings(tree, path, offset);
  const all = place.kind === "benchmark" ? models.benchmarks : models.names[place.among ?? "policies"];
  const names = all.filter((name) => !listed.has(name));
  return { kind: "names", span, names: names.map((name) => ({ name, detail: detailOf(models, name) })) };
}

function detailOf(models: Models, name: string): string {
  return models.describe(name) ?? t("benchmark");
}

/** The other entries of the same list: nothing is named twice in one. */
function siblings(tree: ConfigTree, path: readonly (string | number)[], offset: number): Set<unknown> {
  if (typeof path.at(-1) !== "number") return new Set();
  const list = nodeAt(tree, path.slice(0, -1))?.children ?? [];
  return new Set(list.filter((node) => !contains(node, offset)).map(({ value }): unknown => value));
}

interface PathFacts {
  readonly inside: Node | undefined;
  readonly wants: "file" | "folder";
}

function pathContext(text: string, offset: number, { inside, wants }: PathFacts): PathContext {
  if (inside === undefined) {
    return { kind: "path", span: { start: offset, end: offset }, folder: "", isQuoted: false, wants };
  }
  const { start, end } = stringSpan(text, inside);
  const isClosed = end > start + 1 && text[end - 1] === '"';
  const before = text.slice(start + 1, offset);
  const slash = before.lastIndexOf("/") + 1;
  const span = { start: start + 1 + slash, end: isClosed ? end - 1 : end };
  return { kind: "path", span, folder: before.slice(0, slash), isQuoted: true, wants };
}

/** Span of a string. Unclosed, it runs to the end of the line; the intended text ends before a comma or bracket. */
function stringSpan(text: string, { offset, length }: Node): Span {
  const written = text.slice(offset, offset + length);
  const isClosed = written.length > 1 && written.endsWith('"');
  const end = isClosed ? length : written.replace(/[\s,}\]]+$/, "").length;
  return { start: offset, end: offset + end };
}

/** After its closing quote, a caret has left a string. */
function isInside(text: string, node: Node, offset: number): boolean {
  const { start, end } = stringSpan(text, node);
  return start < offset && (offset < end || (offset === end && !(end > start + 1 && text[end - 1] === '"')));
}

function contains({ offset, length }: Pick<Node, "offset" | "length">, at: number): boolean {
  return offset < at && at <= offset + length;
}
