import type { TableModel, TableRows, TableValues } from "../../../engine/protocol/runsTable.ts";
import { RunRows } from "../../../webview/runsTable/rows.ts";

/** A run of a made-up table: its facts, and those of each of its models. */
export interface MadeRun {
  readonly id: string;
  readonly values?: TableValues;
  readonly settings?: TableValues;
  readonly models?: readonly (Partial<TableModel> & { readonly name: string })[];
}

const NONE: TableValues = {};

/** A reply of the service. */
export function tableOf(runs: readonly MadeRun[], rest: Partial<TableRows> = {}): TableRows {
  const blocks = [...new Set(runs.map(({ settings = NONE }) => settings))];
  return {
    blocks,
    runs: runs.map(({ id, values = {}, settings = NONE, models = [] }) => ({
      folder: `/w/.salsa/runs/${id}`,
      settings: [blocks.indexOf(settings)],
      values: { "run.id": id, "run.status": "finished", ...values },
      models: models.map((model) => ({
        settings: [],
        ...model,
        values: { "model.name": model.name, "model.kind": "arm", ...model.values },
      })),
    })),
    palette: {},
    missing: [],
    meanings: {},
    ...rest,
  };
}

/** The rows of some runs. */
export function rowsOf(runs: readonly MadeRun[]): RunRows {
  const rows = new RunRows();
  rows.take(tableOf(runs));
  return rows;
}
