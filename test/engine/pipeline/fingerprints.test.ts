import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "../../../engine/protocol/errors.ts";
import { type DataFileFacts, dataFileFacts } from "../../../engine/pipeline/fingerprints.ts";

describe("facts of a data file", () => {
  let folder: string;
  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), "salsa-facts-"));
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  async function factsOf(text: string): Promise<DataFileFacts> {
    const file = join(folder, "data.jsonl");
    await fs.writeFile(file, text);
    return dataFileFacts(file);
  }

  for (const { name, text, rows, longestRow } of [
    { name: "no lines", text: "", rows: 0, longestRow: 0 },
    { name: "lines of which the last is not closed", text: '{"a":1}\n{"a":20}', rows: 2, longestRow: 8 },
    {
      name: "blank lines, and ends of both kinds",
      text: '\r\n{"a":1}\r\n\n  \t\n {"a":2}\n\n',
      rows: 2,
      longestRow: 8,
    },
  ])
    it(`are the number of rows and the hash of a file with ${name}`, async () => {
      const fingerprint = createHash("sha256").update(text).digest("hex");
      assert.deepEqual(await factsOf(text), { rows, longestRow, fingerprint });
    });

  it("count a row once, however many chunks it takes to read", async () => {
    // A mebibyte is read at a time: the rows end right after a chunk, in one, and at its end.
    const long = "x".repeat(1 << 20);
    assert.equal((await factsOf(`${long}\n${long}${long}\n${"y".repeat((1 << 20) - 3)}\n\n z\n`)).rows, 4);
  });

  it("say which file cannot be read", async () => {
    await assert.rejects(dataFileFacts(join(folder, "missing.jsonl")), (error) => {
      return error instanceof DataError && error.message.includes("missing.jsonl");
    });
  });
});
