import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  type ScalarEvent,
  restartRecord,
  scalarEvents,
  scalarRecord,
  versionRecord,
} from "../../../../engine/storage/formats/tfEvents.ts";
import { MessageWriter, fieldsOf } from "../../../../engine/storage/protobuf.ts";
import { collect } from "../temporaryFolder.ts";

/** The file in pieces of a size. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const read = (bytes: Buffer, size = 1 << 18): Promise<ScalarEvent[]> => collect(scalarEvents(pieces(bytes, size), "f"));

const EVENT: ScalarEvent = {
  time: 1_700_000_000.25,
  step: 300,
  values: [
    ["objective/kl", 1.5],
    ["ü", -2],
  ],
};
const FILE = Buffer.concat([versionRecord(1), restartRecord(1, 300), scalarRecord(EVENT)]);

describe("event files of TensorBoard", () => {
  it("have the bytes of the format: length, masked checksum, message, masked checksum", () => {
    // As written by tensorboard 2.21's RecordWriter for Event(wall_time=1, file_version="brain.Event:2").
    assert.equal(
      versionRecord(1).toString("hex"),
      "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a",
    );
  });

  it("read as they were written, in whatever pieces they come", async () => {
    for (const size of [1, 7, 64, FILE.length]) assert.deepEqual(await read(FILE, size), [EVENT]);
  });

  it("keep every f32, infinities and what is no number", async () => {
    const value = fc.float();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string({ minLength: 1 }), value), { minLength: 1 }), async (given) => {
        const values = given.map(([tag, one]) => [Buffer.from(tag).toString(), one] as const);
        const [event] = await read(scalarRecord({ ...EVENT, values }));
        assert.deepEqual(event?.values, values);
      }),
      { numRuns: 50 },
    );
  });

  it("end where their writer was at it, and are refused where they are damaged", async () => {
    assert.deepEqual(await read(FILE.subarray(0, -3)), []);
    for (const at of [0, 9, 20, FILE.length - 1, FILE.length - 30]) {
      const damaged = Buffer.from(FILE);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await assert.rejects(read(damaged), /the record at byte \d+ has (a head|content) whose checksum is wrong/);
    }
    await assert.rejects(read(Buffer.alloc(64, 7)), /checksum is wrong; is it an event file of TensorBoard\?/);
  });

  it("pass over records too large for scalars, in pieces, without holding them", async () => {
    const picture = scalarRecord({ ...EVENT, values: [["x".repeat(3 << 20), 1]] });
    const file = Buffer.concat([picture, scalarRecord(EVENT)]);
    for (const size of [1 << 16, 1 << 20, file.length]) assert.deepEqual(await read(file, size), [EVENT]);
  });
});

describe("messages of Protocol Buffers", () => {
  it("read as they were written", () => {
    const inner = new MessageWriter().varint(1, 2 ** 53 - 1).double(2, -0.5);
    const fields = [...fieldsOf(new MessageWriter().text(16, "ü").message(3, inner).float(4, 1.5).finish())];
    assert.deepEqual(
      fields.map(({ field, kind }) => [field, kind]),
      [
        [16, "bytes"],
        [3, "bytes"],
        [4, "fixed32"],
      ],
    );
    const [, own] = fields;
    const [first] = own?.kind === "bytes" ? fieldsOf(own.bytes) : [];
    assert.deepEqual(first, { field: 1, kind: "varint", value: BigInt(2 ** 53 - 1) });
  });

  it("are refused where they end too early, or have what is none", () => {
    for (const bytes of [[0x08], [0x0a, 5, 1], [0x0d, 1], [0x0b], [0x08, ...Array<number>(11).fill(0xff)]])
      assert.throws(() => [...fieldsOf(Buffer.from(bytes))], RangeError);
  });
});
