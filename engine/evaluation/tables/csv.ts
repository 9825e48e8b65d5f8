import { csvCell } from "../../common/csv.ts";
import type { RateTable } from "../table.ts";
import { FIELDS } from "./fields.ts";

/** The table as CSV (RFC 4180), unrounded, one column per field; a number that does not exist is empty. */
export function csvTable(table: RateTable): string {
  const lines = table.map((row) =>
    FIELDS.map((field) => {
      const value = row[field];
      if (typeof value === "string") return csvCell(value);
      return value === undefined || Number.isNaN(value) ? "" : String(value);
    }).join(","),
  );
  return [FIELDS.join(","), ...lines, ""].join("\r\n");
}
