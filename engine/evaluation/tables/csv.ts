import type { Table } from "../table.ts";
import { csvCell } from "./sheet.ts";
import { FIELDS, rowFrom, TableError } from "./fields.ts";

/** The table as CSV (RFC 4180), unrounded, one column per field; a number that does not exist is empty. */
export function csvTable(table: Table): string {
  const lines = table.map((row) =>
    FIELDS.map((field) => {
      const value = row[field];
      return value === undefined || Number.isNaN(value) ? "" : csvCell(String(value));
    }).join(","),
  );
  return [FIELDS.join(","), ...lines, ""].join("\r\n");
}

/**
 * Reads what `csvTable` writes, and its columns in any order.
 * @throws {TableError}
 */
export function parseCsvTable(text: string): Table {
  const [header = [], ...lines] = records(text);
  const missing = FIELDS.find((field) => !header.includes(field));
  if (missing !== undefined) throw new TableError(`read table: the header has no column ${missing}`);
  return lines.map((cells, index) => {
    if (cells.length !== header.length) {
      throw new TableError(`read table: line ${index + 2} has ${cells.length} cells, the header ${header.length}`);
    }
    return rowFrom(Object.fromEntries(header.map((field, k) => [field, cells[k]])), `line ${index + 2}`);
  });
}

function records(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A cell, quoted or plain, and what ends it.
  for (const [, inQuotes, plain = "", end = ""] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
