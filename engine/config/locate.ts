import { getNodeValue, printParseErrorCode } from "jsonc-parser";
import type { Node } from "jsonc-parser";
import type { ConfigIssue } from "../protocol/errors.ts";
import { FIRST_CONFIG } from "./complaint.ts";
import type { Complaint } from "./complaint.ts";
import { MOST_LEVELS, nodeFinder, placesIn, readSyntax } from "./syntax.ts";
import type { Syntax } from "./syntax.ts";
import type { ConfigPath } from "./walk.ts";

/** A JSON-with-comments text whose values can be traced to lines. */
export interface ConfigDocument {
  readonly file: string;
  readonly value: unknown;
  /** Syntax errors and keys that are written twice. */
  readonly issues: readonly ConfigIssue[];
  /** Complaints with their places, in the order of the text: the first ones, and how many more there are. */
  issuesOf(complaints: readonly Complaint[]): readonly ConfigIssue[];
}

/** The most issues that are listed: nobody reads more, and every one takes time to explain. */
const MOST_ISSUES = 100;

/** Something wrong at an offset. Its remedy may be a getter that looks for one. */
interface Slip extends Complaint {
  readonly offset: number;
}

/** Reads JSON with comments and trailing commas, tolerating errors so that all of them can be reported. */
export function readDocument(text: string, file: string): ConfigDocument {
  const syntax = readSyntax(text);
  const { root } = syntax;
  const find = nodeFinder(root);
  const place = placesIn(text);
  const listed = (slips: readonly Slip[]): readonly ConfigIssue[] => {
    const issues = slips.slice(0, MOST_ISSUES).map(({ offset, path, message, remedy }): ConfigIssue => {
      return { file, ...place(offset), path: pathText(path), message, remedy };
    });
    const more = slips.length - issues.length;
    const last = issues.at(-1);
    if (more === 0 || last === undefined) return issues;
    const message = `and ${more.toLocaleString("en-US")} more mistakes`;
    return [...issues, { ...last, path: "", message, remedy: "correct those that are listed first" }];
  };
  const issuesOf = (complaints: readonly Complaint[]): readonly ConfigIssue[] => {
    const order = complaints.map((complaint) => ({ complaint, offset: offsetOf(root, find, complaint) }));
    order.sort((a, b) => a.offset - b.offset);
    return listed(order.map(({ complaint, offset }) => at(offset, complaint)));
  };
  if (text.trim() === "") {
    return { file, value: undefined, issues: listed([{ ...EMPTY, offset: 0 }]), issuesOf };
  }
  const value = root === undefined ? undefined : (getNodeValue(root) as unknown);
  return { file, value, issues: listed(slipsOf(syntax)), issuesOf };
}

const EMPTY: Complaint = { path: [], message: "is empty", remedy: FIRST_CONFIG };

/** A complaint at its place, whose remedy is looked for only when it is listed. */
function at(offset: number, complaint: Complaint): Slip {
  const { path, message } = complaint;
  return {
    offset,
    path,
    message,
    get remedy() {
      return complaint.remedy;
    },
  };
}

/** Syntax errors, then keys that are written twice. */
function slipsOf({ root, errors, deepAt }: Syntax): Slip[] {
  if (deepAt !== undefined) {
    const message = `is nested more than ${MOST_LEVELS} deep`;
    return [{ offset: deepAt, path: [], message, remedy: "a run config has six levels; see the docs" }];
  }
  // Where one slip gives several errors, the first says enough.
  const first = new Map([...errors].reverse().map((error) => [error.offset, error]));
  const syntax = errors.flatMap((one): Slip[] => {
    if (first.get(one.offset) !== one) return [];
    const message = syntaxMessage(printParseErrorCode(one.error));
    const remedy = "correct the JSON here; comments and trailing commas are allowed";
    return [{ offset: one.offset, path: [], message, remedy }];
  });
  const twice = root === undefined ? [] : repeatedKeys(root, []);
  return [...syntax, ...twice.map((slip) => ({ ...slip, message: "is written twice", remedy: "keep one of the two" }))];
}

/** `arms.salsa.reference[1]`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

function offsetOf(
  root: Node | undefined,
  find: (path: ConfigPath) => Node | undefined,
  { path, atKey }: Complaint,
): number {
  if (root === undefined) return 0;
  // A value of a preset or a default has no place of its own: its nearest written ancestor, or the preset's name.
  for (let length = path.length; length > 0; length--) {
    const node = find(path.slice(0, length));
    if (node === undefined) continue;
    const { parent } = node;
    return parent?.type === "property" && (atKey === true || length < path.length) ? parent.offset : node.offset;
  }
  return (path.length > 0 ? find(["preset"]) : undefined)?.offset ?? root.offset;
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
