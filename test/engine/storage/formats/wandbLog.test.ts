import assert from "node:assert/strict";
import fc from "fast-check";
import { WandbLog } from "../../../../engine/storage/formats/wandbLog.ts";
import { wandbLogRecords } from "./wandbRecords.ts";

const BLOCK = 32_768;

function written(lengths: readonly number[]): void {
  const log = new WandbLog();
  const records = lengths.map((length, at) => Buffer.alloc(length, at + 1));
  const file = Buffer.concat(records.map((record) => log.add(record)));
  assert.deepEqual(wandbLogRecords(file), records);
}

describe("W&B's files of runs", () => {
  it("hold records of any length, in parts that cross no block", () => {
    // The file's head takes 7 bytes of the first block, and a part's head 7.
    for (let rest = 0; rest < 20; rest++) written([BLOCK - 14 - rest, 5, 3 * BLOCK, 1]);
    written([0, 0]);
  });

  it("hold any records", () => {
    fc.assert(fc.property(fc.array(fc.nat(70_000), { minLength: 1, maxLength: 6 }), written), { numRuns: 50 });
  });
});
