import type { ColumnMetaData, FileMetaData, SchemaElement } from "hyparquet";
import { CompressionCodecs, ConvertedTypes, FieldRepetitionTypes, ParquetTypes } from "hyparquet/src/constants.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { PageError } from "./parquetCodecs.ts";
import { structEnd } from "./thrift.ts";

/** Most columns, with those within others. */
const MOST_ELEMENTS = 10_000;
/** Deepest nesting of columns. */
const MOST_LEVELS = 16;

/** A column at the top, with the numbers of those within it that hold values, in the order of their chunks. */
export interface TopColumn {
  readonly name: string;
  /** Of itself and of columns within it; not of those within lists. */
  readonly paths: readonly (readonly string[])[];
  readonly leaves: readonly Leaf[];
}

/** A column that holds values. */
export interface Leaf {
  readonly path: readonly string[];
  readonly maxRepetition: number;
  readonly maxDefinition: number;
}

/** Content of a Parquet file's footer. */
export interface Footer {
  readonly metadata: FileMetaData;
  readonly columns: readonly TopColumn[];
}

/** Annotations that say how values are to be read. Decimals in bytes and nested JSON would cost without bound. */
const READ_TYPES = new Set(
  ["UTF8", "ENUM", "LIST", "MAP", "MAP_KEY_VALUE", "DATE", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"].concat([
    "UINT_8",
    "UINT_16",
    "UINT_32",
    "UINT_64",
    "INT_8",
    "INT_16",
    "INT_32",
    "INT_64",
  ]),
);

/**
 * Reads the metadata at the end of a Parquet file: of it only what reading rows needs, and no statistics.
 * @throws {ThriftError} {PageError} or what the library throws, when it is damaged.
 */
export function readFooter(bytes: Uint8Array<ArrayBuffer>): Footer {
  structEnd(bytes, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const raw = deserializeTCompactProtocol({ view, offset: 0 }) as RawFields;
  const schema = list(raw["field_2"]).map(elementOf);
  const tree = topColumns(schema);
  const groups = list(raw["field_4"]).map((group) => ({
    columns: list(group["field_1"]).map((column) => ({
      ...(column["field_1"] !== undefined && { file_path: text(column["field_1"]) }),
      file_offset: 0n,
      ...(column["field_3"] !== undefined && { meta_data: columnOf(column["field_3"] as RawFields) }),
    })),
    total_byte_size: big(group["field_2"]),
    num_rows: big(group["field_3"]),
  }));
  const nLeaves = tree.reduce((sum, { leaves }) => sum + leaves.length, 0);
  for (const { columns } of groups) {
    if (columns.length !== nLeaves) throw new PageError("a row group has other columns than the file");
  }
  const metadata = {
    version: 1,
    schema,
    num_rows: big(raw["field_3"]),
    row_groups: groups,
    metadata_length: bytes.length,
  };
  return { metadata, columns: tree };
}

/** Fields of a structure, by their numbers. */
type RawFields = Readonly<Record<`field_${number}`, unknown>>;

function elementOf(raw: RawFields): SchemaElement {
  const type = named(ParquetTypes, raw["field_1"]);
  const converted = named(ConvertedTypes, raw["field_6"]);
  const repetition = named(FieldRepetitionTypes, raw["field_3"]);
  return {
    name: text(raw["field_4"]),
    ...(type !== undefined && { type }),
    ...(typeof raw["field_2"] === "number" && { type_length: raw["field_2"] }),
    ...(repetition !== undefined && { repetition_type: repetition }),
    ...(typeof raw["field_5"] === "number" && { num_children: raw["field_5"] }),
    ...(converted !== undefined && READ_TYPES.has(converted) && { converted_type: converted }),
  };
}

function columnOf(raw: RawFields): ColumnMetaData {
  const type = named(ParquetTypes, raw["field_1"]);
  const codec = named(CompressionCodecs, raw["field_4"]);
  if (type === undefined || codec === undefined) throw new PageError("a column is of an unknown kind");
  return {
    type,
    encodings: [],
    path_in_schema: (raw["field_3"] as readonly unknown[]).map(text),
    codec,
    num_values: big(raw["field_5"]),
    total_uncompressed_size: big(raw["field_6"]),
    total_compressed_size: big(raw["field_7"]),
    data_page_offset: big(raw["field_9"]),
    ...(raw["field_11"] !== undefined && { dictionary_page_offset: big(raw["field_11"]) }),
  };
}

/** The columns of a schema, which is stored as a list: each followed by those within it. */
function topColumns(schema: readonly SchemaElement[]): readonly TopColumn[] {
  if (schema.length > MOST_ELEMENTS) throw new PageError(`it has more than ${MOST_ELEMENTS} columns`);
  let next = 1;
  let paths: (readonly string[])[] = [];
  const leavesOf = (path: readonly string[], repetition: number, definition: number): Leaf[] => {
    const element = schema[next++];
    if (element === undefined || path.length > MOST_LEVELS) throw new PageError("its columns are nested too deep");
    const [isRepeated, isRequired] = ["REPEATED", "REQUIRED"].map((kind) => element.repetition_type === kind);
    const here = [...path, element.name];
    const levels = { repetition: repetition + Number(isRepeated), definition: definition + Number(!isRequired) };
    if (levels.repetition === 0) paths.push(here);
    const nChildren = element.num_children ?? 0;
    if (nChildren === 0) return [{ path: here, maxRepetition: levels.repetition, maxDefinition: levels.definition }];
    return Array.from({ length: boundedCount(nChildren, schema.length) }, () =>
      leavesOf(here, levels.repetition, levels.definition),
    ).flat();
  };
  const nColumns = boundedCount(schema[0]?.num_children ?? 0, schema.length);
  const columns = Array.from({ length: nColumns }, () => {
    const name = schema[next]?.name ?? "";
    paths = [];
    return { name, paths, leaves: leavesOf([], 0, 0) };
  });
  if (next !== schema.length) throw new PageError("its columns do not add up");
  return columns;
}

function boundedCount(n: number, most: number): number {
  if (n >= 0 && n < most) return n;
  throw new PageError("its columns do not add up");
}

function list(value: unknown): readonly RawFields[] {
  if (!Array.isArray(value)) throw new PageError("its metadata lack a list");
  return value as readonly RawFields[];
}

function text(value: unknown): string {
  if (!(value instanceof Uint8Array)) throw new PageError("its metadata lack a name");
  return new TextDecoder().decode(value);
}

function big(value: unknown): bigint {
  if (typeof value !== "bigint") throw new PageError("its metadata lack a number");
  return value;
}

function named<T extends string>(names: readonly (T | undefined)[], index: unknown): T | undefined {
  return typeof index === "number" ? names[index] : undefined;
}
