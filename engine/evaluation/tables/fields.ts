import { excerpt } from "../../common/json.ts";
import type { TableRow } from "../table.ts";
import { INTERVAL_METHODS, type IntervalMethod } from "../winRates.ts";

/** A table file that does not hold a table. */
export class TableError extends Error {
  override readonly name = "TableError";
}

const TEXT = ["benchmark", "a", "b"] as const;
const NUMBERS = [
  "wins",
  "losses",
  "ties",
  "dropped",
  "n",
  "winRate",
  "adjusted",
  "low",
  "high",
  "p",
  "nSeeds",
] as const;
/** Numbers that not every row has, nor every version wrote. */
const OPTIONAL = [
  "holm",
  "longerWins",
  "flipRate",
  "positionBias",
  "nQuestions",
  "equivalence",
  "lengthControlled",
  "lengthLow",
  "lengthHigh",
  "styleControlled",
  "styleLow",
  "styleHigh",
  "moreQuestions",
  "moreSeeds",
] as const;

/** Fields of a row in a machine-readable table, unrounded, in order. */
export const FIELDS = [...TEXT, "seed", ...NUMBERS, ...OPTIONAL, "method"] as const;

/**
 * A row from named values as JSON or CSV hold them; null or the empty string is a number that does not exist.
 * @throws {TableError} naming the field that is wrong.
 */
export function rowFrom(values: Readonly<Record<string, unknown>>, lineName: string): TableRow {
  const wrong = (field: string): TableError =>
    new TableError(
      `read table: ${lineName}: field ${field} is ${Object.hasOwn(values, field) ? excerpt(values[field]) : "missing"}`,
    );
  const textOf = (field: string): string => {
    const value = values[field];
    if (typeof value !== "string") throw wrong(field);
    return value;
  };
  const numberOf = (field: string): number => {
    const value = values[field];
    if (value === null || value === "") return NaN;
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) throw wrong(field);
    return number;
  };
  const method = values["method"];
  if (method !== undefined && method !== "" && !isMethod(method)) throw wrong("method");
  const optional = OPTIONAL.filter((field) => ![undefined, null, ""].includes(values[field] as undefined));
  return {
    ...record(TEXT, textOf),
    seed: values["seed"] === "all" ? "all" : numberOf("seed"),
    ...record(NUMBERS, numberOf),
    ...record(optional, numberOf),
    ...(isMethod(method) && { method }),
  };
}

function isMethod(value: unknown): value is IntervalMethod {
  return INTERVAL_METHODS.some((method) => method === value);
}

function record<K extends string, V>(keys: readonly K[], valueOf: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<K, V>;
}
