import { csvCell } from "../../common/csv.ts";
import { cellText } from "../../common/format.ts";
import { latexTable } from "../../common/latex.ts";
import { literal, markdownTable } from "../../common/markdown.ts";
import { visibleLine } from "../../common/visible.ts";

/** A table as people read it. */
export interface Sheet {
  readonly columns: readonly { readonly header: string; readonly align: "left" | "right" }[];
  /** Null is a number that does not exist. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

type Cell = Sheet["rows"][number][number];

/** Shown where a number does not exist. */
export const NONE = cellText(null);

/** Aligned columns for a terminal. */
export function sheetText(sheet: Sheet): string {
  const lines = cellsOf(sheet, visibleLine);
  const widths = sheet.columns.map((_, k) => lines.reduce((most, line) => Math.max(most, line[k]?.length ?? 0), 0));
  const padded = lines.map((line) =>
    line
      .map((cell, k) =>
        sheet.columns[k]?.align === "right" ? cell.padStart(widths[k] ?? 0) : cell.padEnd(widths[k] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [padded[0], rule, ...padded.slice(1), ""].join("\n");
}

/** GitHub-flavoured Markdown. */
export function sheetMarkdown(sheet: Sheet): string {
  const [headers = [], ...rows] = cellsOf(sheet, literal);
  const columns = sheet.columns.map(({ align }, k) => ({ header: headers[k] ?? "", align }));
  return `${markdownTable(columns, rows)}\n`;
}

/** A LaTeX tabular. */
export function sheetLatex(sheet: Sheet): string {
  return latexTable(sheet.columns, cellsOf(sheet));
}

/** CSV (RFC 4180), numbers in full; a number that does not exist is empty. */
export function sheetCsv({ columns, rows }: Sheet): string {
  const line = (cells: readonly Cell[]): string =>
    cells.map((cell) => (typeof cell === "string" ? csvCell(cell) : numberCell(cell))).join(",");
  return [line(columns.map(({ header }) => header)), ...rows.map(line), ""].join("\r\n");
}

function numberCell(cell: number | null): string {
  return cell === null || Number.isNaN(cell) ? "" : String(cell);
}

/** A JSON array with an object per row. */
export function sheetJson({ columns, rows }: Sheet): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ header }, k) => [header, row[k] ?? null])));
  return `${JSON.stringify(objects, undefined, 2)}\n`;
}

/** The header and the rows, escaped for a form that does not do so itself. */
function cellsOf({ columns, rows }: Sheet, escape = (cell: string): string => cell): string[][] {
  return [columns.map(({ header }) => header), ...rows.map((row) => row.map(cellText))].map((line) => line.map(escape));
}
