declare global {
  interface JSON {
    /** ECMAScript 2026; TypeScript's library lacks it. */
    rawJSON(text: string): { readonly rawJSON: string };
  }
}

/** Deepest nesting of lists and objects that is read; deeper ones would run out of stack wherever they go. */
export const MOST_NESTED = 200;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/** A text that is no JSON that this program reads; the message names it without its place: "not JSON". */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/**
 * The value of a JSON text.
 * @param text - UTF-16.
 * @param mostValues - Entries of all its lists and objects together that are read: a value takes up to a hundred times
 * its text in memory, and checking it takes longer than reading it.
 * @throws {JsonError} for a text that is none, is nested too deep, holds more than that, or a number beyond a double.
 */
export function parseJson(text: string, mostValues = Infinity): unknown {
  if (hasMoreValues(text, mostValues)) throw new JsonError(`JSON with more than ${mostValues} values`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonError("not JSON", { cause });
  }
  check(value, 0);
  return value;
}

/**
 * The value of a JSON text, to be written again: a number that JavaScript would spell otherwise, such as `1.0`, stays as
 * it is. Python reads `1` as an integer, which some of its settings refuse.
 *
 * @param text - Valid JSON, of a depth that has been checked.
 */
export function parseAsWritten(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && source !== String(value) ? JSON.rawJSON(source) : value;
  };
  return JSON.parse(text, keep);
}

/** A value as it may stand in a message: as JSON, cut short. */
export function excerpt(value: unknown, length = 60): string {
  if (value === undefined) return "nothing";
  const text = isShallow(value, 0) ? JSON.stringify(value) : "a value that is nested too deep";
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** Counts what begins a value, outside of strings, up to the bound. */
function hasMoreValues(text: string, most: number): boolean {
  if (text.length <= most) return false;
  let nValues = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA || code === BRACKET || code === BRACE) nValues += 1;
    if (nValues > most) return true;
  }
  return false;
}

/** Index of the quote that ends the string which begins at another; the text's length where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

function check(value: unknown, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new JsonError("JSON with a number beyond a double");
  if (typeof value !== "object" || value === null) return;
  if (depth === MOST_NESTED) throw new JsonError(`JSON that is nested more than ${MOST_NESTED} deep`);
  for (const inner of Object.values(value)) check(inner, depth + 1);
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < MOST_NESTED && Object.values(value).every((inner) => isShallow(inner, depth + 1));
}
