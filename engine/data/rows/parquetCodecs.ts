import * as zlib from "node:zlib";
import { type CompressionCodec, snappyUncompress } from "hyparquet";

/** Largest page, unpacked, in bytes. Writers make pages of a megabyte. */
const MOST_PAGE_BYTES = 256 * 1024 * 1024;

/** Node has it since 22.15; the engine's own Node does. */
const { zstdDecompressSync } = zlib as Partial<typeof zlib>;

/** A page that cannot be unpacked; the message is for people. */
export class PageError extends Error {
  override readonly name = "PageError";
}

/** Unpacks a page. @throws when it is damaged. */
type Unpack = (input: Uint8Array, bytes: number) => Uint8Array;

/** Codecs that pages may be packed with. */
export const CODECS = {
  SNAPPY: bounded((input, bytes) => {
    const page = new Uint8Array(bytes);
    snappyUncompress(input, page);
    return page;
  }),
  GZIP: bounded((input, bytes) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, bytes) })),
  BROTLI: bounded((input, bytes) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, bytes) })),
  ...(zstdDecompressSync !== undefined && {
    ZSTD: bounded((input, bytes) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, bytes) })),
  }),
} as const satisfies Partial<Record<CompressionCodec, Unpack>>;

/**
 * Unpacks a page.
 * @throws {PageError}
 */
export function unpacked(codec: CompressionCodec, input: Uint8Array, bytes: number): Uint8Array {
  if (codec === "UNCOMPRESSED") {
    if (input.length !== bytes) throw new PageError("a page is not as long as it says");
    return input;
  }
  const unpack = (CODECS as Partial<Record<CompressionCodec, Unpack>>)[codec];
  if (unpack === undefined) throw new PageError(`pages are packed with ${codec}, which is not read`);
  return unpack(input, bytes);
}

function bounded(unpack: Unpack): Unpack {
  return (input, bytes) => {
    if (!(bytes >= 0 && bytes <= MOST_PAGE_BYTES)) throw new PageError(`a page of ${bytes} bytes`);
    let page: Uint8Array;
    try {
      page = unpack(input, bytes);
    } catch (cause) {
      throw new PageError("a page is damaged", { cause });
    }
    if (page.length !== bytes) throw new PageError("a page is not as long as it says");
    return page;
  };
}
