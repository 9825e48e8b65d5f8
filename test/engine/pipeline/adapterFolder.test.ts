import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { LORA_A, adapterParameters } from "../../../engine/models/index.ts";
import { baseFolderOf, readAdapter, saveAdapter } from "../../../engine/pipeline/adapterFolder.ts";
import { checkpointSubject, prepareCard } from "../../../engine/pipeline/publish/index.ts";
import { saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { CheckpointError } from "../../../engine/protocol/errors.ts";
import { readCheckpoint } from "../../../engine/storage/checkpoints.ts";
import { PromptFormat, wordLevelTokenizer } from "../../../engine/text/index.ts";
import { PICO, picoWeights } from "../models/pico.ts";

const ADAPTER = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] } as const;

describe("an adapter's folder", () => {
  let folder: string;
  let base: string;
  let format: PromptFormat;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-adapter-"));
    base = path.join(folder, "base");
    const tokenizer = wordLevelTokenizer(["reverse", "city"]);
    format = new PromptFormat(tokenizer);
    await saveModel(base, { config: PICO, weights: picoWeights(), tokenizer });
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** An adapter whose settings or tensors are changed. */
  async function written(
    settings: object = {},
    change: (weights: Weights) => Weights = (same) => same,
  ): Promise<string> {
    const target = await fs.mkdtemp(path.join(folder, "adapter-"));
    const shapes = adapterParameters({ ...PICO, adapter: ADAPTER });
    const weights = new Map(
      [...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array((shape[0] ?? 0) * (shape[1] ?? 0)) }]),
    );
    await saveAdapter(target, { adapter: ADAPTER, weights: change(weights), format, base, head: "language" });
    const file = path.join(target, "adapter_config.json");
    const known = JSON.parse(await fs.readFile(file, "utf8")) as object;
    await fs.writeFile(file, JSON.stringify({ ...known, ...settings }));
    return target;
  }

  type Weights = Parameters<typeof saveAdapter>[1]["weights"];

  async function refused(adapter: string, message: RegExp): Promise<void> {
    await assert.rejects(readAdapter(adapter, PICO), (error: Error) => {
      assert.ok(error instanceof CheckpointError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }

  it("is read as it was written, and names its base", async () => {
    const adapter = await written();
    const read = await readAdapter(adapter, PICO);
    assert.deepEqual(read.adapter, ADAPTER);
    assert.deepEqual([...read.weights.keys()], [...adapterParameters({ ...PICO, adapter: ADAPTER }).keys()]);
    assert.equal(await baseFolderOf(adapter), base);
    assert.equal(await baseFolderOf(adapter, "elsewhere"), "elsewhere");
  });

  it("is published with its base's own name, and a warning where that is a folder of this machine", async () => {
    const prepared = async (adapter: string): ReturnType<typeof prepareCard> =>
      prepareCard({ subject: await checkpointSubject(adapter), target: "me/adapter", renew: false });
    const { card, notes } = await prepared(await written());
    assert.match(
      notes.join(),
      /adapter_config\.json names the base model by its folder on this machine, .*base: others/,
    );
    const text = await fs.readFile(card, "utf8");
    assert.match(text, /\| Base \| `base`, a local folder \|/);
    assert.ok(!text.includes(base));
    const named = await prepared(await written({ base_model_name_or_path: "owner/name", revision: "v1" }));
    assert.deepEqual(named.notes, []);
    assert.match(await fs.readFile(named.card, "utf8"), /^base_model: "?owner\/name"?$/m);
  });

  it("may be scaled by the root of the rank", async () => {
    const { adapter } = await readAdapter(await written({ use_rslora: true }), PICO);
    assert.ok(Math.abs(adapter.alpha / adapter.rank - 4 / Math.sqrt(2)) < 1e-12);
  });

  for (const [field, value] of Object.entries({
    peft_type: "IA3",
    use_dora: true,
    bias: "all",
    rank_pattern: { q_proj: 4 },
    layers_to_transform: [0],
    modules_to_save: ["embed_tokens"],
    init_lora_weights: "pissa",
    r: 0,
    lora_alpha: 1e300,
    task_type: "SEQ_2_SEQ_LM",
  })) {
    it(`is refused by name with ${field} ${JSON.stringify(value)}`, async () => {
      await refused(
        await written({ [field]: value }),
        new RegExp(`read adapter: ${field} .* is not supported; .*merge`),
      );
    });
  }

  it("is refused when it does not go with the base, or changes something else", async () => {
    await refused(await written({ r: 3 }), /does not go with the base model: .*lora_A\.weight is \[2, 16\]/);
    const lacking = await written({}, (weights) => new Map([...weights].slice(1)));
    await refused(lacking, /the checkpoint has no tensor model\.layers\.0.*lora_A/);
    const extra = { shape: [2, 2], data: new Float32Array(4) };
    const foreign = await written({}, (weights) => new Map([...weights, [`lm_head${LORA_A}`, extra]]));
    await refused(foreign, /tensor lm_head\.lora_A\.weight: changes something that is not supported/);
    const nan = { shape: [2, 16], data: new Float32Array(32).fill(NaN) };
    const diverged = await written(
      {},
      (weights) => new Map([...weights, [`model.layers.0.self_attn.q_proj${LORA_A}`, nan]]),
    );
    await refused(diverged, /holds numbers that are not finite/);
  });

  it("says what to do where its base is not, and where a checkpoint is wanted", async () => {
    const adapter = await written({ base_model_name_or_path: "meta-llama/Llama-3" });
    await assert.rejects(
      baseFolderOf(adapter),
      /"meta-llama\/Llama-3" is not a checkpoint here; name its folder with --base/,
    );
    await assert.rejects(readCheckpoint(adapter), /it is an adapter: .*salsa merge/);
  });
});
