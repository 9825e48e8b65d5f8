import { excerpt } from "../../common/json.ts";

/** A tokenizer file that cannot be used. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError";
}

/** A JSON value. */
export type TokenizerJson =
  | null
  | boolean
  | number
  | string
  | readonly TokenizerJson[]
  | { readonly [key: string]: TokenizerJson | undefined };

/** A parsed tokenizer file, or an object in it. */
export type TokenizerObject = Readonly<Record<string, TokenizerJson | undefined>>;

/** Highest id of a token plus 1: sixty times what the largest vocabularies have. */
const MOST_IDS = 2 ** 24;

/** True for a JSON object. */
export function isObject(value: TokenizerJson | undefined): value is TokenizerObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at `place`. @throws {TokenizerError} */
export function objectAt(value: TokenizerJson | undefined, place: string): TokenizerObject {
  if (isObject(value)) return value;
  throw unexpected(place, "an object", value);
}

/** The list at `place`. @throws {TokenizerError} */
export function listAt(value: TokenizerJson | undefined, place: string): readonly TokenizerJson[] {
  if (Array.isArray(value)) return value as readonly TokenizerJson[];
  throw unexpected(place, "a list", value);
}

/** The text at `place`, or `absent` where there is none. @throws {TokenizerError} */
export function textAt(value: TokenizerJson | undefined, place: string, absent?: string): string {
  const given = value ?? absent;
  if (typeof given === "string") return given;
  throw unexpected(place, "a text", value);
}

/** The truth value at `place`, or `absent` where there is none. @throws {TokenizerError} */
export function flagAt(value: TokenizerJson | undefined, place: string, absent: boolean): boolean {
  const given = value ?? absent;
  if (typeof given === "boolean") return given;
  throw unexpected(place, "true or false", value);
}

/** The whole number of 0 or more at `place`, or `absent` where there is none. @throws {TokenizerError} */
export function countAt(value: TokenizerJson | undefined, place: string, absent?: number): number {
  const given = value ?? absent;
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= 0) return given;
  throw unexpected(place, "a whole number", value);
}

/** The token id at `place`. @throws {TokenizerError} */
export function idAt(value: TokenizerJson | undefined, place: string): number {
  const id = countAt(value, place);
  if (id < MOST_IDS) return id;
  throw unexpected(place, `a token id below ${MOST_IDS}`, value);
}

/** A vocabulary that gives each token's id. @throws {TokenizerError} */
export function vocabularyAt(value: TokenizerJson | undefined, place: string): Map<string, number> {
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(objectAt(value, place))) vocabulary.set(token, idAt(id, place));
  return vocabulary;
}

/** The error that says what a place holds in the stead of what. */
export function unexpected(place: string, expected: string, value: TokenizerJson | undefined): TokenizerError {
  return new TokenizerError(`${place}: expected ${expected}, got ${excerpt(value)}`);
}
