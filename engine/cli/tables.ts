import { sheetText } from "../evaluation/tables/sheet.ts";
import type { Sheet } from "../evaluation/tables/sheet.ts";
import type { Table } from "../protocol/events.ts";
import { visibleLine } from "../common/visible.ts";

/**
 * A table on the screen, under its title and note.
 *
 * One that is wider than the screen states values common to all rows once, and its first column once per group.
 */
export function titledTable(table: Table, columns = Infinity): string {
  const note = table.note === undefined ? "" : `${table.note}\n\n`;
  return `${visibleLine(table.title)}\n\n${note}${fitted(table, columns)}`;
}

function fitted(sheet: Sheet, columns: number): string {
  const full = sheetText(sheet);
  if (widthOf(full) <= columns || sheet.rows.length < 2) return full;
  const { shared, rest } = withoutShared(sheet);
  const narrow = sheetText(rest);
  const text = widthOf(narrow) <= columns ? narrow : grouped(rest);
  return shared === "" ? text : `${text}\nIn every row: ${visibleLine(shared)}\n`;
}

const widthOf = (text: string): number => text.split("\n").reduce((most, line) => Math.max(most, line.length), 0);

/** Takes out the columns, but the first, that have one value throughout. */
function withoutShared({ columns, rows }: Sheet): { readonly shared: string; readonly rest: Sheet } {
  const isShared = columns.map((_, k) => k > 0 && rows.every((row) => row[k] === rows[0]?.[k]));
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, k) => isShared[k] === false);
  const shared = columns.flatMap(({ header }, k) => (isShared[k] === true ? [`${header} ${rows[0]?.[k] ?? "–"}`] : []));
  return { shared: shared.join(", "), rest: { columns: kept(columns), rows: rows.map(kept) } };
}

/** A table per value of the first column. */
function grouped({ columns, rows }: Sheet): string {
  const [first] = columns;
  const names = [...new Set(rows.map(([name]) => name ?? "–"))];
  const groups = names.map((name) => {
    const own = rows.filter((row) => (row[0] ?? "–") === name);
    return `${visibleLine(`${first?.header ?? ""}: ${name}`)}\n${sheetText({ columns: columns.slice(1), rows: own.map((row) => row.slice(1)) })}`;
  });
  return groups.join("\n");
}
