import type { Table } from "../protocol/events.ts";
import { formatNumber } from "./format.ts";

/** Forms in which a table can be printed. */
export const TABLE_FORMATS = ["text", "markdown", "csv", "json"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** A table in one of the forms, with a newline at its end. */
export function renderTable(table: Table, format: TableFormat): string {
  const renderers = { text: renderText, markdown: renderMarkdown, csv: renderCsv, json: renderJson };
  return renderers[format](table);
}

/** Rows of text in aligned columns: numbers to the right, words to the left. */
export function alignColumns(rows: readonly (readonly string[])[], isRight: readonly boolean[]): string[] {
  const widths = isRight.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    widths
      .map((width, column) =>
        isRight[column] === true ? (row[column] ?? "").padStart(width) : (row[column] ?? "").padEnd(width),
      )
      .join("  ")
      .trimEnd(),
  );
}

type Cell = Table["rows"][number][number];

function renderText(table: Table): string {
  const rows = [headers(table), ...table.rows.map((row) => row.map(cellText))];
  const [head = "", ...body] = alignColumns(rows, rightAligned(table));
  const rule = "─".repeat(Math.max(...[head, ...body].map((line) => line.length)));
  return [table.title, "", head, rule, ...body, ""].join("\n");
}

function renderMarkdown(table: Table): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${rightAligned(table)
    .map((isRight) => (isRight ? "--:" : "---"))
    .join("|")}|`;
  const body = table.rows.map((cells) => row(cells.map(cellText)));
  return [`**${table.title}**`, "", row(headers(table)), rule, ...body, ""].join("\n");
}

/** RFC 4180, with plain newlines; numbers in full. */
function renderCsv(table: Table): string {
  const quoted = (cell: Cell): string => {
    const text = cell === null ? "" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [headers(table), ...table.rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

function renderJson(table: Table): string {
  return `${JSON.stringify(table)}\n`;
}

function headers({ columns }: Table): string[] {
  return columns.map(({ header }) => header);
}

function rightAligned({ columns }: Table): boolean[] {
  return columns.map(({ align }) => align === "right");
}

function cellText(cell: Cell): string {
  if (cell === null) return "–";
  return typeof cell === "number" ? formatNumber(cell) : cell;
}
