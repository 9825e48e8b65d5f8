import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";
import { png } from "../../../../engine/pipeline/publish/png.ts";

describe("a PNG file", () => {
  it("holds the pixels, in chunks whose sums are right", () => {
    const pixels = Uint8Array.from({ length: 3 * 2 * 3 }, (_, at) => at * 7);
    const file = png({ width: 3, height: 2, pixels });
    assert.deepEqual([...file.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const chunks = new Map<string, Buffer>();
    for (let at = 8; at < file.length;) {
      const length = file.readUInt32BE(at);
      const body = file.subarray(at + 8, at + 8 + length);
      chunks.set(file.toString("latin1", at + 4, at + 8), body);
      assert.equal(file.readUInt32BE(at + 8 + length), crc32(file.subarray(at + 4, at + 8 + length)));
      at += length + 12;
    }
    assert.deepEqual([...chunks.keys()], ["IHDR", "IDAT", "IEND"]);
    assert.deepEqual([...(chunks.get("IHDR") ?? [])], [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
    const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
    assert.deepEqual([...rows], [0, ...pixels.subarray(0, 9), 0, ...pixels.subarray(9)]);
  });
});
