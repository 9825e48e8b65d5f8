import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseModelConfig } from "../../../engine/models/index.ts";
import { loadConfig, loadModel, saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { wordLevelTokenizer } from "../../../engine/text/index.ts";
import { PICO_JSON, picoWeights } from "../models/pico.ts";

describe("a model's folder", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-model-"));
    const config = parseModelConfig({ ...PICO_JSON, eos_token_id: [2, 7] });
    const tokenizer = wordLevelTokenizer(["one", "two"]);
    await saveModel(folder, { config, weights: picoWeights(1, ["language"], config), tokenizer });
  });
  after(() => rm(folder, { recursive: true }));

  /** Rewrites config.json with other values. */
  async function change(changes: object): Promise<void> {
    const file = join(folder, "config.json");
    const json = JSON.parse(await readFile(file, "utf8")) as object;
    await writeFile(file, JSON.stringify({ ...json, ...changes }));
  }

  it("keeps every end-of-text token of config.json", async () => {
    assert.deepEqual((await loadConfig(folder)).specialTokens.eos, [2, 7]);
  });

  const MISFITS = [
    ["layers that no tensor backs", { num_hidden_layers: 10_000 }, /has no tensor model\.layers\.2\./],
    [
      "biases that no tensor backs",
      { attention_bias: true },
      /has no tensor model\.layers\.0\.self_attn\.q_proj\.bias/,
    ],
    ["sizes that the tensors do not have", { vocab_size: 32 }, /embed_tokens\.weight is \[19, 16\] in the checkpoint/],
  ] as const;
  for (const [what, changes, message] of MISFITS) {
    it(`with ${what} is refused before any weight is read`, async () => {
      const original = await readFile(join(folder, "config.json"), "utf8");
      await change(changes);
      // Bytes that would be refused, too, had they been looked at first: an infinite embedding.
      const file = join(folder, "model.safetensors");
      const weights = await readFile(file);
      const damaged = Buffer.from(weights).fill(0xff, 8 + Number(weights.readBigUInt64LE()));
      await writeFile(file, damaged);
      for (const load of [loadConfig, loadModel]) {
        await assert.rejects(load(folder), { name: "CheckpointError", message });
      }
      await writeFile(file, weights);
      await writeFile(join(folder, "config.json"), original);
    });
  }
});
