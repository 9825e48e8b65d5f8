import { getLocation } from "jsonc-parser";
import type { Node } from "jsonc-parser";
import type { ColumnName } from "../../../engine/config/columns.ts";
import { t } from "../../localize.ts";
import { cardsOfMachine, clusterAddress } from "./clusterNumbers.ts";
import { modelsOf } from "./models.ts";
import type { Models } from "./models.ts";
import { type ClusterNumber, clusterPlace, columnPlace, isLanguageModel, namePlace, pathPlace } from "./places.ts";
import { nodeAt, nodeAtOffset, spanOf } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

/** Completions available at a caret. */
export type CompletionContext =
  | NamesContext
  | PathContext
  | ColumnKeysContext
  | ColumnsContext
  | EditorModelsContext
  | ClusterContext;

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

/** Keys of a map of columns: what the layout of such records needs and the map does not have. */
export interface ColumnKeysContext {
  readonly kind: "columnKeys";
  /** Replaced range: the key with its quotes, or empty. */
  readonly span: Span;
  readonly keys: readonly ColumnName[];
  /** True where a value follows already. */
  readonly hasValue: boolean;
}

/** A column of a file. */
export interface ColumnsContext {
  readonly kind: "columns";
  /** Replaced range: the string with its quotes, or empty. */
  readonly span: Span;
  readonly source: WrittenSource;
}

/** The address of one of the editor's language models. */
export interface EditorModelsContext {
  readonly kind: "editorModels";
  /** Replaced range: the string with its quotes, or empty. */
  readonly span: Span;
}

/** A number that the machines of a cluster have. */
export interface ClusterContext {
  readonly kind: "cluster";
  /** Replaced range: the number, or empty. */
  readonly span: Span;
  readonly setting: ClusterNumber;
  readonly address: string;
  /** Cards that a machine of another trainer's must have, by the config. */
  readonly cardsPerNode: number;
}

/** A source as the config has it: the path is relative to the config's folder. */
export interface WrittenSource {
  readonly from: string;
  readonly config?: string;
  readonly split?: string;
}

/** Finds the completions at a caret that the JSON schema cannot offer. */
export function completionContext(tree: ConfigTree, offset: number): CompletionContext | undefined {
  const { path, previousNode, isAtPropertyKey } = getLocation(tree.text, offset);
  const number = clusterPlace(path);
  if (number !== undefined && !isAtPropertyKey) return clusterContext(tree, offset, number);
  const columns = columnPlace(path);
  if (isAtPropertyKey && columns === undefined) return undefined;
  const isString = previousNode?.type === (isAtPropertyKey ? "property" : "string");
  const inside = isString && isInside(tree.text, previousNode, offset) ? previousNode : undefined;
  // Right after a number, a word or a bracket, nothing can be written.
  const before = isAtPropertyKey ? /[{,]\s*$/ : /[[,:]\s*$/;
  if (inside === undefined && !before.test(tree.text.slice(0, offset))) return undefined;
  if (columns !== undefined) {
    const span = inside === undefined ? { start: offset, end: offset } : stringSpan(tree.text, inside);
    return isAtPropertyKey ? columnKeys(tree, path, { span, columns }) : columnsContext(tree, path, span);
  }
  if (isLanguageModel(path)) {
    const span = inside === undefined ? { start: offset, end: offset } : stringSpan(tree.text, inside);
    return { kind: "editorModels", span };
  }
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

/** Keys that a map of columns may have and has not; the one at the caret may be written again. */
function columnKeys(
  tree: ConfigTree,
  path: readonly (string | number)[],
  { span, columns }: { readonly span: Span; readonly columns: readonly ColumnName[] },
): ColumnKeysContext {
  const map = nodeAt(tree, path.slice(0, -1))?.children ?? [];
  const others = map.flatMap(({ children: [key] = [] }) => (key === undefined || key.offset === span.start ? [] : key));
  const written = new Set(others.map(({ value }): unknown => value));
  const keys = columns.filter((name) => !written.has(name));
  return { kind: "columnKeys", span, keys, hasValue: /^\s*:/.test(tree.text.slice(span.end)) };
}

function columnsContext(tree: ConfigTree, path: readonly (string | number)[], span: Span): ColumnsContext | undefined {
  const place = path.slice(0, -2);
  const setting = (name: string): string | undefined => {
    const value: unknown = nodeAt(tree, [...place, name])?.value;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [from, config, split] = [setting("from"), setting("config"), setting("split")];
  if (from === undefined) return undefined;
  const source = { from, ...(config !== undefined && { config }), ...(split !== undefined && { split }) };
  return { kind: "columns", span, source };
}

function clusterContext(tree: ConfigTree, offset: number, setting: ClusterNumber): ClusterContext | undefined {
  const address = clusterAddress(tree);
  const node = nodeAtOffset(tree, offset);
  const written = node?.type === "number" ? node : undefined;
  if (address === undefined || (written === undefined && !/:\s*$/.test(tree.text.slice(0, offset)))) return undefined;
  const span = written === undefined ? { start: offset, end: offset } : spanOf(written);
  return { kind: "cluster", span, setting, address, cardsPerNode: cardsOfMachine(tree) };
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
