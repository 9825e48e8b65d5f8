import type { RunConfig } from "../../config/index.ts";
import type { RunState } from "../../protocol/runState.ts";

/** Kinds of columns. A number or text that does not exist is null. */
export type ColumnKind = "text" | "number" | "integer" | "flag";

/** A column of an exported table. */
export interface ExportColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly description: string;
}

/** A value of a row; NaN and infinities count as numbers that do not exist. */
export type ExportCell = string | number | boolean | null;
export type ExportRow = readonly ExportCell[];

/** A run as it is exported. */
export interface ExportedRun {
  /** Names it in every table: its id, and where it lies if another run has the same. */
  readonly title: string;
  readonly folder: string;
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  readonly config: RunConfig;
  /** With the curves of stages that earlier runs made. */
  readonly state: RunState;
}

/** A table that is exported, of all runs together. */
export interface ExportTable {
  /** Of its files: "metrics". */
  readonly name: string;
  readonly description: string;
  /** Without the first one, `run`. */
  readonly columns: readonly ExportColumn[];
  /** Its rows for a run, some at a time. @throws {DataError} when a file of the run's cannot be read. */
  rows(run: ExportedRun): AsyncIterable<readonly ExportRow[]>;
}

/** Columns as files have them: the run's name comes first. */
export function columnsOf({ columns }: ExportTable): readonly ExportColumn[] {
  return [{ name: "run", kind: "text", description: "Id of the run" }, ...columns];
}
