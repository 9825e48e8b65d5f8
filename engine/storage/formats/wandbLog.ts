import { crc32 } from "node:zlib";

/** Bytes of a block, which no part of a record crosses, and of a part's head: checksum, length, type. */
const [BLOCK, HEAD] = [32_768, 7];
/** A record in one part, and the parts of one that is longer than its block's rest. */
const PART = { whole: 1, first: 2, middle: 3, last: 4 } as const;

/** The beginning of every file: a mark, a magic number and the version. */
const START = Buffer.concat([Buffer.from(":W&B"), Buffer.from([0xe1, 0xbe, 0])]);

/** Puts records into the form of W&B's files of runs, `run-<id>.wandb`: LevelDB's log with zlib's CRC-32. */
export class WandbLog {
  /** Bytes so far. */
  private length = 0;

  /** The bytes that a record adds to the file, the file's beginning included if it is the first. */
  add(record: Uint8Array): Buffer {
    const added: Buffer[] = [];
    const put = (bytes: Buffer): void => {
      added.push(bytes);
      this.length += bytes.length;
    };
    if (this.length === 0) put(START);
    for (let [from, isFirst] = [0, true]; ;) {
      const left = BLOCK - (this.length % BLOCK);
      if (left < HEAD) {
        put(Buffer.alloc(left));
        continue;
      }
      const to = Math.min(record.length, from + left - HEAD);
      const isLast = to === record.length;
      const type = isFirst ? (isLast ? PART.whole : PART.first) : isLast ? PART.last : PART.middle;
      put(part(type, record.subarray(from, to)));
      if (isLast) return Buffer.concat(added);
      [from, isFirst] = [to, false];
    }
  }
}

/**
 * The records at the beginning of such a file, each in one part: as far as these go, without a look at their checksums.
 * @param start - The file's first bytes.
 */
export function firstRecords(start: Buffer): readonly Buffer[] {
  const records: Buffer[] = [];
  if (!start.subarray(0, START.length).equals(START)) return records;
  for (let at = START.length; at + HEAD <= Math.min(start.length, BLOCK);) {
    const end = at + HEAD + start.readUInt16LE(at + 4);
    if (start.readUInt8(at + 6) !== PART.whole || end > start.length) break;
    records.push(start.subarray(at + HEAD, end));
    at = end;
  }
  return records;
}

function part(type: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(crc32(data, crc32(Buffer.of(type))));
  head.writeUInt16LE(data.length, 4);
  head.writeUInt8(type, 6);
  return Buffer.concat([head, data]);
}
