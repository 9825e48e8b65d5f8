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
  /** As far as it can be read; undefined where nothing can. */
  readonly value: unknown;
  /** False where there are errors of syntax or keys that are written twice. */
  readonly isSound: boolean;
  /** Keys of the root in whose text there is an error: what they say is not known for sure. */
  readonly broken: ReadonlySet<string>;
  /**
   * Syntax errors, keys that are written twice and complaints with their places, in the order of the text: the first
   * ones, and how many more there are. Complaints that may be due to an error of syntax are left out.
   */
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
  const isEmpty = text.trim() === "";
  const slips = isEmpty ? [{ ...EMPTY, offset: 0 }] : slipsOf(syntax);
  const hasError = errorsWithin(syntax);
  const isSure = sureness(find, syntax.errors.length === 0 ? undefined : hasError, slips);
  const listed = (all: readonly Slip[]): readonly ConfigIssue[] => {
    const issues = all.slice(0, MOST_ISSUES).map(({ offset, path, message, remedy }): ConfigIssue => {
      return { file, ...place(offset), path: pathText(path), message, remedy };
    });
    const more = all.length - issues.length;
    const last = issues.at(-1);
    if (more === 0 || last === undefined) return issues;
    const message = `and ${more.toLocaleString("en-US")} more mistakes`;
    return [...issues, { ...last, path: "", message, remedy: "correct those that are listed first" }];
  };
  return {
    file,
    value: isEmpty || root === undefined ? undefined : (getNodeValue(root) as unknown),
    isSound: slips.length === 0,
    broken: brokenKeys(syntax, hasError),
    issuesOf(complaints) {
      const placed = complaints.filter(isSure).map((one) => at(offsetOf(root, find, one), one));
      return listed([...slips, ...placed].toSorted((a, b) => a.offset - b.offset));
    },
  };
}

/** Keys of the root whose values hold an error of syntax. */
function brokenKeys({ root }: Syntax, hasError: (node: Node) => boolean): ReadonlySet<string> {
  const properties = root?.type === "object" ? (root.children ?? []) : [];
  // An error between two sections is in neither.
  const inner = ({ offset, length, ...rest }: Node): Node => ({ ...rest, offset: offset + 1, length: length - 2 });
  return new Set(
    properties.filter((property) => hasError(inner(property))).map(({ children: [key] = [] }) => String(key?.value)),
  );
}

/** Tells of a part of the text if there is an error of syntax in it, or just behind, which may be about it, too. */
function errorsWithin({ errors }: Syntax): (node: Node) => boolean {
  const offsets = errors.map(({ offset }) => offset).toSorted((a, b) => a - b);
  return ({ offset, length }) => {
    let [low, high] = [0, offsets.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((offsets[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return (offsets[low] ?? Infinity) <= offset + length;
  };
}

/**
 * Tells which complaints hold whatever the errors of syntax hide: where there are any, those about values that are
 * written, and written without one. Of a key that stands there twice, nobody knows which value is meant.
 */
function sureness(
  find: (path: ConfigPath) => Node | undefined,
  hasError: ((node: Node) => boolean) | undefined,
  slips: readonly Slip[],
): (complaint: Complaint) => boolean {
  const twice = new Set(slips.filter(({ path }) => path.length > 0).map(({ path }) => path.join("\n")));
  return ({ path }) => {
    if (twice.size > 0 && path.some((_, at) => twice.has(path.slice(0, at + 1).join("\n")))) return false;
    if (hasError === undefined) return true;
    const node = find(path);
    return node !== undefined && !hasError(node);
  };
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
