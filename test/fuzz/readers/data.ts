import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as z from "zod";
import { browse } from "../../../engine/data/browse.ts";
import { columnsOf } from "../../../engine/data/columns.ts";
import { pickCheckpoint } from "../../../engine/data/hub/checkpoint.ts";
import { hubReference } from "../../../engine/data/hub/reference.ts";
import { knownFact } from "../../../engine/data/known.ts";
import { recordOf } from "../../../engine/data/layouts/index.ts";
import { reasonOf } from "../../../engine/data/reasons.ts";
import type { RecordKind } from "../../../engine/data/records.ts";
import { fileRows } from "../../../engine/data/rows/file.ts";
import { pickFiles } from "../../../engine/data/rows/pick.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { MOST_NESTED } from "../../../engine/common/json.ts";
import { type Reader, jsonFiles } from "../reader.ts";

const PARQUET = new URL("../../engine/data/rows/parquet/", import.meta.url);
const fixtures = readdirSync(PARQUET)
  .filter((name) => name.endsWith(".parquet") && !/lz4|delta/.test(name)) // those are refused
  .map((name) => readFileSync(new URL(name, PARQUET)));

const turns = [
  { role: "user", content: "hi" },
  { from: "gpt", value: "ho" },
];
const ROWS = [
  { prompt: "a", response: "b" },
  { messages: turns, prompt: turns },
  { messages: { role: ["user"], content: ["a"] } },
  { prompt: "a", chosen: turns, rejected: turns, margin: 1 },
  { chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant: c" },
  { instruction: "a", input: "b", output: "c" },
  { conversations: turns },
  { turns: ["a", "b"], category: "c" },
];
const LINES = Buffer.from(ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** Whatever is in a file, its rows are read, and each is a record or an error that names its place. */
async function readAll(file: string): Promise<void> {
  for await (const row of fileRows(file)) {
    assert.ok((row.place.line ?? row.place.row ?? 0) > 0);
    for (const kind of ["sft", "preferences", "prompts"] satisfies RecordKind[]) {
      try {
        const record = recordOf(row, kind);
        reasonOf(record);
        assert.ok(JSON.stringify(record).length < 16 * MOST_NESTED + 8 * JSON.stringify(row.fields).length);
      } catch (error) {
        assert.ok(error instanceof DataError, String(error));
      }
    }
  }
}

const ERRORS = ["DataError", "DiskError"];

const rows: Reader = {
  name: "dataRows",
  corpus: [LINES, Buffer.from(JSON.stringify(ROWS, undefined, 1)), gzipSync(LINES), gzipSync(JSON.stringify(ROWS))],
  errors: ERRORS,
  read: (input, place) => readAll(place.write("data.jsonl", input)),
};

const parquet: Reader = {
  name: "parquet",
  corpus: fixtures,
  errors: ERRORS,
  read: (input, place) => readAll(place.write("data.parquet", input)),
};

const reference: Reader = {
  name: "hubReference",
  corpus: ["hf:owner/name@main", "hf:name", "hf:a/b@refs/convert/parquet"].map((text) => Buffer.from(text)),
  errors: ERRORS,
  read: (input) => {
    const isModel = input.length % 2 === 1;
    const { name, revision } = hubReference(input.toString(), isModel ? "model" : "dataset");
    assert.ok(![...name.split("/"), ...revision.split("/")].some((part) => part === "" || part === ".."));
    pickFiles([name, revision], { config: revision, split: name });
    pickCheckpoint([name, revision, "config.json"]);
  },
};

/** Whatever is in a file, it can be looked at: each row is a record, or says why it is none. */
const browsed: Reader = {
  name: "browsedRows",
  corpus: rows.corpus,
  errors: ERRORS,
  read: async (input, place) => {
    const file = place.write("data.jsonl", input);
    const kinds = ["sft", "preferences", "prompts"] as const satisfies RecordKind[];
    const kind = kinds[input.length % kinds.length] ?? "sft";
    const source = { from: file, skip: 0, validation: 0.5, unusable: "drop" } as const;
    for await (const row of (await browse(input.length % 2 === 0 ? file : source, { kind })).rows()) {
      assert.ok((row.record === undefined) !== (row.problem === undefined));
    }
  },
};

/** A memory from elsewhere, of a file that looks otherwise, is no memory. */
const known: Reader = {
  name: "knownFacts",
  corpus: jsonFiles({ stamp: "1 2 3 4", facts: { sha256: "ab", "fit sft x": "x" } }),
  errors: ERRORS,
  read: async (input, place) => {
    const file = place.write("data.jsonl", "{}");
    mkdirSync(join(place.folder, "data/known"), { recursive: true });
    const name = createHash("sha256").update(file).digest("hex").slice(0, 16);
    place.write(`data/known/${name}.json`, input);
    const fact = { root: place.folder, file, name: "sha256", schema: z.string() };
    const isRead = new DataError("is read", { file, remedy: "expected" });
    await assert.rejects(
      knownFact(fact, () => Promise.reject(isRead)),
      isRead,
    );
  },
};

/** Whatever is in a file, its columns are named, and not without bound. */
const columns: Reader = {
  name: "dataColumns",
  corpus: [...rows.corpus, ...fixtures],
  errors: ERRORS,
  read: async (input, place) => {
    const names = await columnsOf({ from: place.write("data.bin", input) });
    assert.ok(names.length <= 500 && new Set(names).size === names.length);
  },
};

/** Data in the layouts of others. */
export const DATA: readonly Reader[] = [rows, parquet, reference, browsed, known, columns];
