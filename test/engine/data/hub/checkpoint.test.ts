import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { hubCheckpoint, pickCheckpoint } from "../../../../engine/data/hub/checkpoint.ts";
import { hubReference } from "../../../../engine/data/hub/reference.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type Interference, type LoopbackHub, startHub } from "./loopbackHub.ts";

const FILES: Readonly<Record<string, string | Buffer>> = {
  "README.md": "# A model",
  "config.json": "{}",
  "tokenizer.json": "{}",
  "chat_template.jinja": "{{ messages }}",
  "model.safetensors": randomBytes(200_000),
  "pytorch_model.bin": "the same weights, pickled",
  "onnx/model.onnx": "and in another format",
  "onnx/config.json": "{}",
};
const PICKED = ["config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"];

interface Scene {
  readonly hub: LoopbackHub;
  readonly cache: string;
  readonly get: (from: string, isOffline?: boolean) => ReturnType<typeof hubCheckpoint>;
}

async function withModel(
  work: (scene: Scene) => Promise<void>,
  files = FILES,
  interfere?: Interference,
): Promise<void> {
  await inTemporaryFolder(async (cache) => {
    const hub = await startHub({ "train.jsonl": "{}" }, interfere, files);
    const environment = { endpoint: hub.endpoint, cache, isOffline: false, token: undefined };
    try {
      await work({
        hub,
        cache,
        get: (from, isOffline) => hubCheckpoint(from, { environment, isOffline, firstWaitMs: 1 }),
      });
    } finally {
      await hub.close();
    }
  });
}

describe("a model on the hub", () => {
  it("is downloaded into the cache, as far as it is a checkpoint, and named by its commit", () =>
    withModel(async ({ hub, cache, get }) => {
      const { folder, pinned } = await get("hf:owner/name@v1");
      assert.equal(pinned, `hf:owner/name@${hub.commit}`);
      assert.equal(folder, path.join(cache, "models--owner--name", "snapshots", hub.commit));
      assert.deepEqual((await fs.readdir(folder)).sort(), [...PICKED].sort());
      for (const name of PICKED) {
        assert.deepEqual(await fs.readFile(path.join(folder, name)), Buffer.from(FILES[name] ?? ""), name);
      }
    }));

  it("is read from the cache where the hub must not or cannot be asked", () =>
    withModel(async ({ hub, get }) => {
      await assert.rejects(get("hf:owner/name", true), /not in the cache; a whole plan of the config, or a run/);
      assert.deepEqual(hub.requests, []);
      const first = await get("hf:owner/name");
      assert.deepEqual(await get("hf:owner/name", true), first);
      assert.deepEqual(await get(first.pinned, true), first);
      await hub.close();
      assert.deepEqual(await get("hf:owner/name"), first);
      await assert.rejects(get("hf:owner/other"), /the hub cannot be reached; check the network/);
    }));

  it("goes on where its download has stopped", () => {
    let stopped = 0;
    return withModel(
      async ({ hub, get }) => {
        const { folder } = await get("hf:owner/name");
        assert.deepEqual(await fs.readFile(path.join(folder, "model.safetensors")), FILES["model.safetensors"]);
        assert.ok(hub.requests.some(({ range }) => range === "bytes=1000-"));
      },
      FILES,
      ({ path: asked }, response) => {
        if (!asked.endsWith("model.safetensors") || stopped++ > 0) return false;
        response.writeHead(200, { "content-length": "200000" });
        response.write(Buffer.from(FILES["model.safetensors"] ?? "").subarray(0, 1000), () => response.destroy());
        return true;
      },
    );
  });

  it("is refused by what is wrong with its name or with it", () =>
    withModel(
      async ({ get }) => {
        await assert.rejects(get("hf:owner/name@nowhere"), {
          name: "DataError",
          message:
            /hf:owner\/name@nowhere: there is no such model or revision on the hub; check the name and the revision/,
        });
        await assert.rejects(get("hf:datasets/owner/name"), /is not a model on the hub; write hf:owner\/name/);
        await assert.rejects(get("hf:owner/name"), /holds no model\.safetensors.*; name one with safetensors weights/);
      },
      { "config.json": "{}", "pytorch_model.bin": "pickled" },
    ));

  it("has its shards and their index where its weights are split", () => {
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const index = "model.safetensors.index.json";
    assert.deepEqual(pickCheckpoint([...shards, "config.json", index, "model-x.safetensors"]).names, [
      "config.json",
      index,
      ...shards,
    ]);
    assert.equal(pickCheckpoint([...shards, "config.json"]).names, undefined);
    assert.equal(pickCheckpoint(["a/config.json", "model.safetensors"]).names, undefined);
  });

  it("has a name like a data set's", () => {
    const { kind, name, revision } = hubReference("hf:HuggingFaceTB/SmolLM2-135M-Instruct", "model");
    assert.deepEqual([kind, name, revision], ["model", "HuggingFaceTB/SmolLM2-135M-Instruct", "main"]);
  });
});
