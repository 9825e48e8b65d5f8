import assert from "node:assert/strict";
import * as path from "node:path";
import { compareCheckpoints } from "../../../engine/pipeline/compareCheckpoints.ts";
import { type CheckpointContent, readCheckpoint } from "../../../engine/storage/checkpoints.ts";
import type { JsonObject } from "../../../engine/storage/json.ts";
import { PICO_JSON } from "../models/pico.ts";
import { CONFIG, content, TOKENIZER, writeContent } from "../storage/checkpointFolder.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

/** Writes both checkpoints, compares them, and gives the names of the tensors that are mixed. */
async function compare(a: CheckpointContent, b: CheckpointContent): Promise<string[]> {
  return inTemporaryFolder(async (folder) => {
    const first = await readCheckpoint(await writeContent(path.join(folder, "first"), a));
    const second = await readCheckpoint(await writeContent(path.join(folder, "second"), b));
    try {
      return [...(await compareCheckpoints([first, second]))];
    } finally {
      await first.weights.close();
      await second.weights.close();
    }
  });
}

describe("checkpoints", () => {
  it("go together when only their provenance differs", async () => {
    const second = content((i) => i * i);
    await compare(
      content((i) => i),
      { ...second, config: { ...CONFIG, _name_or_path: "elsewhere", transformers_version: "4.45.2" } },
    );
  });

  it("do not go together when a setting differs", async () => {
    const other = { ...content(() => 0), config: { ...CONFIG, rope: { theta: 1e6 } } };
    await assert.rejects(
      compare(
        content(() => 0),
        other,
      ),
      /second.*config\.json differs from .*first at rope/,
    );
  });

  it("do not go together when a tensor or a shape differs, and the first such is named", async () => {
    const first = content(() => 0);
    const replaced = (name: string, shape: number[]): CheckpointContent => {
      const tensors = new Map(content(() => 0).tensors);
      tensors.set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
      return { ...first, tensors };
    };
    const missing = new Map(first.tensors);
    missing.delete("lm_head.weight");
    const cases: [CheckpointContent, RegExp, string][] = [
      [{ ...first, tensors: missing }, /missing here/, "lm_head.weight"],
      [replaced("score.weight", [1, 4]), /present here/, "score.weight"],
      [replaced("model.norm.weight", [5]), /shape \[5\], but \[4\]/, "model.norm.weight"],
    ];
    for (const [other, message, tensor] of cases) {
      await assert.rejects(compare(first, other), { name: "CheckpointError", message, tensor });
    }
  });

  it("do not go together when a token has another id", async () => {
    const tokenizer = { ...TOKENIZER, model: { type: "WordLevel", vocab: { a: 1, b: 0 } } };
    await assert.rejects(
      compare(
        content(() => 0),
        { ...content(() => 0), tokenizer },
      ),
      /tokenizer\.json.*model\.vocab\.a/,
    );
  });

  /** A checkpoint of an architecture that the engine runs, with other fields of config.json. */
  const known = (changes: JsonObject, tokenizer: JsonObject = TOKENIZER): CheckpointContent => ({
    ...content(() => 0),
    config: { ...PICO_JSON, ...changes },
    tokenizer,
  });

  for (const [what, changes] of [
    ["how caches are used", { use_cache: false }],
    ["the type that is loaded", { dtype: "bfloat16" }],
    ["the tokens that end a text", { eos_token_id: [2, 5] }],
    ["the longest sequence", { max_position_embeddings: 4096 }],
    ["the spelling of transformers 5", { rope_parameters: { rope_type: "default", rope_theta: 10_000 } }],
    ["a default that is spelled out", { attention_bias: false, mlp_bias: false, hidden_act: "silu" }],
    ["its labels", { num_labels: 1, id2label: { 0: "LABEL_0" } }],
  ] as const) {
    it(`go together when config.json differs in ${what}`, async () => {
      await compare(known({}), known(changes));
    });
  }

  for (const [field, changes] of [
    ["architectures", { architectures: ["LlamaForSequenceClassification"] }],
    ["rope_theta", { rope_parameters: { rope_type: "default", rope_theta: 500_000 } }],
    ["rms_norm_eps", { rms_norm_eps: 1e-3 }],
    ["tie_word_embeddings", { tie_word_embeddings: true }],
    ["num_key_value_heads", { num_key_value_heads: 4 }],
  ] as const) {
    it(`do not go together when ${field} differs, however it is spelled`, async () => {
      await assert.rejects(compare(known({}), known(changes)), { message: new RegExp(`differs from .* at ${field}`) });
    });
  }

  it("go together in different types", async () => {
    await compare(
      content(() => 0),
      content(() => 0, "BF16"),
    );
  });

  it("go together when only one stores the copy of tied embeddings, or a table that is computed again", async () => {
    const whole = known({ tie_word_embeddings: true });
    const bare = new Map(whole.tensors);
    bare.delete("lm_head.weight");
    bare.set("model.layers.0.self_attn.rotary_emb.inv_freq", { shape: [2], data: new Float32Array(2) });
    const mixed = ["model.embed_tokens.weight", "model.norm.weight"];
    assert.deepEqual((await compare(whole, { ...whole, tensors: bare })).sort(), mixed);
    assert.deepEqual((await compare({ ...whole, tensors: bare }, whole)).sort(), mixed);
    await assert.rejects(compare(known({}), { ...known({}), tensors: bare }), /tensor lm_head\.weight: .*missing here/);
  });

  const BPE = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] };
  const bpe = (changes: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
    model: { ...BPE, ...changes },
    ...more,
  });

  it("go together when the library's versions spell one tokenizer differently", async () => {
    const spelled = bpe(
      { merges: [["a", "b"]], dropout: null, byte_fallback: false, continuing_subword_prefix: "" },
      { version: "1.0", truncation: { max_length: 8 }, padding: null, normalizer: null },
    );
    await compare(known({}, bpe()), known({}, spelled));
  });

  for (const [at, tokenizer] of [
    ["model.merges", bpe({ merges: [] })],
    ["model.byte_fallback", bpe({ byte_fallback: true })],
    ["normalizer", bpe({}, { normalizer: { type: "NFC" } })],
    ["added_tokens.3", bpe({}, { added_tokens: [{ id: 3, content: "<x>" }] })],
  ] as const) {
    it(`do not go together when tokenizer.json differs in ${at}`, async () => {
      await assert.rejects(compare(known({}, bpe()), known({}, tokenizer)), {
        message: new RegExp(`tokenizer\\.json differs from .* at ${at.replace(".", "\\.")}`),
      });
    });
  }
});
