import { readFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import type { TableFormat } from "../../evaluation/tables/index.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Table } from "../../protocol/events.ts";
import { literal, literalLines } from "../../protocol/markdown.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { onDisk } from "../../storage/disk.ts";

/** Titles and notes where people read, none where programs do. */
const HEADS: Readonly<Record<string, (table: Table) => string>> = {
  text: ({ title, note }) => `${visibleLine(title)}\n\n${note === undefined ? "" : `${note}\n\n`}`,
  markdown: ({ title, note }) => `## ${literal(title)}\n\n${note === undefined ? "" : `${literalLines(note)}\n\n`}`,
};

/**
 * A table of a run: the run's own file in that form, which may hold more digits than people read; else the table as
 * people read it.
 *
 * @param folder - The run's.
 * @throws {DataError} when its file is said to lie outside of the run.
 * @throws {DiskError} when its file cannot be read.
 */
export async function tableText(folder: string, table: Table, format: TableFormat): Promise<string> {
  const { name, extension, render } = format;
  const file = table.files.find((one) => one.endsWith(extension));
  const body = file === undefined ? render(table) : await readWithin(folder, file);
  return `${HEADS[name]?.(table) ?? ""}${body}`;
}

async function readWithin(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  const place = relative(folder, file);
  if (place.startsWith("..") || isAbsolute(place)) {
    throw new DataError(`a table's file ${name} lies outside of the run`, { file: folder, remedy: "run it again" });
  }
  return onDisk("read table", file, () => readFile(file, "utf8"));
}
