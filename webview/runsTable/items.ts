import type { TableValue } from "../../engine/protocol/runsTable.ts";
import { t } from "../localize.ts";
import { type RunsColumn, cellText } from "./columns.ts";
import { type RowGroup, spreadOf, valuesOf } from "./groups.ts";
import { type ModelRow, runLabel, valueOf } from "./rows.ts";

/** A row of the table, or a group of them, as plots draw it. */
export interface PlotItem {
  /** Of the rows that it stands for. */
  readonly keys: readonly string[];
  readonly name: string;
  /** The model whose colour it has; undefined for a group of several. */
  readonly model: string | undefined;
  /** Its value in a column: of a group the mean of results, and a setting where all agree. */
  value(column: RunsColumn): TableValue | undefined;
}

/** A row in a plot. */
export function rowItem(row: ModelRow): PlotItem {
  const seed = row.seed === undefined ? "" : t("seed {0}", row.seed);
  return {
    keys: [row.key],
    name: [runLabel(row), row.model ?? "", seed].filter((part) => part !== "").join(" · "),
    model: row.model,
    value: ({ id }) => valueOf(row, id),
  };
}

/** A group in a plot. @param by - Columns that it is grouped by. */
export function groupItem({ rows }: RowGroup, by: readonly RunsColumn[]): PlotItem {
  const only = (column: string): TableValue | undefined => {
    const values = valuesOf(rows, column);
    return values.length === 1 ? values[0] : undefined;
  };
  const models = new Set(rows.map(({ model }) => model));
  const parts = by.map((column) => `${column.label} ${cellText(column, only(column.id)) || "–"}`);
  return {
    keys: rows.map(({ key }) => key),
    name: [...parts, t("n = {0}", rows.length)].join(" · "),
    model: models.size === 1 ? rows[0]?.model : undefined,
    value: (column) => (column.isMeasured ? spreadOf(rows, column)?.mean : only(column.id)),
  };
}
