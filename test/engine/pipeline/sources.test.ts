import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { planPipeline, writeReport } from "../../../engine/pipeline/index.ts";
import { sftCount, sftTexts, trainPrompts, validationPrompts } from "../../../engine/pipeline/corpus.ts";
import { readData } from "../../../engine/pipeline/fingerprints.ts";
import { sftSource } from "../../../engine/pipeline/stages/sft.ts";
import type { PlannedData } from "../../../engine/protocol/dataCounts.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { startHub } from "../data/hub/loopbackHub.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData } from "./ownData.ts";
import { type Written, resolved, runTiny } from "./tinyRun.ts";
import { withVariables } from "./variables.ts";

const TOKEN = "hf_anotherSecretSecret";

async function records(file: string): Promise<Record<string, string>[]> {
  const text = await fs.readFile(file, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
}

/** Data of one's own in other forms: an array in Alpaca's layout, a gzip file with other columns, prompts on the hub. */
async function inOtherForms(folder: string, written: Written): Promise<{ config: Written; prompts: string }> {
  const sft = await records(path.join(folder, "sft.jsonl"));
  const alpaca = sft.map(({ prompt, response }) => ({ instruction: prompt, input: "", output: response }));
  await fs.writeFile(path.join(folder, "alpaca.json"), JSON.stringify([...alpaca, alpaca[0]], undefined, 1));
  const pairs = (await records(path.join(folder, "preferences.jsonl"))).map(({ prompt, chosen, rejected }) => {
    return { question: prompt, good: chosen, bad: rejected };
  });
  const same = { question: "q", good: "x", bad: "x" };
  const lines = [...pairs, same].map((pair) => JSON.stringify(pair)).join("\n");
  await fs.writeFile(path.join(folder, "pairs.jsonl.gz"), gzipSync(lines));
  const data = {
    ...(written["data"] as Written),
    sft: { from: "alpaca.json", shuffle: 1 },
    preferences: { from: "*.jsonl.gz", columns: { prompt: "question", chosen: "good", rejected: "bad" } },
    prompts: { from: "hf:owner/name@v1", validation: 0.2 },
  };
  return { config: { ...written, data }, prompts: await fs.readFile(path.join(folder, "prompts.jsonl"), "utf8") };
}

describe("a run over data in layouts of others", function () {
  this.timeout(180_000);

  it("goes to the table, with the counts in plan and log, and the token nowhere", async () => {
    await inTemporaryFolder(async (folder) => {
      const { config, prompts } = await inOtherForms(folder, await ownData(folder));
      const hub = await startHub({ "data/train-00000-of-00001.jsonl": prompts });
      const variables = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(folder, "cache"), HF_TOKEN: TOKEN };
      await withVariables(variables, async () => {
        const settings = resolved(config, folder);
        let planned: readonly PlannedData[] = [];
        const told: string[] = [];
        const { directory } = settings.runtime;
        await planPipeline(settings, {
          runsRoot: directory,
          progress: (text) => told.push(text),
          onData: (data) => (planned = data),
        });
        assert.match(told.join("\n"), /hf:owner\/name@v1: data\/train-00000-of-00001\.jsonl, /);
        const byKind = Object.fromEntries(planned.map((one) => [one.kind, one]));
        assert.deepEqual(byKind["sft"]?.unusable, { duplicate: 1 });
        assert.deepEqual(byKind["preferences"]?.unusable, { sameAnswers: 1 });
        assert.ok((byKind["prompts"]?.validation ?? 0) > 0);
        await hub.close(); // what follows has the cache
        const events: RunEvent[] = [];
        const run = await runTiny(config, folder, { onEvent: (event) => events.push(event) });
        assert.equal(run.status, "finished");
        const used = events.flatMap((event) => (event.kind === "runStarted" ? (event.data ?? []) : []));
        assert.deepEqual(
          used.map(({ prepared: _prepared, ...counts }) => counts),
          planned,
        );
        // The run says which folders of prepared data it uses, so that they stay for as long as it does.
        const folders = (await fs.readdir(path.join(folder, ".salsa/data"))).filter((name) => name !== "known");
        assert.deepEqual(used.map(({ prepared }) => prepared).sort(), folders.sort());
        const report = await fs.readFile(await writeReport(run.folder), "utf8");
        assert.match(report, /alpaca\.json.*65 read, 64 used.*1 duplicates/);
        for (const name of await fs.readdir(directory, { recursive: true })) {
          const file = path.join(directory, name);
          if ((await fs.stat(file)).isFile()) assert.ok(!(await fs.readFile(file)).includes(TOKEN), name);
        }
        assert.ok(hub.requests.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
      });
    });
  });

  it("keeps the prompts of the validation split from training, and knows them in its fingerprint", async () => {
    await inTemporaryFolder(async (folder) => {
      const from = path.join(folder, "prompts.jsonl");
      const lines = Array.from({ length: 200 }, (_, n) => JSON.stringify({ prompt: `p${n % 150}` }));
      await fs.writeFile(from, lines.join("\n"));
      const read = (validation: number) =>
        readData(
          { from, skip: 0, validation, unusable: "keep" },
          { kind: "prompts", root: path.join(folder, ".salsa") },
        );
      const [ten, none] = [await read(0.1), await read(0)];
      assert.notEqual(ten.file.fingerprint, none.file.fingerprint);
      const source = { task: undefined, file: ten.file.path, validationPrompts: 1000 };
      const [train, kept] = [await Array.fromAsync(trainPrompts(source, 1)), await validationPrompts(source)];
      assert.equal(kept.length, ten.counts?.validation);
      assert.deepEqual([ten.file.kept, none.file.kept], [kept.length, undefined]);
      assert.equal(train.length + kept.length, 200);
      assert.deepEqual(
        kept.filter((prompt) => train.includes(prompt)),
        [],
      );
    });
  });

  it("keeps its share of SFT examples from training, whether or not a soup is measured", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const sft = { from: "sft.jsonl", validation: 0.2, unusable: "keep" };
      const config = resolved({ ...written, data: { ...(written["data"] as Written), sft } }, folder);
      assert.ok(config.data !== undefined && typeof config.data.sft === "object");
      const { file, counts } = await readData(config.data.sft, { kind: "sft", root: config.runtime.directory });
      const all = await records(file.path);
      assert.ok(counts !== undefined && counts.validation > 0 && counts.validation < all.length);
      const { examples: _all, ...source } = sftSource(config);
      const learned = await Array.fromAsync(sftTexts({ ...source, examples: undefined, file: file.path }, 1));
      assert.equal(learned.length, all.length - counts.validation);
      assert.equal(
        sftCount(sftSource({ ...config, sft: { ...config.sft, examples: undefined } }), file),
        learned.length,
      );
      const whole = resolved(written, folder);
      assert.equal(sftSource(whole).keepsExamplesBack, false, "a path alone is learned from whole");
    });
  });
});
