import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, type TemplateResult } from "lit";
import { LEAST_FOR_INTERVAL } from "../../engine/figures/index.ts";
import { tagsText } from "../../engine/protocol/runsTable.ts";
import { t } from "../localize.ts";
import { type RunsColumn, cellText, describeColumn } from "./columns.ts";
import { type Spread, type TableLine, spreadOf, valuesOf } from "./groups.ts";
import { type ModelRow, runLabel, valueOf } from "./rows.ts";

/** Content of a cell. */
export interface Cell {
  readonly text: string;
  /** In full, where the text may be cut or means more than it says. */
  readonly title: string;
  /** In place of the text. */
  readonly content?: TemplateResult;
}

/** How the table is laid out. */
export interface CellPlace {
  readonly groupBy: readonly string[];
  /** True in the first column, whose cells open groups. */
  readonly isFirst: boolean;
}

/** The content of a line in a column. */
export function cellOf(column: RunsColumn, line: TableLine, place: CellPlace): Cell {
  if (line.kind === "group") return groupCell(column, line, place);
  const { row } = line;
  if (column.kind === "tags") return { text: "", title: tagsText(row.tags), content: tagChips(row.tags) };
  const text = cellText(column, valueOf(row, column.id));
  const isInner = place.isFirst && line.isMember;
  const { displayName } = row;
  const isNamed = column.id === "run.id" && displayName !== undefined;
  if (!isInner && !isNamed) return { text, title: text };
  const words = isNamed ? html`<bdi>${displayName}</bdi> <span class="muted">${text}</span>` : text;
  const content = html`<span class="text ${isInner ? "member" : ""}">${words}</span>`;
  return { text, title: isNamed ? runLabel(row) : text, content };
}

/** Tags of a run, each by itself: one may hold commas. */
export function tagChips(tags: readonly string[]): TemplateResult {
  return html`<span class="text">${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</span>`;
}

function groupCell(
  column: RunsColumn,
  { group: { rows }, isOpen }: Extract<TableLine, { kind: "group" }>,
  { groupBy, isFirst }: CellPlace,
): Cell {
  if (!isFirst) return column.isMeasured ? measuredCell(column, rows) : sharedCell(column, rows);
  const count = rows.length === 1 ? t("1 row") : t("{0} rows", rows.length);
  const parts = groupBy.map((id) => sharedCell(describeColumn({ id: id === "run.folder" ? "run.id" : id }), rows));
  const text = parts.map((part) => part.title || "–").join(" · ");
  const name = parts.map((part, at) => html`${at === 0 ? "" : " · "}${part.content ?? (part.title || "–")}`);
  const content = html`<vscode-icon name=${isOpen ? "chevron-down" : "chevron-right"} size="14"></vscode-icon
    ><span class="text">${name}</span><span class="count muted">${count}</span>`;
  return { text, title: `${text} (${count})`, content };
}

function measuredCell(column: RunsColumn, rows: readonly ModelRow[]): Cell {
  const spread = spreadOf(rows, column);
  if (spread === undefined) return { text: "", title: "" };
  return { text: spreadText(column, spread), title: spreadTitle(column, spread) };
}

/** "1.09 (1.02–1.16)" */
export function spreadText(column: RunsColumn, spread: Spread): string {
  const text = cellText(column, spread.mean);
  const interval = intervalText(column, spread);
  return interval === "" ? text : `${text} (${interval})`;
}

/** "1.02–1.16"; empty where there is none. */
export function intervalText(column: RunsColumn, { low, high }: Pick<Spread, "low" | "high">): string {
  return Number.isNaN(low) ? "" : `${cellText(column, low)}–${cellText(column, high)}`;
}

function spreadTitle(column: RunsColumn, spread: Spread): string {
  const text = spreadText(column, spread);
  if (spread.n === 1) {
    return Number.isNaN(spread.low) ? t("{0}, n = 1", text) : t("{0}: with its own 95 % interval, n = 1", text);
  }
  return spread.n < LEAST_FOR_INTERVAL
    ? t("{0}: mean and range, n = {1}", text, spread.n)
    : t("{0}: mean and its 95 % t interval, n = {1}", text, spread.n);
}

/** The value that all rows have, or how many there are. */
function sharedCell(column: RunsColumn, rows: readonly ModelRow[]): Cell {
  if (column.kind === "tags") {
    const tags = [...new Set(rows.flatMap((row) => row.tags))];
    return { text: "", title: tagsText(tags), ...(tags.length > 0 && { content: tagChips(tags) }) };
  }
  const values =
    column.id === "run.id"
      ? [...new Set(rows.map(runLabel))]
      : valuesOf(rows, column.id).map((value) => cellText(column, value));
  const title = values.slice(0, MOST_LISTED).join("\n");
  const [first = ""] = values;
  return { text: values.length <= 1 ? first : t("{0} values", values.length), title };
}

/** Values of a group that are listed when somebody points at it. */
const MOST_LISTED = 20;
