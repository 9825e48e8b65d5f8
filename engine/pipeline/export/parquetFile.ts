import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { onDisk } from "../../storage/disk.ts";
import { createFile } from "../../storage/writing.ts";
import { type TableFile, closed } from "./csvFile.ts";
import type { ColumnKind, ExportCell, ExportColumn, ExportRow } from "./table.ts";

/** Rows and characters of a row group, about, which is as much as is held. */
const [GROUP_ROWS, GROUP_CHARACTERS] = [50_000, 16 * 1024 * 1024];

const TYPES = { text: "STRING", number: "DOUBLE", integer: "INT64", flag: "BOOLEAN" } as const satisfies Readonly<
  Record<ColumnKind, string>
>;

/** Begins a Parquet file, which is written a row group at a time. @throws {DiskError} */
export async function parquetFile(
  file: string,
  columns: readonly ExportColumn[],
  groupRows = GROUP_ROWS,
): Promise<TableFile> {
  const handle = await createFile(file, file);
  const buffer = new ByteWriter();
  const empty = columns.map(({ name, kind }) => ({ name, data: [], type: TYPES[kind], nullable: true }));
  const parquet = new ParquetWriter({
    writer: buffer,
    schema: schemaFromColumnData({ columnData: empty }),
    createdBy: "salsa",
  });
  let held: ExportRow[] = [];
  let nCharacters = 0;
  const flush = async (): Promise<void> => {
    await onDisk("write", file, () => handle.writeFile(buffer.getBytes()));
    buffer.index = 0;
  };
  const group = async (): Promise<void> => {
    if (held.length === 0) return;
    const columnData = columns.map(({ name, kind }, at) => ({
      name,
      data: held.map((row) => valueOf(row[at] ?? null, kind)),
    }));
    await parquet.write({ columnData, rowGroupSize: held.length });
    held = [];
    nCharacters = 0;
    await flush();
  };
  return {
    async write(rows) {
      for (const row of rows) {
        held.push(row);
        for (const cell of row) if (typeof cell === "string") nCharacters += cell.length;
        if (held.length >= groupRows || nCharacters >= GROUP_CHARACTERS) await group();
      }
    },
    async close() {
      try {
        await group();
        await parquet.finish();
        await flush();
      } finally {
        await closed(file, handle);
      }
    },
  };
}

function valueOf(cell: ExportCell, kind: ColumnKind): string | number | bigint | boolean | null {
  if (kind === "text") return cell === null ? "" : String(cell);
  if (cell === null || (typeof cell === "number" && !Number.isFinite(cell))) return null;
  return kind === "integer" ? BigInt(Math.round(Number(cell))) : cell;
}
