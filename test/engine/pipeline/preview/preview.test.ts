import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { openConfigData, openFileData } from "../../../../engine/pipeline/index.ts";
import type { OpenPreview } from "../../../../engine/pipeline/index.ts";
import { MOST_PREVIEWED, type PreviewRow } from "../../../../engine/protocol/preview.ts";
import { ownData, writeJsonl } from "../ownData.ts";
import { type Written, resolved } from "../tinyRun.ts";

const words = (n: number): string => Array.from({ length: n }, () => "city").join(" ");

/** Texts of a row's tokens, those that are learned in square brackets and those that are cut in round ones. */
function read({ sequences }: PreviewRow): string[] {
  return sequences.map(({ pieces, learned, used }) =>
    pieces.map((piece, at) => (at >= used ? `(${piece})` : learned[at] === "1" ? `[${piece}]` : piece)).join(""),
  );
}

describe("a preview of data", function () {
  this.timeout(120_000);
  let folder: string;
  let written: Written;
  let opened: OpenPreview | undefined;

  const open = async (config: Written, source?: string): Promise<OpenPreview> => {
    await opened?.preview.close();
    opened = await openConfigData({ config: resolved(config, folder), configFile: "x.salsa.json", source });
    return opened;
  };
  const rowsOf = async (config: Written, source?: string): Promise<readonly PreviewRow[]> =>
    (await (await open(config, source)).preview.page({ offset: 0, limit: 100 })).rows;
  const dataOf = (change: Written): Written => ({ ...written, data: { ...(written["data"] as Written), ...change } });
  const put = (name: string, records: readonly object[]): Promise<void> => writeJsonl(path.join(folder, name), records);

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-preview-"));
    const config = await ownData(folder);
    const cut = (section: string): Written => ({ ...(config[section] as Written), maxLength: 6 });
    written = { ...config, sft: cut("sft"), reward: cut("reward") };
  });
  afterEach(async () => {
    await opened?.preview.close();
    opened = undefined;
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("shows tokens, what is learned and what is cut off, of examples, pairs and prompts", async () => {
    await put("a.jsonl", [
      { prompt: "city river", response: "time" },
      { prompt: "city", response: words(9) },
    ]);
    await put("b.jsonl", [{ prompt: "city", chosen: "river time", rejected: "time" }]);
    await put("c.jsonl", [{ prompt: "city river" }]);
    const config = dataOf({ sft: "a.jsonl", preferences: "b.jsonl", benchmarks: { mine: "c.jsonl" } });
    const [short, long] = await rowsOf(config);
    assert.deepEqual(short && read(short), ["city river[ time][ </s>]"]);
    assert.deepEqual(long && read(long), [
      "city[ city][ city][ city][ city][ city]( city)( city)( city)( city)( </s>)",
    ]);
    assert.equal(long?.fate, "used");
    const [pair] = await rowsOf(config, "preferences");
    assert.deepEqual(pair && read(pair), ["city[ river][ time][ </s>]", "city[ time][ </s>]"]);
    assert.deepEqual(
      pair?.sequences.map(({ role }) => role),
      ["chosen", "rejected"],
    );
    const [prompt] = await rowsOf(config, "benchmarks.mine");
    assert.deepEqual(prompt && read(prompt), ["city river"]);
  });

  it("says what becomes of each row and why, with its place", async () => {
    const lines = [
      { prompt: "city", response: "time" },
      { prompt: "city", response: "time" },
      { prompt: " ", response: "time" },
      { prompt: words(8), response: "time" },
      { prompt: words(8), response: "time" },
      { prompt: "river" },
    ];
    await put("d.jsonl", lines);
    const fates = async (source: unknown): Promise<readonly (readonly [number | undefined, string, string])[]> =>
      (await rowsOf(dataOf({ sft: source }))).map(({ line, fate, reason = "" }) => [line, fate, reason]);
    assert.deepEqual(await fates({ from: "d.jsonl", validation: 0 }), [
      [1, "used", ""],
      [2, "left out", "duplicate"],
      [3, "left out", "emptyTurn"],
      [4, "left out", "noResponseToken"],
      [5, "left out", "duplicate"],
      [6, "refused", ""],
    ]);
    assert.deepEqual(await fates("d.jsonl"), [
      [1, "used", ""],
      [2, "used", "duplicate"],
      [3, "used", "emptyTurn"],
      [4, "refused", "noResponseToken"],
      [5, "refused", "noResponseToken"],
      [6, "refused", ""],
    ]);
    const { preview } = await open(dataOf({ sft: "d.jsonl" }));
    const { rows } = await preview.page({ offset: 0, limit: 100 });
    assert.match(rows[3]?.problem ?? "", /no response token is left within 6 tokens.*raise sft\.maxLength/);
    assert.match(rows[5]?.problem ?? "", /no field response; add it/);
    const counts = await preview.counts();
    assert.deepEqual(counts.fates, { used: 3, refused: 3 });
    assert.deepEqual(counts.reasons, { duplicate: 1, emptyTurn: 1, noResponseToken: 2, unreadable: 1 });
    assert.equal(counts.cut, 2);
    assert.equal(counts.rows, 6);
  });

  it("gives of a long row in a page the tokens around the first that is learned, and all of a row by itself", async () => {
    await put("l.jsonl", [{ prompt: words(100), response: words(60) }]);
    const { preview } = await openFileData({
      from: path.join(folder, "l.jsonl"),
      model: path.join(folder, "base"),
      kind: "sft",
    });
    const [row] = (await preview.page({ offset: 0, limit: 1 })).rows;
    const [part] = row?.sequences ?? [];
    const [all] = preview.row(0).sequences;
    await preview.close();
    assert.deepEqual([part?.start, part?.pieces.length, part?.nTokens], [88, 73, 161]);
    assert.equal(part?.learned, `${"0".repeat(12)}${"1".repeat(61)}`);
    assert.deepEqual([all?.start, all?.pieces.length], [0, 161]);
    assert.deepEqual(part.pieces, all?.pieces.slice(88));
  });

  it("ends with the line that cannot be read", async () => {
    await fs.writeFile(path.join(folder, "e.jsonl"), '{"prompt":"city","response":"time"}\n{"prompt": "ci\n');
    const rows = await rowsOf(dataOf({ sft: "e.jsonl" }));
    assert.deepEqual(
      rows.map(({ line, fate }) => [line, fate]),
      [
        [1, "used"],
        [2, "refused"],
      ],
    );
  });

  it("refuses a table of separated values as such", async () => {
    await fs.writeFile(path.join(folder, "t.csv"), "prompt,response\ncity,time\n");
    const [row, ...more] = await rowsOf(dataOf({ sft: "t.csv" }));
    assert.deepEqual([row?.fate, more], ["refused", []]);
    assert.match(row?.problem ?? "", /is a table of separated values, which are not read; .*pd\.read_csv/);
  });

  it("scrolls a hundred thousand rows and reads no more, a thousand at first and any again", async () => {
    const nRows = MOST_PREVIEWED + 5;
    const lines = Array.from({ length: nRows }, () => `{"prompt":"city","response":"time"}\n`).join("");
    await fs.writeFile(path.join(folder, "many.jsonl"), lines);
    const { preview } = await open(dataOf({ sft: "many.jsonl" }));
    const first = await preview.page({ offset: 0, limit: 60 });
    assert.equal(first.rows.length, 60);
    assert.ok(first.total >= 1000 && first.total <= 2000 && !first.isAll, `${first.total}`);
    let page = first;
    while (!page.isAll) page = await preview.page({ offset: page.total, limit: 60 });
    assert.equal(page.total, MOST_PREVIEWED);
    assert.match(page.bound ?? "", /only the first 100,000 rows are read/);
    const last = await preview.page({ offset: MOST_PREVIEWED - 1, limit: 60 });
    assert.deepEqual(
      last.rows.map(({ line }) => line),
      [MOST_PREVIEWED],
    );
    assert.equal(preview.row(70_000).line, 70_001);
    assert.throws(() => preview.row(MOST_PREVIEWED), RangeError);
    assert.equal((await preview.counts()).rows, 1000);
  });

  it("stops when it is no longer wanted, and goes on when it is again", async () => {
    const { preview } = await open(dataOf({ sft: "many.jsonl" }));
    await assert.rejects(preview.page({ offset: 50_000, limit: 60 }, AbortSignal.abort()), { name: "AbortError" });
    assert.equal((await preview.page({ offset: 0, limit: 2 })).rows.length, 2);
  });

  it("sees a file by a checkpoint, for what its columns say it is for", async () => {
    const model = path.join(folder, "base");
    const kindOf = async (name: string): Promise<string> => {
      const { preview, source } = await openFileData({ from: path.join(folder, name), model });
      await preview.close();
      return source.kind;
    };
    assert.equal(await kindOf("sft.jsonl"), "sft");
    assert.equal(await kindOf("preferences.jsonl"), "preferences");
    assert.equal(await kindOf("prompts.jsonl"), "prompts");
  });

  it("is refused where there is none, with what there is", async () => {
    await assert.rejects(
      open(written, "benchmarks.none"),
      /no source "benchmarks\.none"; there are sft, preferences, /,
    );
    const config = resolved(dataOf({ sft: "hf:owner/name@main" }), folder);
    await assert.rejects(
      openConfigData({ config, configFile: "x.salsa.json" }, { isOffline: true }),
      /hf:owner\/name@main: it is not in the cache/,
    );
  });
});
