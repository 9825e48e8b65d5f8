import { type ColumnMetaData, parquetRead, type RowGroup } from "hyparquet";
import { dictionary } from "../../common/dictionary.ts";
import { DataError, DiskError } from "../../protocol/errors.ts";
import { MOST_NESTED } from "../../common/json.ts";
import { type OpenInput, openInputFile } from "../../storage/inputs.ts";
import type { Json } from "../../storage/json.ts";
import { CODECS, PageError } from "./parquetCodecs.ts";
import { type Footer, type TopColumn, readFooter } from "./parquetFooter.ts";
import { checkPages } from "./parquetPages.ts";
import type { ReadSettings, Row } from "./row.ts";
import { ThriftError } from "./thrift.ts";

/** Begins and ends every Parquet file. */
const MAGIC = "PAR1";
/** Largest metadata, in bytes. */
const MOST_FOOTER_BYTES = 64 * 1024 * 1024;
/** Largest row group that is held in memory, unpacked, in bytes. */
const MOST_GROUP_BYTES = 1024 * 1024 * 1024;

const REWRITE =
  "write it again with Snappy and smaller row groups, as pandas.DataFrame.to_parquet(row_group_size=10_000)";

/** True for the beginning of a Parquet file, whatever its name. */
export function isParquet(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, MAGIC.length)).toString("latin1") === MAGIC;
}

/**
 * The rows of a Parquet file, one row group in memory at a time. Values come as JSON has them: whole numbers beyond 2^53
 * as texts, times as texts in ISO 8601, and bytes of a fixed length as `{bytes: how many}`, for they are no text.
 *
 * @throws {DataError} when it is cut off, damaged, or of a kind that is not read.
 */
export async function* parquetRows(file: string, { columns }: ReadSettings = {}): AsyncGenerator<Row, undefined> {
  const input = await openInputFile(file);
  try {
    const footer = await footerOf(file, input);
    const wanted = footer.columns.filter(({ name }) => columns?.includes(name) ?? true);
    let row = 0;
    for (const index of footer.metadata.row_groups.keys()) {
      const values = await asData(file, () => groupValues(input, footer, { index, wanted }));
      const nRows = Number(footer.metadata.row_groups[index]?.num_rows ?? 0n);
      for (let at = 0; at < nRows; at++) {
        row += 1;
        const entries = wanted.map(({ name }, column) => [name, values[column]?.[at] ?? null] as const);
        yield { place: { file, row }, fields: dictionary<Json>(entries) };
      }
    }
  } finally {
    await input.close();
  }
}

/**
 * Paths of a Parquet file's columns, from its metadata alone, also of those within others, but not within lists.
 * @throws {DataError} when it is cut off or damaged.
 */
export async function parquetColumns(file: string): Promise<readonly (readonly string[])[]> {
  const input = await openInputFile(file);
  try {
    const { columns } = await footerOf(file, input);
    return columns.flatMap(({ paths }) => paths);
  } finally {
    await input.close();
  }
}

async function footerOf(file: string, input: OpenInput): Promise<Footer> {
  const { size } = input;
  const cut = { file, remedy: "copy or download it again" };
  if (size < 12) throw new DataError("read: the Parquet file is cut off", cut);
  const end = await input.read(size - 8, size);
  if (Buffer.from(end.subarray(4)).toString("latin1") !== MAGIC) {
    throw new DataError("read: the Parquet file is cut off: its end is missing", cut);
  }
  const length = new DataView(end.buffer).getUint32(0, true);
  if (length > size - 12) throw new DataError("read: the Parquet file is damaged: its metadata do not fit", cut);
  if (length > MOST_FOOTER_BYTES) throw new DataError(`read: metadata of ${length} bytes`, { file, remedy: REWRITE });
  const bytes = await input.read(size - 8 - length, size - 8);
  return asData(file, () => Promise.resolve(readFooter(bytes)));
}

interface Wanted {
  readonly index: number;
  readonly wanted: readonly TopColumn[];
}

/** Values of a row group: one list for each wanted column. */
async function groupValues(input: OpenInput, footer: Footer, { index, wanted }: Wanted): Promise<Json[][]> {
  const group = footer.metadata.row_groups[index];
  if (group === undefined) return [];
  const nRows = Number(group.num_rows);
  let first = 0; // of the column's chunks among those of the group
  const offsets = new Map<TopColumn, number>();
  for (const column of footer.columns) {
    offsets.set(column, first);
    first += column.leaves.length;
  }
  let held = 0;
  const all: Json[][] = [];
  for (const column of wanted) {
    const chunks = chunksOf(group, { column, first: offsets.get(column) ?? 0, size: input.size });
    held += chunks.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
    if (held > MOST_GROUP_BYTES) throw new PageError(`a row group of more than ${MOST_GROUP_BYTES} bytes`);
    const bytes = await Promise.all(chunks.map(async ({ start, end }) => input.read(start, end)));
    for (const [at, { meta, leaf }] of chunks.entries()) checkPages(bytes[at] ?? new Uint8Array(), meta, leaf);
    const columns = chunks.map(({ start, end }, at) => ({ start, end, bytes: bytes[at] ?? new Uint8Array() }));
    const values = await decoded(footer, { group, name: column.name, chunks: columns, size: input.size });
    if (values.length !== nRows) throw new PageError(`column ${column.name} has ${values.length} of ${nRows} values`);
    all.push(values);
  }
  return all;
}

interface ColumnPlace {
  readonly column: TopColumn;
  readonly first: number;
  /** Of the file. */
  readonly size: number;
}

/** The chunks of a column in a row group. @throws {PageError} when one stands outside of the file. */
function chunksOf(group: RowGroup, { column, first, size }: ColumnPlace) {
  return column.leaves.map((leaf, at) => {
    const { meta_data: meta, file_path } = group.columns[first + at] ?? {};
    if (meta === undefined || file_path !== undefined) throw new PageError("its columns stand in other files");
    if (meta.path_in_schema.join("\0") !== leaf.path.join("\0")) throw new PageError("its columns are mixed up");
    const start = Number(firstOffset(meta));
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 0 && end >= start && end <= size)) throw new PageError("a column stands outside of the file");
    return { leaf, meta, start, end, unpackedBytes: Math.max(0, Number(meta.total_uncompressed_size)) };
  });
}

/** As the library has it: writers that have no dictionary may say that it stands at 0. */
function firstOffset({ dictionary_page_offset: start = 0n, data_page_offset: data }: ColumnMetaData): bigint {
  return start === 0n ? data : start;
}

interface HeldColumn {
  readonly group: RowGroup;
  readonly name: string;
  readonly chunks: readonly { readonly start: number; readonly end: number; readonly bytes: Uint8Array }[];
  readonly size: number;
}

/** Decodes bytes that have been checked, and no others: the file may change meanwhile. */
async function decoded({ metadata }: Footer, { group, name, chunks, size }: HeldColumn): Promise<Json[]> {
  const slice = (from: number, to = size): ArrayBuffer => {
    const part = new Uint8Array(to - from);
    for (const { start, end, bytes } of chunks) {
      const [low, high] = [Math.max(start, from), Math.min(end, to)];
      if (low < high) part.set(bytes.subarray(low - start, high - start), low - from);
    }
    return part.buffer;
  };
  let rows: unknown[][] = [];
  await parquetRead({
    file: { byteLength: size, slice },
    // With this row group alone, for the library plans all of them at every call.
    metadata: { ...metadata, row_groups: [group], num_rows: group.num_rows },
    columns: [name],
    compressors: CODECS,
    geoparquet: false,
    onComplete: (found) => (rows = found),
  });
  return rows.map(([value]) => jsonOf(value, 0));
}

function jsonOf(value: unknown, depth: number): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return dictionary([["bytes", value.length]]);
  if (depth === MOST_NESTED) throw new PageError("values are nested too deep");
  if (Array.isArray(value)) return value.map((inner) => jsonOf(inner, depth + 1));
  const entries = Object.entries(value).map(([name, inner]) => [name, jsonOf(inner, depth + 1)] as const);
  return dictionary<Json>(entries);
}

/** Works on the content of a file; whatever is wrong with it is the file's, not ours. */
async function asData<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DataError || cause instanceof DiskError) throw cause;
    const isSaid = cause instanceof PageError || cause instanceof ThriftError;
    const what = isSaid ? cause.message : "the Parquet file is damaged, or of a kind that is not read";
    throw new DataError(`read: ${what}`, { file, remedy: REWRITE }, { cause });
  }
}
