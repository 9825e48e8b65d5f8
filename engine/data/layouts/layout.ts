import { DataError } from "../../protocol/errors.ts";
import { excerpt } from "../../common/json.ts";
import type { SftExample } from "../../protocol/conversation.ts";
import type { Preference, Prompt } from "../../storage/datasets.ts";
import type { Json, JsonObject } from "../../storage/json.ts";
import type { Row } from "../rows/row.ts";

/** A way in which data sets are published, recognised by its columns. */
export interface Layout {
  readonly name: string;
  /** Its publishers, and its columns. */
  readonly description: string;
  /** True if a row is in this layout, as far as its columns show. */
  fits(fields: JsonObject): boolean;
  /** Each is there if a row can be used for that. @throws {DataError} naming place and field. */
  readonly sft?: (row: Row) => SftExample;
  readonly preferences?: (row: Row) => Preference;
  readonly prompts?: (row: Row) => Prompt;
}

/** True if a row has all of these columns, whatever is in them. */
export function hasColumns(fields: JsonObject, ...names: readonly string[]): boolean {
  return names.every((name) => Object.hasOwn(fields, name));
}

/** True if a row has all of these columns, with something in them. */
export function has(fields: JsonObject, ...names: readonly string[]): boolean {
  return names.every((name) => valueOf(fields, name) !== undefined);
}

/** The value of a column; undefined where there is none, or null in it. */
export function valueOf(fields: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined;
}

/** A text in a column, where null is an empty one. @throws {DataError} where it is something else, or nothing. */
export function textOf(row: Row, name: string): string {
  const value = valueOf(row.fields, name);
  if (typeof value === "string") return value;
  if (value === undefined && hasColumns(row.fields, name)) return "";
  throw wrongType(row, name, { wanted: "a text", value });
}

/** The text in a column if it is one. */
export function optionalText<K extends string>(row: Row, name: K): Readonly<Partial<Record<K, string>>> {
  const value = valueOf(row.fields, name);
  return (typeof value === "string" ? { [name]: value } : {}) as Readonly<Partial<Record<K, string>>>;
}

/** The error for a column whose values are of another type. */
export function wrongType(
  { place, fields }: Row,
  field: string,
  { wanted, value }: { readonly wanted: string; readonly value: Json | undefined },
): DataError {
  if (value === undefined) {
    const known = Object.keys(fields).slice(0, 20).join(", ");
    return new DataError(`no field ${field}`, { ...place, remedy: `add it, ${wanted}; there are: ${known}` });
  }
  return new DataError(`field ${field} is ${kindOf(value)}`, { ...place, remedy: `make it ${wanted}` });
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${excerpt(value, 40)}`;
}
