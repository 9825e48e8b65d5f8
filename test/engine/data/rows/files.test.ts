import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { localFiles } from "../../../../engine/data/rows/files.ts";
import { matches } from "../../../../engine/data/rows/glob.ts";
import { pickFiles } from "../../../../engine/data/rows/pick.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

/** Names of files below a folder that has these. */
async function found(files: readonly string[], from: string, pick = {}): Promise<readonly string[]> {
  return inTemporaryFolder(async (folder) => {
    for (const name of files) {
      await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await fs.writeFile(path.join(folder, name), "");
    }
    const names = await localFiles(path.join(folder, from), pick);
    return names.map((name) => path.relative(folder, name));
  });
}

const FILES = ["b/train-1.jsonl", "b/train-0.jsonl", "b/notes.txt", "b/.hidden.jsonl", "c/d/x.json.gz", "a.parquet"];

describe("files of a path", () => {
  it("are itself, a folder's data files in order, or those that fit a pattern", async () => {
    assert.deepEqual(await found(FILES, "a.parquet"), ["a.parquet"]);
    assert.deepEqual(await found(FILES, "b"), ["b/train-0.jsonl", "b/train-1.jsonl"]);
    assert.deepEqual(await found(FILES, "c"), ["c/d/x.json.gz"]);
    assert.deepEqual(await found(FILES, "b/*-?.jsonl"), ["b/train-0.jsonl", "b/train-1.jsonl"]);
    assert.deepEqual(await found(FILES, "**/{x,train-0}.json*"), ["b/train-0.jsonl", "c/d/x.json.gz"]);
    assert.deepEqual(await found(["[x]*.jsonl", "y.jsonl"], "[x]*.jsonl"), ["[x]*.jsonl"]);
  });

  it("are refused with a remedy where there are none", async () => {
    await assert.rejects(found(FILES, "b/*.parquet"), {
      name: "DataError",
      message: /no file fits; correct the pattern/,
    });
    await assert.rejects(found(FILES, "none/*.parquet"), { name: "DataError", message: /no file fits/ });
    await assert.rejects(found(["x/readme.md"], "x"), { name: "DataError", message: /holds no \.jsonl/ });
  });

  it("fit patterns in time that grows with their length", () => {
    const started = performance.now();
    assert.equal(matches(`${"*a".repeat(200)}b`, "a".repeat(4000)), false);
    assert.equal(matches(`${"**/".repeat(200)}b`, "a/".repeat(4000)), false);
    assert.equal(matches("{a,b}".repeat(30), "x"), false);
    assert.ok(performance.now() - started < 2000); // a regular expression would take years
  });
});

const ULTRACHAT = ["test_gen-00000-of-00001-3d4cd8309148a71f", "test_sft-00000-of-00001-f7dfac4afe5b93f4"]
  .concat(["train_sft-00000-of-00003-a3ecf92756993583", "train_sft-00001-of-00003-0a1804bcb6ae68c6"])
  .map((name) => `data/${name}.parquet`);
const HH = ["harmless-base", "helpful-base"].flatMap((part) =>
  ["test", "train"].map((split) => `${part}/${split}.jsonl.gz`),
);

describe("files of a config and a split", () => {
  it("are found as published data sets name them", () => {
    assert.deepEqual(pickFiles(ULTRACHAT, { split: "train_sft" }).names, ULTRACHAT.slice(2));
    assert.deepEqual(pickFiles(["README.md", ...HH], { config: "helpful-base", split: "test" }).names, [
      "helpful-base/test.jsonl.gz",
    ]);
    assert.deepEqual(pickFiles(HH, { config: "helpful-base" }).names, ["helpful-base/train.jsonl.gz"]);
    assert.deepEqual(pickFiles(["main/train/0000.parquet", "main/test/0000.parquet"], {}).names, [
      "main/train/0000.parquet",
    ]);
    assert.deepEqual(pickFiles(["part-1.jsonl", "part-2.jsonl"], {}).names, ["part-1.jsonl", "part-2.jsonl"]);
    assert.deepEqual(pickFiles(["alpaca_data.json", "dataset_infos.json"], {}).names, ["alpaca_data.json"]);
  });

  it("are refused with those that there are", () => {
    const several = pickFiles(ULTRACHAT, {});
    assert.match(
      `${several.names === undefined && several.remedy}`,
      /set split to one of test_gen, test_sft, train_sft/,
    );
    const unknown = pickFiles(ULTRACHAT, { split: "train" });
    assert.match(`${unknown.names === undefined && unknown.what}`, /no split "train"/);
    const config = pickFiles(HH, { config: "x" });
    assert.match(`${config.names === undefined && config.remedy}`, /harmless-base\/test/);
  });
});
