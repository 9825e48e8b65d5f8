import type { TableFormat } from "../../evaluation/tables/index.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Table } from "../../protocol/events.ts";
import { literal, literalLines } from "../../protocol/markdown.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { placeIn } from "../../storage/places.ts";
import { readText } from "../../storage/reading.ts";

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
 * @throws {DataError} when its file has been removed, is said to lie outside of the run, or is a link or a device.
 * @throws {DiskError} when its file cannot be read.
 */
export async function tableText(folder: string, table: Table, format: TableFormat): Promise<string> {
  const { name, extension, render } = format;
  const file = table.files.find((one) => one.endsWith(extension));
  const body = file === undefined ? render(table) : await readWithin(folder, file);
  return `${HEADS[name]?.(table) ?? ""}${body}`;
}

async function readWithin(folder: string, name: string): Promise<string> {
  const place = placeIn(folder, name);
  const text = await readText(place);
  if (text !== undefined) return text;
  const remedy = "resume the run: its stages are kept and only its tables are written again";
  throw new DataError("the table's file has been removed", { file: place.file, remedy });
}
