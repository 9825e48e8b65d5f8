import { dirname, join, resolve } from "node:path";
import type { ReportTarget } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { makeFolder, syncTree, temporaryName } from "../../storage/disk.ts";
import { inputExists } from "../../storage/inputs.ts";
import { discard, makeNewFolder, moveFolder, writeNewFile } from "../../storage/writing.ts";
import { exportTracking } from "../tracking/exportTracking.ts";
import { answersTable } from "./answers.ts";
import { type TableFile, csvFile } from "./csvFile.ts";
import { gradesTable } from "./grades.ts";
import { judgmentsTable } from "./judgments.ts";
import { metricsTable } from "./metrics.ts";
import { parquetFile } from "./parquetFile.ts";
import { exportReadme } from "./readme.ts";
import { rolloutsTable } from "./rollouts.ts";
import { readExported } from "./sources.ts";
import { type ExportTable, type ExportedRun, columnsOf } from "./table.ts";
import { winRatesTable } from "./winRates.ts";

/** Every table of an export, in the order of its README. Add yours here. */
export const EXPORT_TABLES: readonly ExportTable[] = [
  metricsTable,
  rolloutsTable,
  answersTable,
  judgmentsTable,
  gradesTable,
  winRatesTable,
];

/** The runs to export, and the place for them. */
export interface ExportRequest {
  /** Folders of runs. */
  readonly folders: readonly string[];
  /** Folder that must not be there yet. */
  readonly to: string;
  /** Tools for which curves are written as well, each into a folder of its name. */
  readonly targets?: readonly ReportTarget[];
  readonly signal: AbortSignal;
  /** Called as rows are written. */
  readonly progress?: (at: ExportProgress) => void;
}

/** How far an export is. */
export interface ExportProgress {
  readonly run: string;
  readonly table: string;
  readonly nRows: number;
}

/** A finished export. */
export interface Exported {
  readonly folder: string;
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Writes runs' metrics, samples, answers, judgments, grades and win rates as CSV and Parquet, their configs, and a README that
 * explains every column, into a new folder.
 *
 * Rows are written as they are read. The folder has its name once all of it is there: nobody finds half an export.
 *
 * @throws {DataError} when there is something of that name, or a run cannot be read.
 * @throws {DiskError}
 * @throws the signal's reason when it is aborted.
 */
export async function exportRuns(request: ExportRequest): Promise<Exported> {
  const { to, signal } = request;
  const folder = resolve(to);
  await checkFree(folder);
  await makeFolder(dirname(folder));
  const made = temporaryName(folder);
  await makeNewFolder(made);
  try {
    const rows = await writeTables(made, request);
    await syncTree(made);
    signal.throwIfAborted();
    if (!(await moveFolder(made, folder, () => Promise.resolve(true)))) throw taken(folder);
    return { folder, rows };
  } catch (error) {
    await discard(made);
    throw error;
  }
}

async function checkFree(folder: string): Promise<void> {
  if (await inputExists(folder)) throw taken(folder);
}

function taken(file: string): DataError {
  return new DataError("export: there is something of that name already", { file, remedy: "name a new folder" });
}

async function writeTables(
  made: string,
  { folders, targets = [], signal, progress }: ExportRequest,
): Promise<Readonly<Record<string, number>>> {
  const open: OpenTable[] = [];
  try {
    for (const table of EXPORT_TABLES) open.push(await openTable(made, table));
    await makeNewFolder(join(made, "configs"));
    const titles: string[] = [];
    for (const folder of folders) {
      const run = await readExported(folder, folders);
      titles.push(run.title);
      await writeNewFile(join(made, "configs", configFileOf(run)), `${JSON.stringify(run.config, undefined, 2)}\n`);
      for (const one of open) await addRun(one, run, { signal, progress });
      for (const target of targets) await exportTracking(run, target, { folder: join(made, target), signal });
    }
    for (const { files } of open) for (const file of files.splice(0)) await file.close();
    const rows = Object.fromEntries(open.map(({ table, nRows }) => [table.name, nRows]));
    await writeNewFile(join(made, "README.md"), exportReadme({ titles, tables: EXPORT_TABLES, rows, targets }));
    return rows;
  } finally {
    for (const { files } of open) for (const file of files) await file.close().catch(() => undefined);
  }
}

interface OpenTable {
  readonly table: ExportTable;
  readonly files: TableFile[];
  nRows: number;
}

async function openTable(folder: string, table: ExportTable): Promise<OpenTable> {
  const columns = columnsOf(table);
  const csv = await csvFile(join(folder, `${table.name}.csv`), columns);
  return { table, files: [csv, await parquetFile(join(folder, `${table.name}.parquet`), columns)], nRows: 0 };
}

async function addRun(
  one: OpenTable,
  run: ExportedRun,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: ExportRequest["progress"] },
): Promise<void> {
  const { table, files } = one;
  for await (const batch of table.rows(run)) {
    signal.throwIfAborted();
    const rows = batch.map((row) => [run.title, ...row]);
    for (const file of files) await file.write(rows);
    one.nRows += rows.length;
    progress?.({ run: run.title, table: table.name, nRows: one.nRows });
  }
}

/** A title may have the place of a run in it. */
function configFileOf({ title }: ExportedRun): string {
  return `${title.replaceAll(/[^\p{L}\p{N}_.-]+/gu, "_").slice(0, 200)}.json`;
}
