import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { readRecords } from "../../../engine/storage/formats/records.ts";
import { JsonLog } from "../../../engine/storage/jsonLog.ts";
import { LineTail } from "../../../engine/storage/lineTail.ts";
import { MAX_LINE_BYTES } from "../../../engine/storage/lines.ts";
import { logLineOf, recordOf } from "../../../engine/storage/logLine.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const RECORD = '{"n":1}';

describe("a line of a log", () => {
  for (const [what, text, expected] of [
    ["a record", RECORD, "record"],
    ["a record that ends in CR", `${RECORD}\r`, "record"],
    ["a record after a byte order mark", `\ufeff${RECORD}`, "record"],
    ["a record with U+2028 in it", '{"n":"\u2028"}', "record"],
    ["nothing", "", "blank"],
    ["white space", " \t\r", "blank"],
    ["a byte order mark", "\ufeff", "blank"],
    ["a number", "5", "damaged"],
    ["null", "null", "damaged"],
    ["a list", "[1]", "damaged"],
    ["half a record", '{"n":', "damaged"],
    ["the zeros of a page", "\0\0\0", "damaged"],
    ["a record after zeros", `\0${RECORD}`, "damaged"],
    ["two records", RECORD + RECORD, "damaged"],
  ] as const) {
    it(`that holds ${what} is ${expected === "record" ? "one" : expected}`, () => {
      const line = logLineOf(Buffer.from(text));
      assert.equal(typeof line === "string" ? line : "record", expected);
    });
  }

  it("that is torn within a character is damaged, and not mended with another character", () => {
    const whole = Buffer.from('{"n":"é"}');
    const torn = Buffer.concat([whole.subarray(0, 7), whole.subarray(8)]);
    assert.equal(logLineOf(torn), "damaged");
  });
});

const line = fc.oneof(
  fc.nat(9).map((n) => `{"n":${n}}`),
  fc.constantFrom("", " ", "\r", "5", "null", "{", "\0\0", '{"n":"\u2028"}', '{"n":1}\r', "\ufeff", "[]", '{"n"'),
);

async function recordsOf(file: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const take = (bytes: Buffer): void => {
    const record = recordOf(bytes);
    if (record !== undefined) found.push(record);
  };
  take(await new LineTail(file).read({ line: take, restart: () => undefined }));
  return found;
}

describe("a log that goes on", () => {
  it("keeps every record that readers saw, drops the damage at its end, and adds the next on a line of its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.boolean(), async (lines, isEnded) => {
        await inTemporaryFolder(async (folder) => {
          const file = path.join(folder, "log.jsonl");
          await fs.writeFile(file, lines.join("\n") + (isEnded ? "\n" : ""));
          const before = await recordsOf(file);
          const log = new JsonLog(file);
          assert.deepEqual(log.last, before.at(-1));
          log.append({ next: true });
          log.close();
          assert.deepEqual(await recordsOf(file), [...before, { next: true }]);
          const again = new JsonLog(file);
          assert.deepEqual(again.last, { next: true });
          again.close();
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is opened in no time behind megabytes of empty and damaged lines", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "log.jsonl");
      for (const rest of ["\n".repeat(1_000_000), "x\n".repeat(500_000), "\0".repeat(4_000_000)]) {
        await fs.writeFile(file, `${RECORD}\n${rest}`);
        const before = process.cpuUsage();
        const log = new JsonLog(file);
        log.close();
        const ms = process.cpuUsage(before).user / 1000;
        assert.deepEqual(log.last, { n: 1 });
        assert.ok(ms < 5000, `took ${Math.round(ms)} ms`);
      }
    });
  });

  it("has no record that is longer than lines are read, and is opened after one", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "log.jsonl");
      const log = new JsonLog(file);
      log.append({ n: 1 });
      assert.throws(() => log.append({ text: "x".repeat(MAX_LINE_BYTES) }), {
        name: "DataError",
        message: /log\.jsonl: append: a record of/,
      });
      log.close();
      assert.equal(await fs.readFile(file, "utf8"), `${RECORD}\n`);
      await fs.appendFile(file, `{"text":"${"x".repeat(MAX_LINE_BYTES)}"}\n`);
      const format = { parse: (value: unknown) => value, remedy: "r" };
      await assert.rejects(readRecords(file, format), {
        name: "DataError",
        message: /a line of more than 67108864 bytes; remove the line that begins at byte 8/,
      });
      new JsonLog(file).close();
      assert.equal(await fs.readFile(file, "utf8"), `${RECORD}\n`);
    });
  });
});
