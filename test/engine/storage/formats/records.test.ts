import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import { DataError } from "../../../../engine/protocol/errors.ts";
import { numberOrNaN } from "../../../../engine/storage/formats/numberOrNaN.ts";
import { type RecordFormat, checkedBy, readRecord, readRecords } from "../../../../engine/storage/formats/records.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";

const format: RecordFormat<{ n: number }> = { parse: checkedBy(z.object({ n: numberOrNaN })), remedy: "make it again" };

async function withText(text: string, work: (file: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "log.jsonl");
    await fs.writeFile(file, text);
    await work(file);
  });
}

function refusal(file: string, what: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DataError);
    assert.equal(error.message, `${file}${what}; make it again`);
    return true;
  };
}

describe("the records of a file", () => {
  it("come in order, past empty lines, with null where a number was not finite", async () => {
    await withText('{"n":1}\n\n{"n":null,"more":true}\n', async (file) => {
      assert.deepEqual(await readRecords(file, format), [{ n: 1 }, { n: NaN }]);
    });
  });

  it("name the line and the field that do not fit", async () => {
    await withText('{"n":1}\n\n{"n":"x"}\n', async (file) => {
      const what = ":3: read: field n does not fit: Invalid input: expected number, received string";
      await assert.rejects(readRecords(file, format), refusal(file, what));
    });
  });

  it("name a damaged line; of a log, the last one may be cut short", async () => {
    const log = { ...format, end: "torn" } as const;
    await withText('{"n":1}\n{"n":', async (file) => {
      await assert.rejects(readRecords(file, format), refusal(file, ":2: read: was damaged on disk"));
      assert.deepEqual(await readRecords(file, log), [{ n: 1 }]);
      await fs.appendFile(file, '\n{"n":2}\n');
      await assert.rejects(readRecords(file, log), refusal(file, ":2: read: was damaged on disk"));
    });
  });

  it("are refused where they are too many bytes to be held", async () => {
    await withText("", async (file) => {
      await fs.truncate(file, 2 ** 29 + 1);
      const what = ": read: holds 536870913 bytes, more than the 536870912 that are read as a whole";
      await assert.rejects(readRecords(file, format), refusal(file, what));
    });
  });

  it("are missing with their file, and none when it is empty", async () => {
    await withText("", async (file) => {
      assert.deepEqual(await readRecords(file, format), []);
      await fs.rm(file);
      await assert.rejects(readRecords(file, format), refusal(file, ": read: no such file"));
    });
  });
});

describe("the value of a file", () => {
  it("is checked, and undefined where there is no file", async () => {
    await withText('{"n":2}', async (file) => {
      assert.deepEqual(await readRecord(file, format), { n: 2 });
      await fs.writeFile(file, '{"m":2}');
      await assert.rejects(readRecord(file, format), /field n does not fit/);
      await fs.writeFile(file, "[");
      await assert.rejects(readRecord(file, format), refusal(file, ": read: not JSON"));
      await fs.writeFile(file, `[${"[],".repeat(200_000)}[]]`);
      await assert.rejects(readRecord(file, format), refusal(file, ": read: JSON with more than 200000 values"));
      await fs.rm(file);
      assert.equal(await readRecord(file, format), undefined);
    });
  });
});
