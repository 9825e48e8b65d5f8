import { parseJson } from "../../common/json.ts";
import type { RateTable } from "../table.ts";
import { rowFrom, TableError } from "./fields.ts";

/** The table as a JSON array of its rows, unrounded; a number that does not exist is null. */
export function jsonTable(table: RateTable): string {
  return `${JSON.stringify(table, undefined, 2)}\n`;
}

/**
 * Reads the output of `jsonTable`.
 * @throws {TableError}
 */
export function parseJsonTable(text: string): RateTable {
  let rows: unknown;
  try {
    rows = parseJson(text);
  } catch (cause) {
    throw new TableError("read table: this is not JSON", { cause });
  }
  if (!Array.isArray(rows)) throw new TableError("read table: expected an array of rows");
  return rows.map((row: unknown, index) => {
    if (typeof row !== "object" || row === null) throw new TableError(`read table: row ${index + 1} is not an object`);
    return rowFrom(row as Record<string, unknown>, `row ${index + 1}`);
  });
}
