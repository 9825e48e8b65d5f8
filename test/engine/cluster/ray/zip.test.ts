import assert from "node:assert/strict";
import { crc32, inflateRawSync } from "node:zlib";
import { zip } from "../../../../engine/cluster/ray/zip.ts";

const ENTRIES = [
  { name: "node", content: Buffer.alloc(300_000, "salsa "), mode: 0o755 },
  { name: "dist/engine/größe.js", content: Buffer.from("export {};\n"), mode: 0o644 },
  { name: "empty", content: Buffer.alloc(0), mode: 0o644 },
];

/** Reads a ZIP from its end, as readers do; Python's own reads ours in test/cluster. */
function unzipped(bytes: Buffer): { name: string; content: Buffer; mode: number }[] {
  const end = bytes.subarray(-22);
  assert.equal(end.readUInt32LE(0), 0x06054b50);
  let at = end.readUInt32LE(16);
  assert.equal(at + end.readUInt32LE(12), bytes.length - 22);
  return Array.from({ length: end.readUInt16LE(10) }, () => {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const header = bytes.subarray(at, at + 46);
    const [packed, size, length] = [header.readUInt32LE(20), header.readUInt32LE(24), header.readUInt16LE(28)];
    const name = bytes.toString("utf8", at + 46, at + 46 + length);
    const local = header.readUInt32LE(42);
    assert.equal(bytes.readUInt32LE(local), 0x04034b50);
    assert.deepEqual(bytes.subarray(local + 4, local + 30), bytes.subarray(at + 6, at + 32));
    const from = local + 30 + length;
    const content = inflateRawSync(bytes.subarray(from, from + packed));
    assert.equal(content.length, size);
    assert.equal(crc32(content), header.readUInt32LE(16));
    at += 46 + length;
    return { name, content, mode: (header.readUInt32LE(38) >>> 16) & 0o777 };
  });
}

describe("ZIP files of ours", () => {
  it("hold every file's bytes, name and permissions, packed, and the same bytes each time", async () => {
    const bytes = await zip(ENTRIES);
    assert.deepEqual(unzipped(bytes), ENTRIES);
    assert.ok(bytes.length < 10_000, `${bytes.length} bytes`);
    assert.deepEqual(await zip(ENTRIES), bytes);
  });
});
