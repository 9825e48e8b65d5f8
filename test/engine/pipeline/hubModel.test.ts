import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { baseFolderOf } from "../../../engine/pipeline/adapterFolder.ts";
import { folderFingerprint } from "../../../engine/pipeline/fingerprints.ts";
import { checkpointSubject, prepareCard } from "../../../engine/pipeline/publish/index.ts";
import { startHub } from "../data/hub/loopbackHub.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData } from "./ownData.ts";
import { artifactOf, keysOf, recordedConfig, resolved, runTiny } from "./tinyRun.ts";
import { withVariables } from "./variables.ts";

/** Files of a folder, by name. */
async function filesIn(folder: string): Promise<Record<string, Buffer>> {
  const names = await fs.readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await fs.readFile(path.join(folder, name))] as const)),
  );
}

describe("a base model on the hub", function () {
  this.timeout(180_000);

  it("is downloaded by the plan, and by its commit part of the run's record and of keys", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const hub = await startHub({}, undefined, await filesIn(path.join(folder, "base")));
      const config = { ...written, model: { checkpoint: "hf:owner/name@v1" } };
      const variables = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(folder, "cache") };
      await withVariables(variables, async () => {
        const settings = resolved(config, folder);
        const runsRoot = settings.runtime.directory;
        await assert.rejects(planPipeline(settings, { runsRoot, isQuick: true }), /not in the cache; a whole plan/);
        assert.deepEqual(hub.requests, []);
        const told: string[] = [];
        const planned = await planPipeline(settings, { runsRoot, progress: (text) => told.push(text) });
        assert.match(told.join("\n"), /hf:owner\/name@v1: model\.safetensors, /);
        await planPipeline(settings, { runsRoot, isQuick: true });
        await hub.close(); // what follows has the cache
        const run = await runTiny(config, folder);
        assert.equal(run.status, "finished");
        assert.equal(keysOf(run).get("sft-1"), planned.find(({ id }) => id === "sft-1")?.key);
        const pinned = { ...run.config, model: { checkpoint: `hf:owner/name@${hub.commit}` } };
        const { config: recorded } = JSON.parse(await fs.readFile(path.join(run.folder, "run.json"), "utf8")) as {
          readonly config: unknown;
        };
        assert.deepEqual(recorded, recordedConfig({ config: pinned }));
        const again = await runTiny({ ...config, model: pinned.model }, folder);
        assert.ok(
          again.events.every((event) => event.kind !== "stageStarted" || event.cached),
          "the name is in keys",
        );
      });
    });
  });

  it("is named by adapters as PEFT asks the hub for it, and found in the cache by that name", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const prompts = await fs.readFile(path.join(folder, "prompts.jsonl"), "utf8");
      const hub = await startHub({ "train.jsonl": prompts }, undefined, await filesIn(path.join(folder, "base")));
      const variables = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(folder, "cache") };
      await withVariables(variables, async () => {
        const model = { checkpoint: "hf:owner/name@v1", lora: { rank: 2 } };
        const data = { ...(written["data"] as object), prompts: { from: "hf:owner/name@v1" } };
        const run = await runTiny({ ...written, model, data }, folder);
        // Both came while it was a run, which says how much of them there is.
        const begun = run.events.findIndex(({ kind }) => kind === "runStarted");
        const came = run.events.slice(0, begun).flatMap((event) => (event.kind === "download" ? [event] : []));
        for (const file of ["model.safetensors", "train.jsonl"]) {
          const last = came.findLast((event) => event.file === file);
          assert.ok(last !== undefined && last.totalBytes > 100, file);
          assert.deepEqual([last.source, last.doneBytes], ["hf:owner/name@v1", last.totalBytes]);
        }
        await hub.close();
        const adapter = path.join(folder, "adapter");
        await fs.cp(artifactOf(run, "sft-1"), adapter, { recursive: true });
        const settings = JSON.parse(await fs.readFile(path.join(adapter, "adapter_config.json"), "utf8")) as object;
        const named = { base_model_name_or_path: "owner/name", revision: hub.commit };
        assert.deepEqual({ ...settings, ...named }, settings);
        const cached = await baseFolderOf(adapter);
        assert.equal(cached, path.join(folder, "cache", "models--owner--name", "snapshots", hub.commit));
        const { card, notes } = await prepareCard({
          ...{ subject: await checkpointSubject(adapter), target: "me/adapter", renew: false },
        });
        assert.match(await fs.readFile(card, "utf8"), /^base_model: "?owner\/name"?$/m);
        assert.deepEqual(notes, []);
        await withVariables({ ...variables, HF_HUB_CACHE: path.join(folder, "empty") }, async () => {
          await assert.rejects(
            baseFolderOf(adapter),
            /"owner\/name" is not a checkpoint here; name its folder with --base/,
          );
        });
      });
    });
  });

  it("is told apart by its commit and not by the times of its files", async () => {
    await inTemporaryFolder(async (folder) => {
      await ownData(folder);
      const base = path.join(folder, "base");
      const [one, other] = ["hf:owner/name@1", "hf:owner/name@2"];
      const [key, bare] = [await folderFingerprint(base, one), await folderFingerprint(base)];
      await fs.utimes(path.join(base, "model.safetensors"), 1, 1);
      assert.equal(await folderFingerprint(base, one), key);
      assert.notEqual(await folderFingerprint(base, other), key);
      assert.notEqual(await folderFingerprint(base), bare);
    });
  });
});
