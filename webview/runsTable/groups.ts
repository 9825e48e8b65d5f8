import { bandOf } from "../../engine/figures/index.ts";
import { ownValue } from "../../engine/common/dictionary.ts";
import type { LayoutSort } from "../../engine/protocol/runsLayout.ts";
import type { TableValue } from "../../engine/protocol/runsTable.ts";
import type { RunsColumn } from "./columns.ts";
import { type ModelRow, runLabel, valueOf } from "./rows.ts";

/** Rows that agree in the columns that the table is grouped by. */
export interface RowGroup {
  readonly key: string;
  readonly rows: readonly ModelRow[];
}

/** A line of the table: a group, or a row by itself or within its group. */
export type TableLine =
  | { readonly kind: "group"; readonly group: RowGroup; readonly isOpen: boolean }
  | { readonly kind: "row"; readonly row: ModelRow; readonly isMember: boolean };

/** Tells a line from all others, whatever the order. */
export function lineKey(line: TableLine): string {
  return line.kind === "row" ? `row ${line.row.key}` : `group ${line.group.key}`;
}

/** A measured column over the rows of a group. */
export interface Spread {
  readonly n: number;
  readonly mean: number;
  /**
   * From n = 4 on the ends of the 95 % t interval of the mean, below those of the rows' own range; of one row the interval
   * that the result has by itself, NaN where it has none.
   */
  readonly low: number;
  readonly high: number;
}

/** Mean and interval of a measured column over some rows; undefined where none has a number. */
export function spreadOf(
  rows: readonly ModelRow[],
  { id, bounds }: Pick<RunsColumn, "id" | "bounds">,
): Spread | undefined {
  const values = rows.map((row) => valueOf(row, id)).filter((value) => typeof value === "number");
  if (values.length === 0) return undefined;
  const { centre: mean, low, high } = bandOf(values, bounds);
  if (values.length > 1) return { n: values.length, mean, low, high };
  const own = rows.map(({ intervals }) => ownValue(intervals, id)).find((interval) => interval !== undefined);
  return { n: 1, mean, low: own?.[0] ?? NaN, high: own?.[1] ?? NaN };
}

/** Different values of a column among some rows, in the order of the rows. */
export function valuesOf(rows: readonly ModelRow[], column: string): readonly TableValue[] {
  return [...new Set(rows.map((row) => valueOf(row, column)))].filter((value) => value !== undefined);
}

/** Puts rows into groups; a row without a value is in a group with others that have none. */
export function groupRows(rows: readonly ModelRow[], columns: readonly string[]): readonly RowGroup[] {
  const groups = new Map<string, ModelRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => valueOf(row, column) ?? null));
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [row]);
    else known.push(row);
  }
  return Array.from(groups, ([key, members]) => ({ key, rows: members }));
}

/** Sorts rows by columns, the first first; where all are equal, they stay as they are. A row without a value is last. */
export function sortRows(rows: readonly ModelRow[], sort: readonly LayoutSort[]): readonly ModelRow[] {
  return sorted(rows, sort, sortValue);
}

/** Sorts groups: by the mean of a measured column, else by the only value that their rows have. */
export function sortGroups(
  groups: readonly RowGroup[],
  sort: readonly LayoutSort[],
  describe: (id: string) => RunsColumn,
): readonly RowGroup[] {
  return sorted(groups, sort, ({ rows }, id) => {
    const column = describe(id);
    if (column.isMeasured) return spreadOf(rows, column)?.mean;
    const values = new Set(rows.map((row) => sortValue(row, id)).filter((value) => value !== undefined));
    return values.size === 1 ? [...values][0] : undefined;
  });
}

/** Runs stand in the order of the names that they are shown by. */
function sortValue(row: ModelRow, column: string): TableValue | undefined {
  return column === "run.id" ? runLabel(row) : valueOf(row, column);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sorted<T>(
  items: readonly T[],
  sort: readonly LayoutSort[],
  of: (item: T, column: string) => TableValue | undefined,
): readonly T[] {
  // Values are looked up once for each item, and not at each comparison.
  const keyed = items.map((item) => ({ item, keys: sort.map(({ column }) => of(item, column)) }));
  keyed.sort((a, b) => {
    for (const [at, { descending = false }] of sort.entries()) {
      const [x, y] = [a.keys[at], b.keys[at]];
      if (x === undefined || y === undefined) {
        if (x !== y) return x === undefined ? 1 : -1;
        continue;
      }
      const order = compared(x, y);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}

/** Numbers before texts. */
function compared(x: TableValue, y: TableValue): number {
  if (typeof x === "string" && typeof y === "string") return collator.compare(x, y);
  if (typeof x === "string") return 1;
  if (typeof y === "string") return -1;
  return Number(x) - Number(y);
}
