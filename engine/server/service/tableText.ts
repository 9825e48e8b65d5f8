import { join } from "node:path";
import type { RateTable as WinRates } from "../../evaluation/table.ts";
import type { TableFormat } from "../../evaluation/tables/index.ts";
import type { PaperTableState } from "../../pipeline/figures/paperTables.ts";
import { WIN_RATES_FILE, readWinRates } from "../../pipeline/winRateFile.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Table } from "../../protocol/events.ts";
import { literal, literalLines } from "../../common/markdown.ts";
import { visibleLine } from "../../common/visible.ts";

/** Titles and notes where people read, none where programs do. */
const HEADS: Readonly<Record<string, (table: Pick<Table, "title" | "note">) => string>> = {
  text: ({ title, note }) => `${visibleLine(title)}\n\n${note === undefined ? "" : `${note}\n\n`}`,
  markdown: ({ title, note }) => `## ${literal(title)}\n\n${note === undefined ? "" : `${literalLines(note)}\n\n`}`,
};

/**
 * A table of a run in a form: win rates from their numbers, which may have more digits than people read; others as people
 * read them. It is always written again: a file of that form may be from somebody else, and then it may hold formulas,
 * markup or commands in place of cells.
 *
 * @param folder - The run's.
 * @throws {DataError} when the file of the win rates has been removed, holds something else, or is a link or a device.
 * @throws {DiskError} when it cannot be read.
 */
export async function tableText(folder: string, table: Table, format: TableFormat): Promise<string> {
  const rows = table.files.includes(WIN_RATES_FILE) ? await winRates(folder) : undefined;
  const body = rows === undefined ? format.render(table) : format.renderWinRates(rows);
  return `${HEADS[format.name]?.(table) ?? ""}${body}`;
}

/** A table in the paper's layout in a form. @throws {DataError} when the run has nothing for it. */
export function paperTableText(
  folder: string,
  { title, sheet, note, lacks }: PaperTableState,
  format: TableFormat,
): string {
  if (sheet.rows.length > 0) return `${HEADS[format.name]?.({ title, note }) ?? ""}${format.render(sheet)}`;
  const remedy = lacks.map(({ what }) => what).join("; ") || "judge SALSA against the others";
  throw new DataError("the run has nothing for this table of the paper", { file: folder, remedy });
}

async function winRates(folder: string): Promise<WinRates> {
  const rows = await readWinRates(folder);
  if (rows !== undefined) return rows;
  const remedy = "resume the run: its stages are kept and only its tables are written again";
  throw new DataError("the table's file has been removed", { file: join(folder, WIN_RATES_FILE), remedy });
}
