import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { fieldsOf } from "../../../../engine/storage/protobuf.ts";

const KINDS: Readonly<Record<number, string>> = {
  ...{ 2: "history", 3: "summary", 17: "run", 18: "exit", 21: "header" },
};

/** The records of a file of W&B, put together from their parts as W&B's own reader does: every checksum is right. */
export function wandbLogRecords(file: Buffer): readonly Buffer[] {
  assert.equal(file.subarray(0, 7).toString("latin1"), ":W&B\xe1\xbe\0");
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let at = 7; at < file.length;) {
    const left = 32_768 - (at % 32_768);
    if (left < 7) {
      assert.ok(file.subarray(at, at + left).every((byte) => byte === 0));
      at += left;
      continue;
    }
    const [length, type] = [file.readUInt16LE(at + 4), file.readUInt8(at + 6)];
    assert.ok(length <= left - 7, "no part crosses a block");
    const data = file.subarray(at + 7, at + 7 + length);
    assert.equal(data.length, length);
    assert.equal(file.readUInt32LE(at), crc32(data, crc32(Buffer.of(type))));
    assert.equal(type === 1 || type === 2, parts.length === 0, "a record begins where none is open");
    parts.push(data);
    if (type === 1 || type === 4) {
      records.push(Buffer.concat(parts));
      parts = [];
    }
    at += 7 + length;
  }
  assert.deepEqual(parts, []);
  return records;
}

/** Each record's kind, and its bytes as text; records are numbered from 1. */
export function wandbRecords(file: Buffer): readonly { readonly kind: string; readonly text: string }[] {
  return wandbLogRecords(file).map((record, at) => {
    const [number, content] = [...fieldsOf(record)];
    assert.ok(number?.kind === "varint" && number.field === 1 && Number(number.value) === at + 1);
    assert.ok(content?.kind === "bytes");
    return { kind: KINDS[content.field] ?? "unknown", text: content.bytes.toString("latin1") };
  });
}
