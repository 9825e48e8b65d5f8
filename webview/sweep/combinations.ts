import { dictionary, ownValue } from "../../engine/common/dictionary.ts";
import {
  SWEPT_ARM,
  type TableModel,
  type TableRows,
  type TableValue,
  sweptAxis,
  winRateColumn,
} from "../../engine/protocol/runsTable.ts";

/** A swept arm: one that is written with a grid, or that a grid holds for. */
export interface SweptArm {
  readonly name: string;
  /** Columns of its axes. */
  readonly axes: readonly string[];
}

/** The swept arms of a run, in the order of their first combinations. */
export function sweptArmsOf(rows: TableRows): readonly SweptArm[] {
  const found = new Map<string, Set<string>>();
  const arms = modelsOf(rows).filter(({ values }) => values["model.kind"] === "arm");
  for (const { name, axes } of arms.flatMap((model) => armOf(model, rows) ?? [])) {
    const known = found.get(name) ?? new Set();
    for (const axis of axes) known.add(axis);
    found.set(name, known);
  }
  return Array.from(found, ([name, axes]) => ({ name, axes: [...axes] }));
}

/**
 * The rows of a swept arm's combinations. A win rate against one combination of another swept model stands under that model's
 * own name: like was compared with like, and each row would have a column to itself.
 */
export function combinationRows(rows: TableRows, arm: string): TableRows {
  const armByModel = new Map(modelsOf(rows).map((model) => [model.name, armOf(model, rows)?.name] as const));
  const runs = rows.runs.map((run) => ({
    ...run,
    models: run.models
      .filter(({ name }) => armByModel.get(name) === arm)
      .map((model): TableModel => {
        const names = foldedColumns(Object.keys(model.values), armByModel);
        const { values, intervals } = model;
        return {
          ...model,
          values: renamed<TableValue>(values, names),
          ...(intervals !== undefined && { intervals: renamed(intervals, names) }),
        };
      }),
  }));
  return { ...rows, runs };
}

function modelsOf({ runs }: TableRows): readonly TableModel[] {
  return runs.flatMap(({ models }) => models);
}

function armOf({ settings }: TableModel, { blocks }: TableRows): SweptArm | undefined {
  for (const place of settings) {
    const block = blocks[place] ?? {};
    const name = ownValue(block, SWEPT_ARM);
    if (typeof name !== "string") continue;
    return { name, axes: Object.keys(block).filter((column) => sweptAxis(column) !== undefined) };
  }
  return undefined;
}

/** Columns of win rates whose opponent is the only combination of its arm there. */
function foldedColumns(
  columns: readonly string[],
  armByModel: ReadonlyMap<string, string | undefined>,
): ReadonlyMap<string, string> {
  const byFolded = new Map<string, string[]>();
  for (const column of columns) {
    const [family, benchmark = "", opponent = ""] = column.split("/");
    const arm = family === "winRate" ? armByModel.get(opponent) : undefined;
    if (arm === undefined) continue;
    const folded = winRateColumn(benchmark, arm);
    byFolded.set(folded, [...(byFolded.get(folded) ?? []), column]);
  }
  return new Map(
    [...byFolded].flatMap(([folded, [only = "", ...others]]) => (others.length === 0 ? [[only, folded] as const] : [])),
  );
}

function renamed<T>(values: Readonly<Record<string, T>>, names: ReadonlyMap<string, string>): Record<string, T> {
  return dictionary(Object.entries(values).map(([column, value]) => [names.get(column) ?? column, value] as const));
}
