import { type Sheet, sheetMarkdown } from "../../evaluation/tables/sheet.ts";

/** Text that Markdown shows as it is; bars, which only tables read, are left to `tableOf`. */
export function literal(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#~]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

/** A table of cells that are Markdown already but for their bars; columns `right` are aligned so. */
export function tableOf(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const escape = (cell: string): string => cell.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;
  const rule = headers.map((_, at) => (right.includes(at) ? "---:" : "---"));
  return [line(headers), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** A table that a run wrote. */
export function sheetOf(sheet: Sheet): string {
  return sheetMarkdown(sheet).trimEnd();
}

/** A text, kept line by line, between fences that it does not hold itself. */
export function fenced(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** A moment: "2026-11-25 11:01 UTC". */
export function moment(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
