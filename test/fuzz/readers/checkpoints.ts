import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import * as z from "zod";
import { parseModelConfig } from "../../../engine/models/index.ts";
import { rotaryFrequencies, rotaryScoreFactor } from "../../../engine/models/ropeKinds.ts";
import { readAdapterSettings } from "../../../engine/storage/adapterFolders.ts";
import { readCheckpointFiles } from "../../../engine/storage/checkpoints.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { openWeights } from "../../../engine/storage/shards.ts";
import { readSnapshot, stateAs } from "../../../engine/storage/snapshots.ts";
import { loadTokenizer, wordLevelTokenizer } from "../../../engine/text/index.ts";
import { DataOrder } from "../../../engine/training/index.ts";
import { positionSchema } from "../../../engine/pipeline/training.ts";
import { type Reader, jsonFiles } from "../reader.ts";

const HEADER = {
  __metadata__: { format: "pt" },
  a: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
  b: { dtype: "BF16", shape: [3], data_offsets: [16, 22] },
};

function safetensorsFile(header: object, dataBytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes, 1)]);
}

const WEIGHTS = safetensorsFile(HEADER, 22);

const safetensors: Reader = {
  name: "safetensors",
  corpus: [WEIGHTS, safetensorsFile({}, 0)],
  errors: ["CheckpointError", "DiskError"],
  read: async (input, place) => {
    const weights = await openSafetensors(place.write("w.safetensors", input));
    try {
      let bytes = 8 + Number(input.readBigUInt64LE(0));
      for (const [name, { shape, dtype }] of weights.tensors) {
        bytes += shape.reduce((product, size) => product * size, elementBytes(dtype));
        if (dtype === "F32" || dtype === "BF16" || dtype === "F16") await weights.readTensor(name);
      }
      assert.equal(bytes, input.length, "the tensors do not fill the file");
    } finally {
      await weights.close();
    }
  },
};

function elementBytes(dtype: string): number {
  const [bits = "8"] = /\d+/.exec(dtype) ?? [];
  return dtype === "BOOL" ? 1 : Number(bits) / 8;
}

const index: Reader = {
  name: "shardIndex",
  corpus: jsonFiles({
    metadata: { total_size: 22 },
    weight_map: { a: "model-1.safetensors", b: "model-1.safetensors" },
  }),
  errors: ["CheckpointError", "DiskError"],
  read: async (input, place) => {
    place.write("model-1.safetensors", WEIGHTS);
    place.write("model.safetensors.index.json", input);
    await (await openWeights(place.folder)).close();
  },
};

const LLAMA = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 176,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rope_theta: 10000,
  rope_scaling: {
    ...{ rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
    original_max_position_embeddings: 8192,
  },
  rms_norm_eps: 1e-5,
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: [2, 3],
};
const GEMMA = {
  ...LLAMA,
  ...{ architectures: ["Gemma3ForCausalLM"], model_type: "gemma3_text", rope_scaling: null, head_dim: 16 },
  ...{ sliding_window: 16, sliding_window_pattern: 2, query_pre_attn_scalar: 16, final_logit_softcapping: null },
};
const QWEN = {
  ...LLAMA,
  ...{ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2", rope_scaling: null, use_sliding_window: false },
  layer_types: ["full_attention", "full_attention"],
};

const SMOLLM = {
  ...LLAMA,
  ...{ architectures: ["SmolLM3ForCausalLM"], model_type: "smollm3", rope_scaling: null, no_rope_layers: [1, 0] },
  rope_parameters: {
    ...{ rope_type: "yarn", rope_theta: 10000, factor: 4, original_max_position_embeddings: 16, attention_factor: 1.1 },
    ...{ beta_fast: 32, beta_slow: 1, mscale: 1, mscale_all_dim: 0.5, truncate: false },
  },
};

const modelConfig: Reader = {
  name: "modelConfig",
  corpus: jsonFiles(LLAMA, GEMMA, QWEN, SMOLLM),
  errors: ["CheckpointError", "DiskError", "ModelConfigError"],
  read: async (input, place) => {
    place.write("config.json", input);
    const model = parseModelConfig((await readCheckpointFiles(place.folder)).config);
    const { hiddenSize, nLayers, nHeads, nKvHeads, headSize, vocabularySize, maxPositions } = model;
    for (const size of [hiddenSize, nLayers, nHeads, nKvHeads, headSize, vocabularySize, maxPositions]) {
      assert.ok(Number.isSafeInteger(size) && size >= 1 && size <= 2 ** 24, String(size));
    }
    assert.equal(nHeads % nKvHeads, 0);
    assert.ok(model.normEps > 0);
    for (const { rope } of model.attentionPattern) {
      const frequencies = rope === undefined ? [] : rotaryFrequencies(headSize, rope);
      assert.ok(frequencies.every(Number.isFinite) && Number.isFinite(rotaryScoreFactor(rope)));
    }
  },
};

const { files } = wordLevelTokenizer(["reverse", "city", "river"]);

/** Small ones of other kinds, with the parts that are read most closely. */
const LLAMA_TOKENIZER = {
  ...files.tokenizer,
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { Regex: "[[:space:]&&[^\\n]]+|(?>a|b)++c{2,}" }, content: "▁" },
    ],
  },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
  decoder: {
    type: "Sequence",
    decoders: [{ type: "ByteFallback" }, { type: "Strip", content: " ", start: 1, stop: 0 }],
  },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  },
  model: {
    ...{ type: "BPE", unk_token: "<unk>", fuse_unk: true, byte_fallback: true },
    vocab: {
      "<pad>": 0,
      "<s>": 1,
      "</s>": 2,
      "<unk>": 3,
      "▁": 4,
      c: 5,
      i: 6,
      t: 7,
      y: 8,
      it: 9,
      ity: 10,
      "<0x0A>": 11,
    },
    merges: [["i", "t"], "it y"],
  },
};
const T5_TOKENIZER = {
  ...files.tokenizer,
  normalizer: { type: "Precompiled", precompiled_charsmap: "CAAAAAAEAAAAAAAAYQA=" },
  pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, { type: "FixedLength", length: 3 }] },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  post_processor: { type: "RobertaProcessing", sep: ["</s>", 2], cls: ["<s>", 1] },
  model: {
    ...{ type: "Unigram", unk_id: 3, byte_fallback: false },
    vocab: [
      ["<pad>", 0],
      ["<s>", 0],
      ["</s>", 0],
      ["<unk>", 0],
      ["cit", -1.5],
      ["y", -2],
    ],
  },
};

const tokenizer: Reader = {
  name: "tokenizer",
  corpus: jsonFiles(files.tokenizer, LLAMA_TOKENIZER, T5_TOKENIZER),
  errors: ["TokenizerError"],
  read: async (input, place) => {
    place.write("tokenizer.json", input);
    place.write("tokenizer_config.json", JSON.stringify(files.settings));
    const loaded = await loadTokenizer(place.folder);
    const ids = loaded.encode("reverse: city river.");
    assert.equal(typeof loaded.decode(ids), "string");
    assert.ok(loaded.vocabularySize > 0);
  },
};

const tokenizerSettings: Reader = {
  name: "tokenizerConfig",
  corpus: jsonFiles(files.settings, { ...files.settings, eos_token: { content: "</s>" } }),
  errors: ["TokenizerError"],
  read: async (input, place) => {
    place.write("tokenizer.json", JSON.stringify(files.tokenizer));
    place.write("tokenizer_config.json", input);
    (await loadTokenizer(place.folder)).encode("city");
  },
};

const snapshot: Reader = {
  name: "snapshot",
  corpus: jsonFiles({ step: 3, json: { epoch: 1, position: 4 } }, { step: 0, json: { epoch: 0, position: 0 } }),
  errors: ["CheckpointError", "DiskError", "SequenceError"],
  read: async (input, place) => {
    mkdirSync(`${place.folder}/state-1`, { recursive: true });
    place.write("current", "state-1");
    place.write("state-1/state.json", input);
    place.write(
      "state-1/tensors.safetensors",
      safetensorsFile({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 4),
    );
    const { json = null } = (await readSnapshot(place.folder)) ?? {};
    const state = stateAs(place.folder, json, z.object({ step: z.int().min(0), json: positionSchema }));
    assert.equal(new DataOrder(5, 1, state.json).next(7).length, 7);
  },
};

const LORA = {
  ...{ peft_type: "LORA", task_type: "CAUSAL_LM", base_model_name_or_path: "base", bias: "none", r: 8, lora_alpha: 16 },
  ...{ use_rslora: false, rank_pattern: {}, layers_to_transform: null, modules_to_save: null, init_lora_weights: true },
};

const adapter: Reader = {
  name: "adapterConfig",
  corpus: jsonFiles(LORA, { ...LORA, task_type: "SEQ_CLS", modules_to_save: ["score"], use_rslora: true }),
  errors: ["CheckpointError", "DiskError"],
  read: async (input, place) => {
    place.write("adapter_config.json", input);
    const { rank, alpha, base } = await readAdapterSettings(place.folder);
    assert.ok(Number.isSafeInteger(rank) && rank >= 1 && Number.isFinite(alpha) && alpha > 0);
    assert.equal(typeof base, "string");
  },
};

export const CHECKPOINTS: readonly Reader[] = [
  ...[safetensors, index, modelConfig, adapter, tokenizer, tokenizerSettings, snapshot],
];
