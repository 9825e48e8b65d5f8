import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { fileRows } from "../../../../engine/data/rows/file.ts";
import { structEnd } from "../../../../engine/data/rows/thrift.ts";
import { DataError } from "../../../../engine/protocol/errors.ts";
import { collect, inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const FOLDER = fileURLToPath(new URL("parquet", import.meta.url));
const fixture = (name: string): string => path.join(FOLDER, `${name}.parquet`);

const rowsOf = async (name: string): Promise<unknown[]> =>
  (await collect(fileRows(fixture(name)))).map(({ fields }) => JSON.parse(JSON.stringify(fields)) as unknown);

const CHAT = Array.from({ length: 25 }, (_, n) => ({
  prompt: `What is ${n}?`,
  prompt_id: `id-${n}`,
  messages: [
    { content: `What is ${n}?`, role: "user" },
    { content: `It is ${n}. Ümlaut 🙂`, role: "assistant" },
  ],
}));

describe("a Parquet file", () => {
  for (const codec of ["snappy", "zstd", "gzip", "brotli", "none", "v2"]) {
    it(`gives the rows that pyarrow wrote (${codec})`, async () => {
      assert.deepEqual(await rowsOf(`ultrachat-${codec}`), CHAT);
    });
  }

  it("numbers its rows over row groups, and reads the columns that are asked for", async () => {
    const rows = await collect(fileRows(fixture("ultrachat-snappy"), { columns: ["prompt_id", "other"] }));
    assert.deepEqual(
      rows.map(({ place, fields }) => [place.row, { ...fields }]),
      CHAT.map(({ prompt_id }, index) => [index + 1, { prompt_id }]),
    );
  });

  it("may have no rows", async () => {
    assert.deepEqual(await rowsOf("empty"), []);
  });

  it("gives numbers, times, bytes, maps and nested lists as JSON has them, and null for what is missing", async () => {
    const [first, second, third] = (await collect(fileRows(fixture("surprises")))).map(({ fields }) => fields);
    assert.equal(
      JSON.stringify(first),
      '{"whole":1,"share":0.5,"time":"2024-01-02T03:04:05.000Z","price":{"bytes":5},"bytes":"\\u0000\ufffd",' +
        '"map":{"a":"b"},"columns":{"role":["user","assistant"],"content":["hi","ho"]},"deep":[[["a"],[]],null],' +
        '"__proto__":"x"}',
    );
    assert.equal(second?.["whole"], String(2n ** 60n));
    assert.equal(second["share"], null);
    assert.equal(JSON.stringify(third?.["columns"]), '{"role":[],"content":null}');
    assert.equal(Object.getPrototypeOf(first), null);
  });

  it("is refused with what it is written in, where that is not read", async () => {
    await assert.rejects(rowsOf("ultrachat-lz4"), {
      name: "DataError",
      message: /packed with LZ4_RAW.*; write it again/,
    });
    await assert.rejects(rowsOf("ultrachat-delta"), {
      name: "DataError",
      message: /DELTA_BYTE_ARRAY.*; write it again/,
    });
  });

  it("ends in an error of ours or in rows, wherever it is damaged", async function () {
    this.timeout(60_000); // some hundred files
    await inTemporaryFolder(async (folder) => {
      const whole = await Promise.all(["ultrachat-v2", "surprises"].map((name) => fs.readFile(fixture(name))));
      const file = path.join(folder, "damaged.parquet");
      const damage = fc.record({
        which: fc.constantFrom(0, 1),
        at: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      });
      const property = fc.asyncProperty(damage, async ({ which, at }) => {
        const bytes = Buffer.from(whole[which] ?? []);
        for (const [offset, byte] of at) bytes[4 + (offset % (bytes.length - 8))] = byte;
        await fs.writeFile(file, bytes);
        await collect(fileRows(file)).catch((error: unknown) => assert.ok(error instanceof DataError, String(error)));
      });
      await fc.assert(property, { numRuns: 400 });
    });
  });
});

describe("Thrift's compact protocol", () => {
  const refused: readonly (readonly [title: string, bytes: readonly number[]])[] = [
    ["is cut off", [0x15]],
    ["has a number without end", [0x15, ...Array.from({ length: 11 }, () => 0x80), 0]],
    ["nests structures without end", Array.from({ length: 1000 }, () => 0x1c)],
    ["has a list that is longer than the rest", [0x19, 0xf5, 0xff, 0xff, 0x7f]],
    ["has a text that is longer than the rest", [0x18, 0x05, 0x61]],
    ["has a map, which Parquet does not", [0x1b, 0]],
  ];
  for (const [title, bytes] of refused) {
    it(`is refused where it ${title}`, () => {
      assert.throws(() => structEnd(Uint8Array.from(bytes), 0), { name: "ThriftError" });
    });
  }

  it("gives the offset after a structure", () => {
    // {1: 5, 2: "a", 3: [true, false], 20: {}} and something after it
    const bytes = [0x15, 0x0a, 0x18, 0x01, 0x61, 0x19, 0x21, 1, 2, 0x0c, 0x28, 0x00, 0x00, 0xff];
    assert.equal(structEnd(Uint8Array.from(bytes), 0), bytes.length - 1);
  });
});
