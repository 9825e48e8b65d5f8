import type { LayoutColumn, LayoutPlot, LayoutSort, TableLayout, TableView } from "../../engine/protocol/runsLayout.ts";
import { type RunsColumn, describeColumn } from "../runsTable/columns.ts";
import { type Spread, groupRows, spreadOf } from "../runsTable/groups.ts";
import { type ModelRow, type RunRows, valueOf } from "../runsTable/rows.ts";
import type { SweptArm } from "./combinations.ts";

/** Choices in the sweep view of a run. Where nothing is chosen, it has its own. */
export interface SweepSetup {
  /** The swept arm that is shown; empty for the last one. */
  readonly arm: string;
  readonly view: TableView;
  /** The result that combinations are compared by; empty for the most telling one. */
  readonly by: string;
  /** Columns in place of the usual ones. */
  readonly columns: readonly string[];
  readonly sort: readonly LayoutSort[];
  readonly filter: string;
  readonly plot: LayoutPlot;
}

/** A view in which nothing was chosen. */
export const FIRST_SETUP: SweepSetup = {
  ...{ arm: "", view: "table", by: "", columns: [], sort: [], filter: "", plot: {} },
};

/** Results of which more is better, the most telling first. */
const BETTER = [/^winRate\//, /^score\/.*\/gold$/, /^score\/.*\/reward$/, /^metric\.objective\/(gold|score)$/];
/** Results that are shown unless others are chosen. */
const USUAL = [...BETTER, /^score\/.*\/tokens$/, /^metric\.objective\/kl$/, /^metric\.rollout\/length$/];

/** Results that combinations may be compared by. */
export function betterColumns({ columns }: RunRows): readonly string[] {
  return BETTER.flatMap((family) => [...columns].filter((id) => family.test(id)).sort());
}

/** The layout of the runs table that shows the combinations of an arm. */
export function layoutOf(
  setup: SweepSetup,
  rows: RunRows,
  { arm, by }: { readonly arm: SweptArm; readonly by: string },
): TableLayout {
  const isGrouped = new Set(rows.rows.map(({ seed }) => seed)).size > 1;
  const [first = "", second = "sweep.of"] = arm.axes;
  return {
    columns: columnsOf(setup, rows, { arm, by }),
    sort: setup.sort.length > 0 ? setup.sort : by === "" ? [] : [{ column: by, descending: true }],
    filter: setup.filter,
    groupBy: isGrouped ? ["model.name"] : [],
    view: setup.view,
    plot:
      setup.view === "scatter" ? { x: first, y: by, ...setup.plot } : { x: second, y: first, value: by, ...setup.plot },
  };
}

/** The result that combinations are compared by stands beside their settings, where a narrow panel shows it. */
function columnsOf(
  { columns: chosen }: SweepSetup,
  rows: RunRows,
  { arm, by }: { readonly arm: SweptArm; readonly by: string },
): readonly LayoutColumn[] {
  const usual = USUAL.flatMap((family) => [...rows.columns].filter((id) => family.test(id)).sort());
  const dropped = rows.columns.has("model.droppedAt") ? ["model.droppedAt"] : [];
  const own =
    chosen.length > 0
      ? chosen
      : ["model.name", ...arm.axes, ...(by === "" ? [] : [by]), "model.status", ...dropped, ...usual];
  return [...new Set(own)].map((id) => (id === "model.name" ? { id, pinned: true } : { id }));
}

/** A combination with the result that it is compared by, over all base seeds. */
export interface BestCombination {
  readonly model: string;
  readonly rows: readonly ModelRow[];
  readonly column: RunsColumn;
  readonly spread: Spread;
}

/** The combination whose mean is highest; undefined before there is a result. */
export function bestOf(rows: readonly ModelRow[], by: string): BestCombination | undefined {
  const column = describeColumn({ id: by });
  const all = groupRows(rows, ["model.name"]).flatMap(({ rows: own }) => {
    const [spread, model] = [spreadOf(own, column), own[0]?.model];
    return spread === undefined || model === undefined ? [] : [{ model, rows: own, column, spread }];
  });
  if (all.length === 0) return undefined;
  return all.reduce((best, one) => (one.spread.mean > best.spread.mean ? one : best));
}

/** The β to take of an arm that was trained with several. */
export function betaOf(rows: readonly ModelRow[]): number | undefined {
  const [first, ...others] = new Set(rows.map((row) => valueOf(row, "model.beta")));
  return typeof first === "number" && others.length === 0 ? first : undefined;
}
