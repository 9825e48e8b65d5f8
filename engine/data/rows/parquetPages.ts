import type { ColumnMetaData } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { PageError, unpacked } from "./parquetCodecs.ts";
import type { Leaf } from "./parquetFooter.ts";
import { numberAt, numberEnd, structEnd } from "./thrift.ts";

/** Most values of one column in one row group. Writers make groups of at most a million rows. */
const MOST_VALUES = 4_000_000;

/** Encodings of values whose size is bounded by that of the page. The others grow without bound. */
const ENCODINGS = new Set([
  ...["PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BYTE_STREAM_SPLIT"],
  ...["DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY"],
]);
const DICTIONARY = new Set(["PLAIN_DICTIONARY", "RLE_DICTIONARY"]);

type Header = ReturnType<typeof parquetHeader>;

/**
 * Walks over the pages of a column in one row group before the library decodes them: that no page unpacks to more, no run
 * repeats a value more often, and no column holds more values than it says, so that a few bytes cannot fill the memory.
 *
 * @param bytes - The column's chunk.
 * @throws {PageError} {ThriftError} or what the library throws.
 */
export function checkPages(bytes: Uint8Array<ArrayBuffer>, meta: ColumnMetaData, leaf: Leaf): void {
  let nValues = 0;
  // As the library does: a last byte is no page.
  for (let at = 0; at < bytes.length - 1;) {
    const start = structEnd(bytes, at);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = parquetHeader({ view, offset: at });
    const size = header.compressed_page_size;
    if (!(size >= 0 && size <= bytes.length - start)) throw new PageError("a page is cut off");
    const page = bytes.subarray(start, start + size);
    nValues += checkPage(page, header, { meta, leaf });
    if (nValues > MOST_VALUES) {
      throw new PageError(`column ${leaf.path.join(".")} has more than ${MOST_VALUES} values in one row group`);
    }
    at = start + size;
  }
}

interface Column {
  readonly meta: ColumnMetaData;
  readonly leaf: Leaf;
}

/** @returns The page's values. */
function checkPage(page: Uint8Array, header: Header, { meta, leaf }: Column): number {
  const size = header.uncompressed_page_size;
  if (header.type === "DICTIONARY_PAGE") {
    const n = countOf(header.dictionary_page_header?.num_values);
    unpacked(meta.codec, page, size);
    return n;
  }
  const levels = [leaf.maxRepetition, leaf.maxDefinition];
  if (header.type === "DATA_PAGE") {
    const { num_values, encoding } = header.data_page_header ?? {};
    const n = countOf(num_values);
    const content = unpacked(meta.codec, page, size);
    let at = 0;
    for (const most of levels) if (most > 0) at = checkSizedRuns(content, at, { width: widthOf(most), n });
    checkValues(content.subarray(at), { encoding, n, meta });
    return n;
  }
  const head = header.data_page_header_v2;
  if (header.type !== "DATA_PAGE_V2" || head === undefined) throw new PageError("a page is of an unknown kind");
  const n = countOf(head.num_values);
  const [repetitionBytes, definitionBytes] = [head.repetition_levels_byte_length, head.definition_levels_byte_length];
  if (!(repetitionBytes >= 0 && definitionBytes >= 0 && repetitionBytes + definitionBytes <= page.length)) {
    throw new PageError("a page's levels are cut off");
  }
  if (leaf.maxRepetition > 0) checkRuns(page, 0, { width: widthOf(leaf.maxRepetition), n });
  if (leaf.maxDefinition > 0) checkRuns(page, repetitionBytes, { width: widthOf(leaf.maxDefinition), n });
  const rest = page.subarray(repetitionBytes + definitionBytes);
  const bytes = size - repetitionBytes - definitionBytes;
  const isPacked = head.is_compressed !== false && bytes > 0;
  checkValues(isPacked ? unpacked(meta.codec, rest, bytes) : rest, { encoding: head.encoding, n, meta });
  return n;
}

function countOf(n: number | undefined): number {
  if (n !== undefined && n >= 0 && n <= MOST_VALUES) return n;
  throw new PageError(`a page of ${n ?? "unknown"} values`);
}

/** Bits of a level. */
function widthOf(most: number): number {
  return 32 - Math.clz32(most);
}

interface Values {
  readonly encoding: string | undefined;
  readonly n: number;
  readonly meta: ColumnMetaData;
}

function checkValues(content: Uint8Array, { encoding, n, meta }: Values): void {
  if (encoding === undefined || !ENCODINGS.has(encoding)) {
    throw new PageError(`values are encoded as ${encoding ?? "something unknown"}, which is not read`);
  }
  if (DICTIONARY.has(encoding) && meta.type !== "BOOLEAN") {
    const width = content[0] ?? 0;
    if (width > 32) throw new PageError("an index of more than 32 bits");
    if (width > 0) checkRuns(content, 1, { width, n });
  } else if (encoding === "RLE" || DICTIONARY.has(encoding)) {
    checkSizedRuns(content, 0, { width: 1, n });
  }
}

interface Runs {
  /** Bits of a value. */
  readonly width: number;
  /** Most values. */
  readonly n: number;
}

/** Runs behind their length. @returns The offset after them. */
function checkSizedRuns(content: Uint8Array, at: number, runs: Runs): number {
  if (at + 4 > content.length) throw new PageError("a page is cut off");
  const bytes = new DataView(content.buffer, content.byteOffset + at, 4).getUint32(0, true);
  if (at + 4 + bytes > content.length) throw new PageError("a page is cut off");
  checkRuns(content, at + 4, runs);
  return at + 4 + bytes;
}

/** Walks over runs, each of which repeats one value or packs several, until there are n values or no more bytes. */
function checkRuns(content: Uint8Array, start: number, { width, n }: Runs): void {
  for (let at = start, seen = 0; seen < n && at < content.length;) {
    const head = numberAt(content, at);
    at = numberEnd(content, at);
    if ((head & 1) === 1) {
      const groups = head >> 1;
      // Writers fill the last group of eight up, and a few leave its bytes away.
      if (groups * 8 > n - seen + 64) throw new PageError("a page packs more values than it says");
      if (groups === 0) throw new PageError("an empty run");
      at += groups * width;
      seen += groups * 8;
    } else {
      const count = head >>> 1;
      if (count > n - seen || count === 0) throw new PageError("a run of more values than the page has");
      at += (width + 7) >> 3;
      seen += count;
    }
  }
}
