import { isHubName } from "../config/paths.ts";
import { isRecord } from "../common/dictionary.ts";
import { openInputFile } from "../storage/inputs.ts";
import type { JsonObject } from "../storage/json.ts";
import { fileRows } from "./rows/file.ts";
import { localFiles } from "./rows/files.ts";
import { isParquet, parquetColumns } from "./rows/parquet.ts";
import type { Pick } from "./rows/pick.ts";
import { MoreTextError } from "./rows/row.ts";

/** Records that are looked at, where the file does not list its columns: those of one file are mostly alike. */
const MOST_ROWS = 32;
/** Bytes of text that are looked at: a gigabyte of blank lines packs into a megabyte, and unpacks in seconds. */
const MOST_BYTES = 8 << 20;
/** Most columns that are named, their longest name, and how deep they stand: `a.b` is b within a. */
const MOST_COLUMNS = 500;
const MOST_LETTERS = 200;
const MOST_LEVELS = 4;

/** Where columns are looked for. */
export interface ColumnsQuery extends Pick {
  /** A file, a folder or a pattern. */
  readonly from: string;
}

/**
 * Columns of a local source, of its first file, as the setting `columns` names them: also those within others, as `a.b`.
 * Reads no more than a Parquet file's metadata or some records; of what is on the hub, nothing.
 * @throws {DataError} when there is no such file, or it cannot be read.
 * @throws {DiskError}
 */
export async function columnsOf({ from, ...pick }: ColumnsQuery): Promise<readonly string[]> {
  const [file] = isHubName(from) ? [] : await localFiles(from, pick);
  if (file === undefined) return [];
  const names = new Set<string>();
  if (await isParquetFile(file)) {
    for (const path of await parquetColumns(file)) addName(names, path);
    return [...names];
  }
  try {
    let nRows = 0;
    for await (const { fields } of fileRows(file, { mostBytes: MOST_BYTES })) {
      addNames(names, fields, []);
      nRows += 1;
      if (nRows >= MOST_ROWS) break;
    }
  } catch (error) {
    if (!(error instanceof MoreTextError)) throw error;
  }
  return [...names];
}

async function isParquetFile(file: string): Promise<boolean> {
  const input = await openInputFile(file);
  try {
    return isParquet(await input.read(0, Math.min(4, input.size)));
  } finally {
    await input.close();
  }
}

function addNames(names: Set<string>, fields: JsonObject, above: readonly string[]): void {
  for (const [name, value] of Object.entries(fields)) {
    const path = [...above, name];
    if (!addName(names, path)) return;
    if (isRecord(value)) addNames(names, value, path);
  }
}

/** Adds a name if it is short enough to be one; false once there are too many. */
function addName(names: Set<string>, path: readonly string[]): boolean {
  const length = path.reduce((sum, part) => sum + part.length + 1, 0);
  if (path.length <= MOST_LEVELS && length <= MOST_LETTERS && names.size < MOST_COLUMNS) names.add(path.join("."));
  return path.length <= MOST_LEVELS && names.size < MOST_COLUMNS;
}
