import { StandingPlaces } from "../../engine/common/standingPlaces.ts";
import type { LayoutPlot, LayoutSort, TableLayout } from "../../engine/protocol/runsLayout.ts";
import { type RunsColumn, describeColumn } from "./columns.ts";
import { readFilter } from "./filter.ts";
import type { ShownColumn } from "./grid.ts";
import { type RowGroup, type TableLine, groupRows, sortGroups, sortRows } from "./groups.ts";
import { type PlotItem, groupItem, rowItem } from "./items.ts";
import type { ModelRow, RunRows } from "./rows.ts";

/** The rows that a layout shows, in every form that views take. */
export interface ShownRows {
  /** That fit the filter, sorted, or where they stand. */
  readonly rows: readonly ModelRow[];
  readonly lines: readonly TableLine[];
  readonly items: readonly PlotItem[];
  /** Pinned ones first. */
  readonly columns: readonly ShownColumn[];
  /** Why the filter cannot be read; then every row is shown. */
  readonly problem: string | undefined;
}

/** Where rows and groups stand while somebody reads them, though a sort by what changes would move them. */
export class StandingLines {
  readonly rows = new StandingPlaces<ModelRow>(({ key }) => key);
  readonly groups = new StandingPlaces<RowGroup>(({ key }) => key);

  /** Sorts all of them the next time. */
  reset(): void {
    this.rows.reset();
    this.groups.reset();
  }
}

/** Filters, sorts and groups all rows. @param open - Keys of groups whose rows are listed. */
export function shownRows(
  all: RunRows,
  layout: TableLayout,
  open: ReadonlySet<string>,
  standing = new StandingLines(),
): ShownRows {
  const { meanings } = all;
  const described = layout.columns.map((column): ShownColumn => {
    return { ...describeColumn(column, meanings), isPinned: column.pinned === true };
  });
  const columns = [...described.filter(({ isPinned }) => isPinned), ...described.filter(({ isPinned }) => !isPinned)];
  const filter = readFilter(layout.filter, all.columns);
  const fitting = "fits" in filter ? all.rows.filter(filter.fits) : all.rows;
  const rows = standing.rows.arrange(sortRows(fitting, layout.sort));
  const problem = "problem" in filter ? filter.problem : undefined;
  const { groupBy } = layout;
  if (groupBy.length === 0) {
    const lines = rows.map((row): TableLine => ({ kind: "row", row, isMember: false }));
    return { rows, lines, items: rows.map(rowItem), columns, problem };
  }
  const describe = (id: string): RunsColumn => describeColumn({ id }, meanings);
  const groups = standing.groups.arrange(sortGroups(groupRows(rows, groupBy), layout.sort, describe));
  const lines = groups.flatMap((group): readonly TableLine[] => {
    const isOpen = open.has(group.key);
    const members = isOpen ? group.rows.map((row): TableLine => ({ kind: "row", row, isMember: true })) : [];
    return [{ kind: "group", group, isOpen }, ...members];
  });
  const by = groupBy.map((id) => (id === "run.folder" ? describe("run.id") : describe(id)));
  return { rows, lines, items: groups.map((group) => groupItem(group, by)), columns, problem };
}

/** The order after a click on a column: upwards, downwards, not at all. */
export function nextSort(sort: readonly LayoutSort[], column: string, isMore: boolean): readonly LayoutSort[] {
  const before = sort.find((one) => one.column === column);
  const next: readonly LayoutSort[] =
    before === undefined ? [{ column }] : before.descending === true ? [] : [{ column, descending: true }];
  if (!isMore) return next;
  return before === undefined ? [...sort, ...next] : sort.flatMap((one) => (one.column === column ? next : [one]));
}

/** Columns that plots begin with, the first that is shown. */
const FIRST_CHOICES = {
  scatter: {
    x: ["metric.objective/kl", "model.beta"],
    y: ["metric.objective/gold", "metric.objective/score"],
    value: [],
  },
  heatMap: {
    x: ["model.alpha", "model.reference"],
    y: ["model.beta", "model.name"],
    value: ["metric.objective/gold", "metric.objective/score"],
  },
} as const;

/**
 * The columns of a plot: those of the layout, and else the most usual ones among those that the table shows and that are
 * `filled`, with a value in some row: a run on data of one's own has no gold score.
 */
export function plotOf(
  { view, plot }: TableLayout,
  columns: readonly RunsColumn[],
  filled: ReadonlySet<string>,
): LayoutPlot {
  if (view !== "scatter" && view !== "heatMap") return plot;
  const pick = (own: string | undefined, usual: readonly string[], isMeasured: boolean): string | undefined => {
    const isThere = (id: string): boolean => columns.some((column) => column.id === id);
    if (own !== undefined && isThere(own)) return own;
    return (
      usual.find((id) => isThere(id) && filled.has(id)) ??
      usual.find(isThere) ??
      columns.find((column) => column.isMeasured === isMeasured && column.kind !== "date")?.id
    );
  };
  const { x, y, value } = FIRST_CHOICES[view];
  return {
    x: pick(plot.x, x, view === "scatter"),
    y: pick(plot.y, y, view === "scatter"),
    value: pick(plot.value, value, true),
  };
}
