import { findNodeAtOffset, getNodePath, getNodeValue } from "jsonc-parser";
import type { Node } from "jsonc-parser";
import { pathText } from "../../../engine/config/locate.ts";
import { nodeFinder, readSyntax } from "../../../engine/config/syntax.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";
import type { ConfigIssue } from "../../../engine/protocol/errors.ts";

/** The part of a text from `start` up to `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A config's text with its syntax tree. */
export interface ConfigTree {
  readonly text: string;
  readonly root: Node | undefined;
  readonly value: unknown;
  /** Node at a path, or undefined. */
  readonly find: (path: ConfigPath) => Node | undefined;
  /** False if the text has syntax errors, as during typing; the tree then covers only the parts that parse. */
  readonly isSound: boolean;
}

/** Parses JSON with comments and trailing commas, tolerating syntax errors. */
export function readTree(text: string): ConfigTree {
  const { root, errors } = readSyntax(text);
  const value: unknown = root === undefined ? undefined : getNodeValue(root);
  return { text, root, value, find: nodeFinder(root), isSound: errors.length === 0 };
}

/** Node at a path, or undefined. */
export function nodeAt({ find }: ConfigTree, path: ConfigPath): Node | undefined {
  return find(path);
}

/** The innermost key or value at an offset; its end belongs to it, so that a caret after it finds it. */
export function nodeAtOffset({ root }: ConfigTree, offset: number): Node | undefined {
  return root === undefined ? undefined : findNodeAtOffset(root, offset, true);
}

/** A key or a text with its path; that of a key ends in the key. */
export interface StringAt {
  readonly node: Node;
  readonly path: ConfigPath;
}

/** Every key and text of a tree, in the order of the text. Asking each node for its path would search its list each time. */
export function stringsIn({ root }: Pick<ConfigTree, "root">): StringAt[] {
  return root === undefined ? [] : stringsOf(root, []);
}

function stringsOf(node: Node, path: ConfigPath): StringAt[] {
  const children = node.children ?? [];
  if (node.type === "string") return [{ node, path }];
  if (node.type === "array") return children.flatMap((child, index) => stringsOf(child, [...path, index]));
  return children.flatMap(({ children: [key, value] = [] }) => {
    if (key === undefined) return [];
    const inner = [...path, String(key.value)];
    return [{ node: key, path: inner }, ...(value === undefined ? [] : stringsOf(value, inner))];
  });
}

/** True if a node is the key of a property. */
export function isKey(node: Node): boolean {
  return node.parent?.type === "property" && node.parent.children?.[0] === node;
}

/** The key that a value is written under; undefined in lists and for the whole. */
export function keyOf(node: Node): Node | undefined {
  return node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
}

/** Where a key or value is written. */
export function spanOf(node: Node): Span {
  return { start: node.offset, end: node.offset + node.length };
}

/** Underlined span for a value: the value itself, or its key if it spans several lines. */
export function markOf({ text }: ConfigTree, node: Node): Span {
  if (!text.slice(node.offset, node.offset + node.length).includes("\n")) return spanOf(node);
  const key = keyOf(node);
  return key === undefined ? { start: node.offset, end: node.offset + 1 } : spanOf(key);
}

/** Location of an issue: the span to underline, and the path of the setting, which may not be written yet. */
export function placeOf(tree: ConfigTree, issue: ConfigIssue): { readonly span: Span; readonly path: ConfigPath } {
  const offset = offsetOf(tree.text, issue);
  const { root } = tree;
  const node = root === undefined ? undefined : findNodeAtOffset(root, offset);
  if (node === undefined) return { span: { start: 0, end: tree.text.length }, path: [] };
  const written = getNodePath(node);
  // A name may contain dots, so only the part after the written prefix is split.
  const within = written.map((_, index) => written.slice(0, written.length - index));
  const prefix = within.find((path) => isWithin(pathText(path), issue.path)) ?? [];
  const rest = issue.path.slice(pathText(prefix).length);
  return { span: markOf(tree, node), path: [...prefix, ...partsOf(rest)] };
}

function isWithin(prefix: string, path: string): boolean {
  return path.startsWith(prefix) && /^([.[]|$)/.test(path.slice(prefix.length));
}

function partsOf(text: string): (string | number)[] {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key = ""]) => (index === undefined ? key : +index));
}

function offsetOf(text: string, { line, column }: ConfigIssue): number {
  let start = 0;
  for (let at = 1; at < line; at++) start = text.indexOf("\n", start) + 1;
  return start + column - 1;
}
