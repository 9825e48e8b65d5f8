import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { COLUMNS, COLUMNS_OF } from "../../../engine/config/columns.ts";
import { columnsOf } from "../../../engine/data/columns.ts";
import { recordOf } from "../../../engine/data/layouts/index.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

const ROWS = [
  { question: "a", meta: { source: "b", inner: { deep: 1 } }, turns: [{ role: "user" }] },
  { question: "a", late: null },
];
const NAMES = ["question", "meta", "meta.source", "meta.inner", "meta.inner.deep", "turns", "late"];
const LINES = ROWS.map((row) => `${JSON.stringify(row)}\n`).join("");
const PARQUET = fileURLToPath(new URL("rows/parquet", import.meta.url));

describe("columns of a source", () => {
  for (const [name, bytes] of [
    ["lines.jsonl", LINES],
    ["array.json", JSON.stringify(ROWS)],
    ["packed.jsonl.gz", gzipSync(LINES)],
  ] as const) {
    it(`are those of its first records (${name})`, async () => {
      await inTemporaryFolder(async (folder) => {
        await fs.writeFile(path.join(folder, name), bytes);
        assert.deepEqual(await columnsOf({ from: path.join(folder, name) }), NAMES);
        assert.deepEqual(await columnsOf({ from: path.join(folder, "*") }), NAMES);
      });
    });
  }

  it("are those that a Parquet file lists, also within others", async () => {
    const chat = await columnsOf({ from: path.join(PARQUET, "ultrachat-snappy.parquet") });
    assert.deepEqual(chat, ["prompt", "prompt_id", "messages"]);
    const nested = await columnsOf({ from: path.join(PARQUET, "surprises.parquet") });
    assert.deepEqual(nested.slice(5, -2), ["map", "columns", "columns.role", "columns.content"]);
  });

  it("are looked for in the first megabytes of a text, however far it unpacks", async () => {
    await inTemporaryFolder(async (folder) => {
      const blank = "\n".repeat(9 << 20);
      for (const [text, columns] of [
        [`{"a": 1}\n${blank}{"b": 1}\n`, ["a"]],
        [`${blank}{"b": 1}\n`, []],
        [`[{"a": 1},${blank}{"b": 1}]`, ["a"]],
      ] as const) {
        const from = path.join(folder, "blank.json.gz");
        await fs.writeFile(from, gzipSync(text));
        assert.deepEqual(await columnsOf({ from }), columns);
      }
    });
  });

  it("are those of a split's first file", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "train.jsonl"), '{"a": 1}\n');
      await fs.writeFile(path.join(folder, "test.jsonl"), '{"b": 1}\n');
      assert.deepEqual(await columnsOf({ from: folder, split: "test" }), ["b"]);
    });
  });

  it("are read from the beginning alone: what is wrong behind it does not matter", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "long.jsonl");
      await fs.writeFile(file, `${'{"a": 1}\n'.repeat(40)}broken\n`);
      assert.deepEqual(await columnsOf({ from: file }), ["a"]);
      await fs.writeFile(
        file,
        JSON.stringify(Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`c${n}`, n]))),
      );
      assert.equal((await columnsOf({ from: file })).length, 500);
    });
  });

  it("are none of what is on the hub, and an error where there is no file", async () => {
    assert.deepEqual(await columnsOf({ from: "hf:owner/name@main" }), []);
    await assert.rejects(columnsOf({ from: "/nowhere/a.jsonl" }), DataError);
  });
});

describe("the columns that a kind of record is read from", () => {
  const turns = [{ role: "user", content: "a" }];
  const VALUES: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(COLUMNS.map((name) => [name, name])),
    messages: turns,
    margin: 1,
  };

  for (const [kind, names] of Object.entries(COLUMNS_OF)) {
    it(`are enough for one of ${kind}, whatever they are called`, () => {
      const own = names.filter((name) => name !== "messages");
      const fields = Object.fromEntries(own.map((name) => [`its ${name}`, VALUES[name]]));
      const columns = Object.fromEntries(own.map((name) => [name, `its ${name}`]));
      const record = recordOf({ place: { file: "a" }, fields } as never, kind as "sft", columns);
      assert.equal(Object.keys(record).length, own.length);
    });
  }
});
