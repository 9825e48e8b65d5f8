import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import type { PackedFile } from "../programFiles.ts";

const deflate = promisify(deflateRaw);

/** Level of compression: a Node of 120 MB becomes one of 45 MB in some seconds; higher ones take minutes for a few percent. */
const LEVEL = 5;
/** 1980-01-01 00:00: equal files make equal bytes, whenever they are packed. */
const [DOS_TIME, DOS_DATE] = [0, 0x21];
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
/** Version 2.0, which deflates; made on Unix, so that permissions count. */
const [NEEDED, MADE_BY] = [20, (3 << 8) | 20];
const [UTF8, DEFLATED] = [1 << 11, 8];

/**
 * Packs files into a ZIP (PKWARE APPNOTE 6.3, without its extensions for more than 4 GiB): the form of Ray's packages.
 * Equal files in equal order give equal bytes.
 */
export async function zip(entries: readonly PackedFile[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, mode } of entries) {
    const packed = await deflate(content, { level: LEVEL });
    const path = Buffer.from(name);
    // Both kinds of header share these 26 bytes.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(NEEDED, 0);
    shared.writeUInt16LE(UTF8, 2);
    shared.writeUInt16LE(DEFLATED, 4);
    shared.writeUInt16LE(DOS_TIME, 6);
    shared.writeUInt16LE(DOS_DATE, 8);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const own = Buffer.alloc(14);
    own.writeUInt32LE((0o100000 | mode) * 2 ** 16, 6);
    own.writeUInt32LE(offset, 10);
    directory.push(uint32(CENTRAL), uint16(MADE_BY), shared, own, path);
    const local = [uint32(LOCAL), shared, path, packed];
    parts.push(...local);
    offset += local.reduce((bytes, part) => bytes + part.length, 0);
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
