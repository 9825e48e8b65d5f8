import type { FileHandle } from "node:fs/promises";
import { csvCell } from "../../common/csv.ts";
import { onDisk } from "../../storage/disk.ts";
import { createFile } from "../../storage/writing.ts";
import type { ExportCell, ExportColumn, ExportRow } from "./table.ts";

/** A file of rows that is written some rows at a time. */
export interface TableFile {
  write(rows: readonly ExportRow[]): Promise<void>;
  close(): Promise<void>;
}

/** Begins a CSV file (RFC 4180). @throws {DiskError} */
export async function csvFile(file: string, columns: readonly ExportColumn[]): Promise<TableFile> {
  const handle = await createFile(file, file);
  const put = (lines: readonly string[]): Promise<void> =>
    onDisk("write", file, () => handle.writeFile(lines.map((line) => `${line}\r\n`).join("")));
  await put([columns.map(({ name }) => csvCell(name)).join(",")]);
  return {
    write: (rows) => (rows.length === 0 ? Promise.resolve() : put(rows.map((row) => row.map(cellText).join(",")))),
    close: () => closed(file, handle),
  };
}

/** Closes a file that has been written. @throws {DiskError} */
export async function closed(file: string, handle: FileHandle): Promise<void> {
  await onDisk("close", file, () => handle.close());
}

function cellText(cell: ExportCell): string {
  if (cell === null || (typeof cell === "number" && !Number.isFinite(cell))) return "";
  return typeof cell === "string" ? csvCell(cell) : String(cell);
}
