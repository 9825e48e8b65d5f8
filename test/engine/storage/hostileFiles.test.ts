import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { dataFileFacts } from "../../../engine/pipeline/fingerprints.ts";
import { readWinRates } from "../../../engine/pipeline/winRateFile.ts";
import { readConfigFile } from "../../../engine/server/configFile.ts";
import { Artifacts, artifactKey } from "../../../engine/storage/artifacts.ts";
import { readCheckpointFiles } from "../../../engine/storage/checkpoints.ts";
import { readPrompts } from "../../../engine/storage/datasets.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { readChoice } from "../../../engine/storage/formats/choice.ts";
import { readComparisons } from "../../../engine/storage/formats/comparisons.ts";
import { readGames } from "../../../engine/storage/formats/games.ts";
import { readModels } from "../../../engine/storage/formats/models.ts";
import { readDescription } from "../../../engine/storage/formats/runDescription.ts";
import { readLastSamples } from "../../../engine/storage/formats/samples.ts";
import { RunFolder, listRuns, runOwner } from "../../../engine/storage/runFolder.ts";
import { readHistory } from "../../../engine/storage/runHistory.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { openWeights } from "../../../engine/storage/shards.ts";
import { StageRecord, readStageCurves } from "../../../engine/storage/stageRecords.ts";
import { loadTokenizer } from "../../../engine/text/index.ts";
import { HAS_PIPES, besideOthers, putLink, putPipe } from "./hostile.ts";
import { collect, inTemporaryFolder } from "./temporaryFolder.ts";

/** A file, from the folder `.salsa` on, and its reader, which takes the folder that stands two below. */
type Case = readonly [file: string, read: (folder: string) => Promise<unknown>];

/** Files below a root. */
const OURS: readonly Case[] = [
  ["runs/one-1/run.json", readDescription],
  ["runs/one-1/events.jsonl", readHistory],
  ["runs/one-1/samples.jsonl", readLastSamples],
  ["runs/one-1/lock", runOwner],
  ["runs/one-1/models.json", readModels],
  ["runs/one-1/tables/winRates.json", readWinRates],
  ["artifacts/answers-1/answers.jsonl", readAnswers],
  ["artifacts/judgments-1/comparisons.jsonl", readComparisons],
  ["artifacts/choice-1/choice.json", readChoice],
  ["artifacts/.work-judgments-1/games.jsonl", readGames],
  ["records/ppo-1/events.jsonl", (folder) => readStageCurves(path.resolve(folder, "../.."), "ppo-1")],
];

/** Files that a config names. */
const INPUTS: readonly Case[] = [
  ["my.salsa.json", (folder) => readConfigFile(path.join(folder, "my.salsa.json"))],
  ["prompts.jsonl", (folder) => collect(readPrompts(path.join(folder, "prompts.jsonl")))],
  ["sft.jsonl", (folder) => dataFileFacts(path.join(folder, "sft.jsonl"))],
  ["config.json", readCheckpointFiles],
  ["tokenizer.json", loadTokenizer],
  ["model.safetensors", openWeights],
  ["model.safetensors.index.json", openWeights],
  ["shard.safetensors", (folder) => openSafetensors(path.join(folder, "shard.safetensors"))],
];

const isLink = { name: "DataError", message: /is a link, which is neither read nor written; put what it leads to/ };

/** A refusal of our own that names a file and says that it is a pipe. */
function refusesPipe(file: string): (error: Error) => boolean {
  return (error) => {
    const told = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
    assert.ok(["DataError", "TokenizerError"].includes(error.name), error.name);
    assert.ok(told.includes(file) && told.includes("is a pipe, which is neither read nor written"), told);
    return true;
  };
}

if (HAS_PIPES)
  describe("a pipe in the place of a file", function () {
    this.timeout(20_000); // nobody writes to it: to wait for that would take for ever

    for (const [file, read] of OURS) {
      it(`is refused: ${file}`, async () => {
        await inTemporaryFolder(async (root) => {
          await putPipe(path.join(root, file));
          await assert.rejects(
            read(path.join(root, ...file.split("/").slice(0, 2))),
            refusesPipe(path.join(root, file)),
          );
        });
      });
    }

    for (const [file, read] of INPUTS) {
      it(`is refused, though a config names it: ${file}`, async () => {
        await inTemporaryFolder(async (folder) => {
          await fs.writeFile(path.join(folder, "tokenizer_config.json"), "{}");
          await putPipe(path.join(folder, file));
          await assert.rejects(read(folder), refusesPipe(path.join(folder, file)));
        });
      });
    }

    it("is refused by those who would write to it", async () => {
      await inTemporaryFolder(async (root) => {
        for (const name of ["events.jsonl", "samples.jsonl", "lock", "run.json", "engine.log"]) {
          const file = path.join(root, "runs", `${name}-1`, name);
          await putPipe(file);
          await assert.rejects(RunFolder.open(root, `${name}-1`), refusesPipe(file));
        }
      });
    });
  });

describe("a link in the place of a file", () => {
  for (const [file, read] of OURS) {
    it(`is not read: ${file}`, async () => {
      await besideOthers(async ({ root, outside }) => {
        await fs.writeFile(path.join(outside, "secret"), "{}\n");
        await putLink(path.join(root, file), path.join(outside, "secret"));
        await assert.rejects(read(path.join(root, ...file.split("/").slice(0, 2))), isLink);
      });
    });
  }

  it("is read where a config names it, as Hugging Face's cache has them", async () => {
    await besideOthers(async ({ root, outside }) => {
      await fs.writeFile(path.join(outside, "blob"), '{ "prompt": "hello" }\n');
      await putLink(path.join(root, "prompts.jsonl"), path.join(outside, "blob"));
      const prompts = await collect(readPrompts(path.join(root, "prompts.jsonl")));
      assert.deepEqual(prompts, [{ prompt: "hello" }]);
      await putLink(path.join(root, "config.json"), path.join(outside, "blob"));
      assert.deepEqual(await readCheckpointFiles(root), { config: { prompt: "hello" } });
    });
  });
});

describe("a run's folder with a link in it", () => {
  for (const linked of [
    "runs",
    "runs/one-1",
    "runs/one-1/tables",
    "runs/one-1/events.jsonl",
    "runs/one-1/report/figures",
  ]) {
    it(`is not worked in, and nothing outside of it is written: ${linked}`, async () => {
      const left = await besideOthers(async ({ root, outside }) => {
        await fs.writeFile(path.join(outside, "theirs"), "");
        await putLink(path.join(root, linked), linked.endsWith(".jsonl") ? path.join(outside, "theirs") : outside);
        await assert.rejects(RunFolder.open(root, "one-1"), isLink);
        assert.equal((await fs.stat(path.join(outside, "theirs"))).size, 0);
      });
      assert.deepEqual(left, ["theirs"]);
    });
  }

  it("is not listed where the run's folder is the link", async () => {
    await besideOthers(async ({ root, outside }) => {
      await fs.writeFile(path.join(outside, "run.json"), "{}");
      await putLink(path.join(root, "runs", "one-1"), outside);
      await fs.mkdir(path.join(root, "runs", "two-1"));
      await fs.writeFile(path.join(root, "runs", "two-1", "run.json"), "{}");
      assert.deepEqual(await listRuns(root), ["two-1"]);
    });
  });
});

describe("folders of artifacts with a link in them", () => {
  const key = artifactKey("sft", { seed: 1 });
  const nameOf = (root: string): string => path.basename(new Artifacts(root).path(key));

  it("are not worked in, and nothing outside of them is written or removed", async () => {
    const left = await besideOthers(async ({ root, outside }) => {
      await fs.writeFile(path.join(outside, "theirs"), "");
      const work = path.join(root, "artifacts", `.work-${nameOf(root)}`);
      const artifacts = new Artifacts(root);
      await putLink(path.join(work, "savepoint"), outside);
      await assert.rejects(artifacts.work(key), isLink);
      await fs.rm(work, { recursive: true });
      await putLink(work, outside);
      await assert.rejects(artifacts.work(key), isLink);
      await fs.rm(path.join(root, "artifacts"), { recursive: true });
      await putLink(path.join(root, "artifacts"), outside);
      await fs.mkdir(path.join(outside, ".tmp-1-1-sft"));
      await assert.rejects(artifacts.work(key), isLink);
      await assert.rejects(artifacts.collect(), isLink);
      await assert.rejects(
        artifacts.create(key, () => Promise.resolve()),
        isLink,
      );
      await putLink(path.join(root, "records"), outside);
      await assert.rejects(StageRecord.open({ root, key: "sft-1", run: "one-1" }), isLink);
    });
    assert.deepEqual(left, [".tmp-1-1-sft", "theirs"]);
  });

  it("are removed with the links in them, and without what those lead to", async () => {
    const left = await besideOthers(async ({ root, outside }) => {
      await fs.writeFile(path.join(outside, "theirs"), "");
      const artifacts = new Artifacts(root);
      const made = await artifacts.create(key, () => Promise.resolve());
      await putLink(path.join(made, "away"), outside);
      await putLink(path.join(root, "artifacts", `.work-${nameOf(root)}`, "savepoint"), outside);
      await artifacts.remove(nameOf(root), () => Promise.resolve(false));
      assert.deepEqual(await fs.readdir(artifacts.folder), []);
    });
    assert.deepEqual(left, ["theirs"]);
  });

  it("give no artifact, nor one whose manifest names files elsewhere", async () => {
    await besideOthers(async ({ root, outside }) => {
      const artifacts = new Artifacts(root);
      const made = await artifacts.create(key, (folder) => fs.writeFile(path.join(folder, "config.json"), "{}"));
      assert.equal(await artifacts.get(key), made);
      const manifest = path.join(made, "manifest.json");
      const { files, ...rest } = JSON.parse(await fs.readFile(manifest, "utf8")) as { readonly files: object };
      await fs.writeFile(path.join(outside, "secret"), "12345");
      const elsewhere = { ...files, "../../../outside/secret": { bytes: 5, sha256: "" } };
      await fs.writeFile(manifest, JSON.stringify({ ...rest, files: elsewhere }));
      await assert.rejects(artifacts.get(key), { name: "CheckpointError", message: /the manifest is none/ });
      await fs.writeFile(manifest, JSON.stringify({ ...rest, files }));
      await fs.writeFile(path.join(outside, "config.json"), "{}");
      await fs.rm(path.join(made, "config.json"));
      await putLink(path.join(made, "config.json"), path.join(outside, "config.json"));
      await assert.rejects(artifacts.get(key), isLink);
    });
  });
});
