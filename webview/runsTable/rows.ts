import { ownValue } from "../../engine/common/dictionary.ts";
import type { Palette } from "../../engine/protocol/palette.ts";
import { NO_MARKS, type RunMarks } from "../../engine/protocol/runsLayout.ts";
import {
  type TableModel,
  type TableRows,
  type TableRun,
  type TableValue,
  type TableValues,
  markValues,
  sourcesOf,
  valueIn,
} from "../../engine/protocol/runsTable.ts";
import { runTitle } from "../../engine/protocol/runTitle.ts";

/** A row of the table: a model of a run, or a run of which no model is known. */
export interface ModelRow {
  /** Unique among all rows. */
  readonly key: string;
  /** The run's. */
  readonly folder: string;
  /** The run's id, or with its place where two have one id. */
  readonly title: string;
  /** The run's, if somebody has given it one. */
  readonly displayName: string | undefined;
  readonly model: string | undefined;
  readonly seed: number | undefined;
  readonly tags: readonly string[];
  /** Where its values are looked for, in this order. */
  readonly sources: readonly TableValues[];
  readonly intervals: NonNullable<TableModel["intervals"]>;
}

/** Names a row's run for people: never without its id. */
export function runLabel({ title, displayName }: Pick<ModelRow, "title" | "displayName">): string {
  return displayName === undefined ? title : `${displayName} (${title})`;
}

/** The value of a row in a column. */
export function valueOf({ sources }: ModelRow, column: string): TableValue | undefined {
  return valueIn(sources, column);
}

/** A run with the settings that its reply had. */
interface KnownRun {
  readonly run: TableRun;
  readonly blocks: readonly TableValues[];
}

const NO_INTERVALS: ModelRow["intervals"] = {};

/** All runs that are known, as rows. */
export class RunRows {
  private readonly known = new Map<string, KnownRun>();
  private marks: Readonly<Record<string, RunMarks>> = {};
  private made: readonly ModelRow[] | undefined;
  private ids: ReadonlySet<string> | undefined;
  meanings: Readonly<Record<string, string>> = {};
  /** Looks of models, of all that has come. */
  palette: Palette = {};

  /** Takes in runs that are new or have changed. */
  take({ runs, blocks, missing, meanings, palette }: TableRows): void {
    this.palette = { ...this.palette, ...palette };
    for (const run of runs) this.known.set(run.folder, { run, blocks });
    for (const folder of missing) this.known.delete(folder);
    if (Object.keys(meanings).length > 0) this.meanings = meanings;
    this.changed();
  }

  remove(folders: readonly string[]): void {
    for (const folder of folders) this.known.delete(folder);
    this.changed();
  }

  /** Starts over: what comes next is all there is. */
  clear(): void {
    this.known.clear();
    this.changed();
  }

  setMarks(marks: Readonly<Record<string, RunMarks>>): void {
    this.marks = marks;
    this.changed();
  }

  marksOf(folder: string): RunMarks {
    return ownValue(this.marks, folder) ?? NO_MARKS;
  }

  get nRuns(): number {
    return this.known.size;
  }

  /** Every row, in no order of its own. */
  get rows(): readonly ModelRow[] {
    this.made ??= this.make();
    return this.made;
  }

  /** Columns in which some row has a value. */
  get columns(): ReadonlySet<string> {
    this.ids ??= idsOf(this.rows);
    return this.ids;
  }

  private changed(): void {
    this.made = undefined;
    this.ids = undefined;
  }

  private make(): readonly ModelRow[] {
    const titles = titlesOf(this.known.keys());
    return [...this.known.values()].flatMap(({ run, blocks }) => {
      const { folder } = run;
      const title = titles.get(folder) ?? folder;
      const marks = this.marksOf(folder);
      const own: TableValues = { "run.id": title, "run.folder": folder, ...markValues(marks) };
      const sources = sourcesOf(run, blocks, own);
      const row = (model: TableModel | undefined): ModelRow => ({
        key: `${folder}\0${model?.name ?? ""}\0${model?.seed ?? ""}`,
        ...{ folder, title, tags: marks.tags, displayName: marks.name },
        model: model?.name,
        seed: model?.seed,
        intervals: model?.intervals ?? NO_INTERVALS,
        sources: sources(model),
      });
      return run.models.length === 0 ? [row(undefined)] : run.models.map(row);
    });
  }
}

/** Ids are told apart by their places only where two runs have the same: looking for that among all takes long. */
function titlesOf(folders: Iterable<string>): ReadonlyMap<string, string> {
  const byId = new Map<string, string[]>();
  for (const folder of folders) {
    const id = runTitle(folder, []);
    const known = byId.get(id);
    if (known === undefined) byId.set(id, [folder]);
    else known.push(folder);
  }
  return new Map([...byId.values()].flatMap((same) => same.map((folder) => [folder, runTitle(folder, same)] as const)));
}

/** Blocks that rows share are looked through once. */
function idsOf(rows: readonly ModelRow[]): ReadonlySet<string> {
  const sources = new Set(rows.flatMap((row) => row.sources));
  const ids = new Set<string>();
  for (const source of sources) for (const id of Object.keys(source)) ids.add(id);
  return ids;
}
