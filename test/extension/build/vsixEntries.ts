import { readFile } from "node:fs/promises";

/** A file in a VSIX, as the central directory of a zip archive has it. */
export interface Entry {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  /** Permissions, as Unix has them. */
  readonly mode: number;
}

const END = 0x06054b50;
const FILE = 0x02014b50;
/** Sizes of the two kinds of records before their names; APPNOTE.TXT of PKWARE, 4.3.12 and 4.3.16. */
const END_BYTES = 22;
const FILE_BYTES = 46;

/** Files in a VSIX. */
export async function vsixEntries(file: string): Promise<readonly Entry[]> {
  const zip = await readFile(file);
  const end = zip.length - END_BYTES;
  if (zip.readUInt32LE(end) !== END) throw new Error(`${file} does not end as a zip archive without a comment does`);
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== FILE) throw new Error(`${file} has no entry at ${at}`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString("utf8", at + FILE_BYTES, at + FILE_BYTES + (nameBytes ?? 0));
    entries.push({ name, bytes: zip.readUInt32LE(at + 24), mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o777 });
    at += FILE_BYTES + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return entries;
}
