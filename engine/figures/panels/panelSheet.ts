import type { Estimate, Panel, PanelFigureSpec } from "./spec.ts";

/** The numbers behind a figure, one row an estimate. */
export interface PanelSheet {
  readonly columns: readonly { readonly header: string; readonly align: "left" | "right" }[];
  /** Numbers with every digit; null is one that does not exist. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const COLUMNS = ["value", "low", "high", "standard error", "n", "seeds", "note"] as const;

/** The table behind a figure: where each estimate stands, and the estimate. Columns that no row fills are left out. */
export function panelSheet({ panels }: PanelFigureSpec): PanelSheet {
  const headers = ["panel", "series", "x", "y", ...COLUMNS];
  const rows = panels.flatMap(rowsOf);
  const isFilled = headers.map((_, at) => rows.some((row) => row[at] !== null && row[at] !== ""));
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => isFilled[at] === true);
  const texts = ["panel", "series", "note"];
  return {
    columns: kept(headers).map((header) => ({ header, align: texts.includes(header) ? "left" : "right" })),
    rows: rows.map(kept),
  };
}

type Row = readonly (string | number | null)[];

function rowsOf(panel: Panel): readonly Row[] {
  const { title } = panel;
  switch (panel.kind) {
    case "xy":
      return panel.series.flatMap(({ name, points, look }) =>
        // The last edge of a histogram has no bin.
        (look === "steps" ? points.slice(0, -1) : points).map((point) => [title, name, point.x, null, ...cells(point)]),
      );
    case "bars":
      return panel.groups.flatMap(({ name, bars }) =>
        bars.map((bar) =>
          [title || name, bar.name, null, null, ...cells(bar)].with(0, title === "" ? name : `${title}, ${name}`),
        ),
      );
    case "density":
      return panel.columns.flatMap(({ x, values, n }) =>
        values.map((value, at) => [
          title,
          `percentile ${panel.percents[at] ?? ""}`,
          x,
          null,
          value,
          null,
          null,
          null,
          null,
          n,
          "",
        ]),
      );
    case "heat":
      return [
        ...panel.points.map((point) => [title, panel.measure.label, point.x, point.y, ...cells(point)]),
        ...[...panel.corners.map((one) => ({ ...one, note: "corner" })), ...panel.projected].map(
          ({ name, x, y, note }) => [title, name, x, y, null, null, null, null, null, null, note],
        ),
      ];
  }
}

function cells({ value, low, high, se, n, nSeeds, note }: Estimate): Row {
  return [value, low ?? null, high ?? null, se ?? null, n, nSeeds, note ?? ""];
}
