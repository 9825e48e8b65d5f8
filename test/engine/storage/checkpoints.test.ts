import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { CheckpointError } from "../../../engine/protocol/errors.ts";
import { readCheckpoint } from "../../../engine/storage/checkpoints.ts";
import { CONFIG, content, readTensors, TOKENIZER, writeContent } from "./checkpointFolder.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

describe("checkpoints", () => {
  it("are read as they were written", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = { ...content((i) => i / 3), tokenizerConfig: { a: 1 }, generationConfig: { eos_token_id: 2 } };
      const checkpoint = await readCheckpoint(await writeContent(folder, written));
      const { config, tokenizer, tokenizerConfig, generationConfig } = checkpoint;
      assert.deepEqual([config, tokenizer], [CONFIG, TOKENIZER]);
      assert.deepEqual([tokenizerConfig, generationConfig], [{ a: 1 }, { eos_token_id: 2 }]);
      assert.deepEqual(checkpoint.weights.metadata, new Map([["format", "pt"]]));
      const tensors = await readTensors(checkpoint.weights);
      for (const [name, { data }] of written.tensors) assert.deepEqual(tensors.get(name), data);
      await checkpoint.weights.close();
    });
  });

  it("are refused without a config, without weights, or with a config that is not JSON", async () => {
    await inTemporaryFolder(async (folder) => {
      await assert.rejects(readCheckpoint(folder), /no config\.json/);
      await fs.writeFile(path.join(folder, "config.json"), "{}");
      await assert.rejects(readCheckpoint(folder), /no model\.safetensors.*pickled/);
      await fs.writeFile(path.join(folder, "config.json"), "{");
      await assert.rejects(readCheckpoint(folder), { name: "CheckpointError", message: /config\.json.*not JSON/ });
      await fs.writeFile(path.join(folder, "config.json"), `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
      await assert.rejects(readCheckpoint(folder), { name: "CheckpointError", message: /nested more than 200 deep/ });
    });
  });
});

describe("sharded checkpoints", () => {
  /** Two shards, split by hand, and the index that a test gives. */
  async function withShards(map: Record<string, unknown>, work: (folder: string) => Promise<void>): Promise<void> {
    await inTemporaryFolder(async (folder) => {
      const { tensors, config } = content((i) => i);
      const names = [...tensors.keys()];
      for (const [index, part] of [names.slice(0, 1), names.slice(1)].entries()) {
        const shard = path.join(folder, `shard-${index}`);
        await writeContent(shard, { config, tensors: new Map([...tensors].filter(([name]) => part.includes(name))) });
        await fs.rename(path.join(shard, "model.safetensors"), path.join(folder, `model-${index}.safetensors`));
      }
      await fs.writeFile(path.join(folder, "config.json"), JSON.stringify(config));
      await fs.writeFile(path.join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));
      await work(folder);
    });
  }

  const WHOLE = {
    "model.embed_tokens.weight": "model-0.safetensors",
    "model.norm.weight": "model-1.safetensors",
    "lm_head.weight": "model-1.safetensors",
  };

  it("read like one file", async () => {
    await withShards(WHOLE, async (folder) => {
      const { weights } = await readCheckpoint(folder);
      const tensors = await readTensors(weights);
      await weights.close();
      for (const [name, { data }] of content((i) => i).tensors) assert.deepEqual(tensors.get(name), data);
    });
  });

  it("are refused when the index leads out of the folder", async () => {
    for (const name of [
      "../model-0.safetensors",
      "/etc/passwd",
      "a/b.safetensors",
      "..\\x.safetensors",
      "c:x",
      3,
      null,
    ]) {
      await withShards({ ...WHOLE, "model.norm.weight": name }, async (folder) => {
        await assert.rejects(readCheckpoint(folder), { name: "CheckpointError", message: /not a file name inside/ });
      });
    }
  });

  it("are refused when index and shards disagree", async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ ...WHOLE, extra: "model-0.safetensors" }, /tensor extra: read index: not in model-0/],
      [{ ...WHOLE, "lm_head.weight": "model-0.safetensors" }, /not in model-0/],
      [
        { ...WHOLE, "lm_head.weight": "model-7.safetensors" },
        /model-7\.safetensors: read checkpoint: no such file, and .*index\.json names it; download/,
      ],
      [{ "model.norm.weight": "model-1.safetensors" }, /model-1\.safetensors holds it unnamed/],
    ];
    for (const [map, message] of cases) {
      await withShards(map, async (folder) => {
        await assert.rejects(
          readCheckpoint(folder),
          (error) => error instanceof CheckpointError && message.test(error.message),
        );
      });
    }
  });
});
