import type { Node } from "jsonc-parser";
import { createScanner } from "jsonc-parser";
import type { ConfigPath } from "../../../engine/config/walk.ts";
import { nodeAt, spanOf } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

/** Replacement for a part of the text. */
export interface TextChange extends Span {
  readonly text: string;
}

/** Replaces the value at a path, or adds it together with any missing parent sections. */
export function put(tree: ConfigTree, path: ConfigPath, value: unknown): TextChange[] {
  const node = nodeAt(tree, path);
  if (node !== undefined) return [{ ...spanOf(node), text: inline(value) }];
  const key = path.at(-1);
  if (key === undefined) return [{ start: 0, end: tree.text.length, text: `${inline(value)}\n` }];
  const parent = nodeAt(tree, path.slice(0, -1));
  if (parent === undefined) return put(tree, path.slice(0, -1), { [key]: value });
  return parent.type === "object" ? [addition(tree.text, parent, `${JSON.stringify(key)}: ${inline(value)}`)] : [];
}

/** Adds a value to the end of a list. */
export function append(tree: ConfigTree, path: ConfigPath, value: unknown): TextChange[] {
  const list = nodeAt(tree, path);
  return list?.type === "array" ? [addition(tree.text, list, inline(value))] : [];
}

/** Takes out a setting with its key, or an entry of a list; nothing if it is not written. */
export function remove(tree: ConfigTree, path: ConfigPath): TextChange[] {
  const node = nodeAt(tree, path);
  return node === undefined ? [] : removeNode(tree, node);
}

/** Takes out a value: with its key, the comma that parts it from the next, and its line where it has one of its own. */
export function removeNode({ text }: ConfigTree, value: Node): TextChange[] {
  const entry = value.parent?.type === "property" ? value.parent : value;
  const siblings = entry.parent?.children ?? [];
  const at = siblings.indexOf(entry);
  const [before, after] = [siblings[at - 1], siblings[at + 1]];
  const end = entry.offset + entry.length;
  const comma = commaAfter(text, end);
  const whole = { start: entry.offset, end: comma === undefined ? end : comma + 1 };
  const rest = { ...(linesOf(text, whole) ?? withSpace(text, whole)), text: "" };
  if (after !== undefined || comma !== undefined || before === undefined) return [rest];
  // The last one goes, and the comma before it parts nothing any more.
  const last = commaAfter(text, before.offset + before.length);
  if (last === undefined) return [rest];
  return [{ start: last, end: last + 1, text: "" }, rest];
}

/** The text with changes that do not overlap. */
export function applied(text: string, changes: readonly TextChange[]): string {
  const fromTheEnd = [...changes].sort((a, b) => b.start - a.start);
  return fromTheEnd.reduce((rest, { start, end, text: by }) => rest.slice(0, start) + by + rest.slice(end), text);
}

/** The one change that makes a text another, as short as it can be. */
export function difference(before: string, after: string): TextChange {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  const rest = Math.min(before.length, after.length) - start;
  let same = 0;
  while (same < rest && before.at(-1 - same) === after.at(-1 - same)) same++;
  return { start, end: before.length - same, text: after.slice(start, after.length - same) };
}

/** JSON on one line in the usual style: spaces inside braces, none inside brackets. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inline(one)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A new last entry, on a line of its own where the others have theirs. */
function addition(text: string, parent: Node, entry: string): TextChange {
  const { start, end } = spanOf(parent);
  const last = parent.children?.at(-1);
  const isObject = parent.type === "object";
  if (last === undefined) return { start: start + 1, end: end - 1, text: isObject ? ` ${entry} ` : entry };
  const lineStart = text.lastIndexOf("\n", last.offset) + 1;
  const before = text.slice(lineStart, last.offset);
  const isOwnLine = lineStart > start && /^\s*$/.test(before);
  const at = last.offset + last.length;
  const comma = /^\s*,/.exec(text.slice(at))?.[0];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = isOwnLine ? `${eol}${before}` : " ";
  if (comma === undefined) return { start: at, end: at, text: `,${gap}${entry}` };
  return { start: at + comma.length, end: at + comma.length, text: `${gap}${entry},` };
}

/** Where the comma is that follows, past comments. */
function commaAfter(text: string, at: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(at);
  scanner.scan();
  return scanner.getTokenLength() === 1 && text[scanner.getTokenOffset()] === ","
    ? scanner.getTokenOffset()
    : undefined;
}

/** The whole lines of a part of the text, with a comment at their end, if nothing else is on them. */
function linesOf(text: string, { start, end }: Span): Span | undefined {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const [rest = ""] = /^[^\n]*\n?/.exec(text.slice(end)) ?? [];
  const isAlone = /^\s*$/.test(text.slice(lineStart, start)) && /^\s*(\/\/.*)?$/.test(rest.trimEnd());
  return isAlone && rest.endsWith("\n") && lineStart > 0 ? { start: lineStart, end: end + rest.length } : undefined;
}

/** A part of a line with the space on one of its sides. */
function withSpace(text: string, { start, end }: Span): Span {
  const after = /^[ \t]+/.exec(text.slice(end))?.[0].length ?? 0;
  const isLast = /^\s*[}\]]/.test(text.slice(end));
  const before = isLast ? (/[ \t]+$/.exec(text.slice(0, start))?.[0].length ?? 0) : 0;
  return isLast ? { start: start - before, end } : { start, end: end + after };
}
