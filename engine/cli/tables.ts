import { sheetText } from "../evaluation/tables/sheet.ts";
import type { Table } from "../protocol/events.ts";

/** A table on the screen, under its title. */
export function titledTable(table: Table): string {
  return `${table.title}\n\n${sheetText(table)}`;
}
