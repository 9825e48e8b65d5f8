import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { fileRows } from "../../../../engine/data/rows/file.ts";
import type { Row } from "../../../../engine/data/rows/row.ts";
import { DataError } from "../../../../engine/protocol/errors.ts";
import { collect, inTemporaryFolder } from "../../storage/temporaryFolder.ts";

/** Rows of a file with that content. */
async function rowsIn(content: string | Uint8Array): Promise<Row[]> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "data.jsonl");
    await fs.writeFile(file, content);
    return collect(fileRows(file));
  });
}

const fieldsOf = (rows: readonly Row[]): unknown => JSON.parse(JSON.stringify(rows.map(({ fields }) => fields)));
const linesOf = (rows: readonly Row[]): unknown => rows.map(({ place }) => place.line);

const RECORDS = [{ prompt: 'a "[{' }, { prompt: "é\n]}" }, { prompt: "c", more: [1, { x: null }] }];
const LINES = RECORDS.map((record) => JSON.stringify(record)).join("\n");
const ARRAY = `[\n${RECORDS.map((record) => JSON.stringify(record)).join(",\n")}\n]\n`;

const BAD: readonly (readonly [title: string, content: string | Uint8Array, line: number | undefined, what: RegExp])[] =
  [
    [
      "a gzip file that is cut off",
      gzipSync(`${LINES}\n`.repeat(1000)).subarray(0, -20),
      undefined,
      /gzip file is cut off; .+/,
    ],
    [
      "a gzip file that is damaged",
      damaged(gzipSync(`${LINES}\n`.repeat(1000))),
      undefined,
      /gzip file is damaged; .+/,
    ],
    ["a gzipped Parquet file", gzipSync("PAR1PAR1"), undefined, /gzipped Parquet/],
    ["a line of a gzip file that is not JSON", gzipSync('{"a":1}\n{'), 2, /not JSON: \{; .+/],
    ["an array that is cut off", '[{"a":1},\n{"a":', 2, /array is cut off/],
    ["an array without an end", '[{"a":1}', 1, /array is cut off/],
    ["an array with a number", '[{"a":1},\n2]', 2, /read data: 2 where an object is needed/],
    ["an array without a comma", '[{"a":1}\n{"a":2}]', 2, /no comma/],
    ["an array with two commas", '[{"a":1},,{"a":2}]', 1, /entry is missing/],
    ["an array with a comma at its end", '[{"a":1},]', 1, /entry is missing/],
    ["an array with more after it", '[{"a":1}]\n[', 2, /after the array's end/],
    ["an array with brackets mixed up", '[{"a":[1}]]', 1, /not JSON/],
    ["an array that is not UTF-8", Buffer.from('[{"a":"\xe9"}]', "latin1"), 1, /not UTF-8/],
    ["two arrays", "[]\n[]", 2, /after the array's end/],
    ["a Parquet file that is cut off", "PAR1", undefined, /Parquet file is cut off/],
    ["a Parquet file without its end", `PAR1${"x".repeat(100)}`, undefined, /its end is missing/],
    ["a Parquet file whose end lies", `PAR1${"x".repeat(100)}\xff\xff\0\0PAR1`, undefined, /metadata do not fit/],
  ];

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.fill(0xff, 20, 40);
  return copy;
}

describe("rows of a file", () => {
  it("come from what a file holds, whatever it is called, but for tables of separated values, which are refused", () =>
    inTemporaryFolder(async (root) => {
      const table = "prompt,response\na,b\n";
      const refusals = {
        "t.csv": "pd\\.read_csv\\(file\\)",
        "t.csv.gz": "pd\\.read_csv",
        "T.TSV": 'file, sep="\\\\t"',
      };
      for (const [name, remedy] of Object.entries(refusals)) {
        const file = path.join(root, name);
        await fs.writeFile(file, name.endsWith(".gz") ? gzipSync(table) : table);
        await assert.rejects(collect(fileRows(file)), (error: Error) => {
          return error.message.startsWith(`${file}: `) && new RegExp(`not read; .*${remedy}`).test(error.message);
        });
      }
      const records = path.join(root, "records.csv");
      await fs.writeFile(records, LINES);
      assert.equal((await collect(fileRows(records))).length, 3);
    }));

  it("come from JSON Lines and from one JSON array, gzipped or not, with their lines", async () => {
    for (const content of [LINES, gzipSync(LINES), `\ufeff${LINES}`, gzipSync(`\ufeff${LINES}`)]) {
      const rows = await rowsIn(content);
      assert.deepEqual(fieldsOf(rows), RECORDS);
      assert.deepEqual(linesOf(rows), [1, 2, 3]);
    }
    for (const content of [ARRAY, gzipSync(ARRAY), `\ufeff${ARRAY}`]) {
      const rows = await rowsIn(content);
      assert.deepEqual(fieldsOf(rows), RECORDS);
      assert.deepEqual(linesOf(rows), [2, 3, 4]);
    }
  });

  it("may be none, for the reader of several files to judge", async () => {
    for (const content of ["", "[]", " [ ]\n", "\n\n", gzipSync("")]) assert.deepEqual(await rowsIn(content), []);
  });

  it("come from an array with whatever JSON in it, however it is written", async () => {
    const arrays = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 });
    const property = fc.asyncProperty(arrays, fc.constantFrom(0, 1, 3), async (records, indent) => {
      assert.deepEqual(
        fieldsOf(await rowsIn(JSON.stringify(records, undefined, indent))),
        JSON.parse(JSON.stringify(records)),
      );
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("come from entries that are longer than what is read at once", async () => {
    const long = "é[".repeat(200_000);
    const rows = await rowsIn(JSON.stringify([{ prompt: long }, { prompt: "b" }]));
    assert.deepEqual(fieldsOf(rows), [{ prompt: long }, { prompt: "b" }]);
  });

  it("stop being read where their reader stops", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "data.jsonl.gz");
      await fs.writeFile(file, gzipSync(`${LINES}\n`.repeat(100_000)));
      for await (const { fields } of fileRows(file)) {
        assert.deepEqual({ ...fields }, RECORDS[0]);
        break;
      }
    });
  });

  for (const [title, content, line, what] of BAD) {
    it(`are refused of ${title}`, async () => {
      await assert.rejects(rowsIn(content), (error: unknown) => {
        assert.ok(error instanceof DataError, String(error));
        assert.equal(error.line, line, error.message);
        assert.match(error.message, what);
        return true;
      });
    });
  }
});
