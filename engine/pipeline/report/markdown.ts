import { literal, markdownTable } from "../../common/markdown.ts";

/** A table by its headers, whose columns `right` are aligned so; the cells are Markdown. */
export function tableOf(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const columns = headers.map((header, at) => ({ header, align: right.includes(at) ? "right" : "left" }) as const);
  return markdownTable(columns, rows);
}

/** A value of a config that may come from another version, or from anybody. */
export function valueText(value: unknown): string {
  return literal(typeof value === "string" ? value : value === undefined ? "–" : JSON.stringify(value));
}

/** A moment: "2026-11-25 11:01 UTC". */
export function moment(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "an unknown time" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
