import { DataError } from "../../protocol/errors.ts";
import { inputChunks } from "../../storage/inputs.ts";
import { linesOf } from "../../storage/lines.ts";
import { gunzipped, isGzip } from "./gzip.ts";
import { arrayEntries } from "./jsonArray.ts";
import { isParquet, parquetRows } from "./parquet.ts";
import { MoreTextError, type ReadSettings, type Row, rowOf } from "./row.ts";

/**
 * The rows of a data file, in its order: JSON Lines or one JSON array, gzipped or not, or Parquet. What it is shows in
 * its first bytes, whatever it is called; separated values are refused.
 *
 * Memory holds one record at a time; of Parquet, one row group.
 *
 * @throws {DataError} naming file and line or row.
 * @throws {DiskError}
 * @throws {MoreTextError} once a text is longer than `settings` has it.
 */
export async function* fileRows(file: string, settings: ReadSettings = {}): AsyncGenerator<Row, undefined> {
  const bytes = await begun(inputChunks(file));
  try {
    if (isParquet(bytes.start)) {
      await bytes.stop();
      yield* parquetRows(file, settings);
    } else if (isGzip(bytes.start)) yield* gzipRows(file, bytes, settings);
    else yield* textRows(file, bytes, settings);
  } finally {
    await bytes.stop();
  }
}

/** Names of files of separated values. */
const TABLE_NAME = /\.([ct])sv(\.gz)?$/i;

/** True for separated values: they are called so, and begin as no JSON does. */
function isTable(file: string, start: Uint8Array): boolean {
  return TABLE_NAME.test(file) && !"[{".includes(firstMark(start));
}

function tableRefused(file: string): DataError {
  const separator = TABLE_NAME.exec(file)?.[1]?.toLowerCase() === "t" ? ', sep="\\t"' : "";
  const remedy = `write it as JSON Lines or Parquet: in pandas, pd.read_csv(file${separator}).to_json("data.jsonl", orient="records", lines=True)`;
  return new DataError("is a table of separated values, which are not read", { file, remedy });
}

/** True for a file that is no Parquet, not packed, no array and no table: JSON Lines, if it is data at all. */
export async function isText(file: string): Promise<boolean> {
  const bytes = await begun(inputChunks(file));
  await bytes.stop();
  const { start } = bytes;
  return !isParquet(start) && !isGzip(start) && firstMark(start) !== "[" && !isTable(file, start);
}

async function* gzipRows(file: string, bytes: Begun, settings: ReadSettings): AsyncGenerator<Row, undefined> {
  const text = await begun(gunzipped(file, bytes.all()));
  try {
    if (isParquet(text.start)) {
      throw new DataError("is a gzipped Parquet file", { file, remedy: "unpack it: Parquet compresses by itself" });
    }
    yield* textRows(file, text, settings);
  } finally {
    await text.stop();
  }
}

async function* textRows(
  file: string,
  bytes: Begun,
  { mostBytes = Infinity }: ReadSettings,
): AsyncGenerator<Row, undefined> {
  if (isTable(file, bytes.start)) throw tableRefused(file);
  const isArray = firstMark(bytes.start) === "[";
  const chunks = atMost(mostBytes, bytes.all());
  for await (const { line, text } of isArray ? arrayEntries(file, chunks) : linesOf(file, chunks)) {
    yield rowOf({ file, line }, text);
  }
}

async function* atMost(most: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let left = most;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw new MoreTextError(`there are more than ${most} bytes`);
    yield chunk;
  }
}

/** Bytes whose beginning has been looked at. */
interface Begun {
  readonly start: Uint8Array;
  /** From the beginning on; may be asked for once. */
  all(): AsyncGenerator<Uint8Array, undefined>;
  stop(): Promise<void>;
}

async function begun(chunks: AsyncGenerator<Uint8Array, undefined>): Promise<Begun> {
  const first = await chunks.next();
  return {
    start: first.value ?? new Uint8Array(),
    async *all() {
      if (first.value !== undefined) yield first.value;
      yield* chunks;
      return undefined;
    },
    async stop() {
      await chunks.return(undefined);
    },
  };
}

/** The first character that is no white space and no byte order mark. */
function firstMark(start: Uint8Array): string {
  return Buffer.from(start.subarray(0, 4096)).toString("utf8").trimStart().charAt(0);
}
