import assert from "node:assert/strict";
import { crc32c } from "../../../engine/storage/crc32c.ts";

describe("CRC-32C", () => {
  it("is that of RFC 3720's examples", () => {
    const thirtyTwo = (byte: (at: number) => number): Uint8Array =>
      Uint8Array.from({ length: 32 }, (_, at) => byte(at));
    assert.equal(crc32c(thirtyTwo(() => 0)), 0x8a91_36aa);
    assert.equal(crc32c(thirtyTwo(() => 0xff)), 0x62a8_ab43);
    assert.equal(crc32c(thirtyTwo((at) => at)), 0x46dd_794e);
    assert.equal(crc32c(thirtyTwo((at) => 31 - at)), 0x113f_db5c);
    assert.equal(crc32c(Buffer.from("123456789")), 0xe306_9283);
  });
});
