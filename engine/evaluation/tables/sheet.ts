import { csvCell } from "../../common/csv.ts";
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
export const NONE = "–";

/** Four significant digits, without zeros that say nothing; counts in full. */
function textOf(cell: Cell): string {
  if (cell === null || Number.isNaN(cell)) return NONE;
  if (typeof cell === "string") return cell;
  return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(4)));
}

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
  const [head = "", ...body] = cellsOf(sheet, escapeLatex).map((line) => `${line.join(" & ")} \\\\`);
  const columns = sheet.columns.map(({ align }) => (align === "right" ? "r" : "l")).join("");
  return [`\\begin{tabular}{${columns}}`, "\\hline", head, "\\hline", ...body, "\\hline", "\\end{tabular}", ""].join(
    "\n",
  );
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

/** The header and the rows, escaped for a form. */
function cellsOf({ columns, rows }: Sheet, escape: (text: string) => string): string[][] {
  return [columns.map(({ header }) => header), ...rows.map((row) => row.map(textOf))].map((line) => line.map(escape));
}

function escapeLatex(cell: string): string {
  const spelled: Readonly<Record<string, string>> = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "–": "--",
    // After a line's end, LaTeX reads these as options of that.
    "[": "{[}",
    "*": "{*}",
  };
  const line = visibleLine(cell.replace(/\s+/g, " "));
  return line.replace(/[\\~^<>–[*#$%&_{}]/g, (character) => spelled[character] ?? `\\${character}`);
}
