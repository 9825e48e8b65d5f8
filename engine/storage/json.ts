import { createHash } from "node:crypto";

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = Readonly<Record<string, Json | undefined>>;

/** True if a value is an object in the sense of JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * SHA-256 of a value's canonical JSON, in hex: keys in code-unit order and none that are undefined, numbers as
 * JavaScript prints them (RFC 8785).
 * @throws {TypeError} for NaN and infinities, which JSON cannot hold.
 */
export function stableHash(value: Json): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The one JSON text for a value, whatever order its keys were set in. */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`canonicalJson: ${value} is not a JSON number`);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item as Json)).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join()}}`;
}

/** The first place where two values differ, as a path such as `model.vocab.a`; undefined when they are equal. */
export function firstDifference(a: Json | undefined, b: Json | undefined, path = ""): string | undefined {
  if (Object.is(a, b) || a === b) return undefined;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return path;
  const left = a as JsonObject;
  const right = b as JsonObject;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isContainer(value: Json | undefined): value is readonly Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}

/**
 * The first key that stands twice in one object of a JSON text, which `JSON.parse` would pass over in silence.
 *
 * @param text - Valid JSON.
 */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // keys seen in each open object; undefined for an array
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === "{") open.push(new Set());
    else if (mark === "[") open.push(undefined);
    else if (mark === "}" || mark === "]") open.pop();
    else if (mark === '"') {
      const start = at;
      at = closingQuote(text, start);
      if (!isFollowedByColon(text, at)) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** A loop, because a regular expression runs out of stack on strings of megabytes. */
function closingQuote(text: string, opening: number): number {
  let at = opening + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function isFollowedByColon(text: string, quote: number): boolean {
  let at = quote + 1;
  while (" \t\n\r".includes(text[at] ?? "x")) at += 1;
  return text[at] === ":";
}
