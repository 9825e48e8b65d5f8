import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Node, ParseError } from "jsonc-parser";
import type { ConfigIssue } from "../protocol/errors.ts";
import { FIRST_CONFIG } from "./complaint.ts";
import type { Complaint } from "./complaint.ts";
import type { ConfigPath } from "./walk.ts";

/** A JSON-with-comments text whose values can be traced to lines. */
export interface ConfigDocument {
  readonly file: string;
  readonly value: unknown;
  /** Syntax errors and keys that are written twice. */
  readonly issues: readonly ConfigIssue[];
  issueAt(complaint: Complaint): ConfigIssue;
}

/** Reads JSON with comments and trailing commas, tolerating errors so that all of them can be reported. */
export function readDocument(text: string, file: string): ConfigDocument {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const place = (offset: number): { line: number; column: number } => {
    const before = text.slice(0, offset).split("\n");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
  };
  const issueAt = (complaint: Complaint): ConfigIssue => ({
    file,
    ...place(offsetOf(root, complaint)),
    path: pathText(complaint.path),
    message: complaint.message,
    remedy: complaint.remedy,
  });
  if (text.trim() === "") return emptyDocument(file);
  // Where one slip gives several errors, the first says enough.
  const first = errors.filter(({ offset }, index) => errors.findIndex((one) => one.offset === offset) === index);
  const syntax = first.map(({ error, offset }) => ({
    file,
    ...place(offset),
    path: "",
    message: syntaxMessage(printParseErrorCode(error)),
    remedy: "correct the JSON here; comments and trailing commas are allowed",
  }));
  const twice = root === undefined ? [] : repeatedKeys(root, []);
  const repeats = twice.map(({ path, offset }) => ({
    file,
    ...place(offset),
    path: pathText(path),
    message: "is written twice",
    remedy: "keep one of the two",
  }));
  return {
    file,
    value: root === undefined ? undefined : (getNodeValue(root) as unknown),
    issues: [...syntax, ...repeats],
    issueAt,
  };
}

function emptyDocument(file: string): ConfigDocument {
  const issueAt = (complaint: Complaint): ConfigIssue => ({ ...complaint, file, line: 1, column: 1, path: "" });
  const issue = issueAt({ path: [], message: "is empty", remedy: FIRST_CONFIG });
  return { file, value: undefined, issues: [issue], issueAt };
}

/** `arms.salsa.reference[1]`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

function offsetOf(root: Node | undefined, { path, atKey }: Complaint): number {
  if (root === undefined) return 0;
  // A value of a preset or a default has no place of its own: its nearest written ancestor, or the preset's name.
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node === undefined) continue;
    const { parent } = node;
    return parent?.type === "property" && (atKey === true || length < path.length) ? parent.offset : node.offset;
  }
  return (path.length > 0 ? findNodeAtLocation(root, ["preset"]) : undefined)?.offset ?? root.offset;
}

function repeatedKeys(node: Node, path: ConfigPath): { path: ConfigPath; offset: number }[] {
  const seen = new Set<unknown>();
  return (node.children ?? []).flatMap((child, index) => {
    if (node.type !== "object") return repeatedKeys(child, [...path, index]);
    const [key, value] = child.children ?? [];
    const name = String(key?.value);
    const here = seen.has(name) ? [{ path: [...path, name], offset: child.offset }] : [];
    seen.add(name);
    return value === undefined ? here : [...here, ...repeatedKeys(value, [...path, name])];
  });
}

function syntaxMessage(code: string): string {
  const words = code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return `is not JSON here: ${words}`;
}
