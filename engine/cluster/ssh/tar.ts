import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { PackedFile } from "../programFiles.ts";

const compress = promisify(gzip);

/** Level of compression: higher ones take minutes for a few percent of a Node of 120 MB. */
const LEVEL = 5;
const BLOCK = 512;
/** Longest name that a header holds without its extensions. */
const LONGEST_NAME = 100;
/** Where the checksum stands in a header; it counts as spaces while it is computed. */
const [CHECKSUM, CHECKSUM_BYTES] = [148, 8];

/**
 * Packs files into a gzipped tar (POSIX.1-1988 ustar), which every Linux unpacks without a program of ours, and of which
 * a part that is cut off is refused.
 */
export async function tarGz(files: readonly PackedFile[]): Promise<Buffer> {
  const parts = files.flatMap(({ name, content, mode }) => [
    header(name, content.length, mode),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return compress(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: LEVEL });
}

function header(name: string, bytes: number, mode: number): Buffer {
  if (Buffer.byteLength(name) > LONGEST_NAME) throw new RangeError(`tar: ${name} is longer than ${LONGEST_NAME} bytes`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): number =>
    block.write(value.toString(8).padStart(digits, "0"), at, "ascii");
  block.write(name, 0);
  octal(mode, 100, 7);
  octal(0, 108, 7); // user, group: those of who unpacks it
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(0, 136, 11); // 1970
  block.write("0", 156, "ascii"); // a regular file
  block.write("ustar\x0000", 257, "ascii");
  block.fill(" ", CHECKSUM, CHECKSUM + CHECKSUM_BYTES);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    CHECKSUM,
    6,
  );
  block[CHECKSUM + 6] = 0;
  return block;
}
