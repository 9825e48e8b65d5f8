import { writeCheckpoint } from "../../../engine/storage/checkpoints.ts";
import type { JsonObject } from "../../../engine/storage/json.ts";
import { type Gguf, type GgufTensor, type GgufValue, readGguf } from "./gguf.ts";

/**
 * Writes SmolLM2's GGUF file as the Hugging Face folder that it was once made of: names and order as in transformers,
 * weights in bf16 like those that were published. What the quantization has taken away stays away.
 * @throws {Error} when the file is another model's.
 */
export async function writeSmolLm2(file: Buffer, folder: string): Promise<void> {
  const gguf = readGguf(file);
  const sizes = sizesOf(gguf);
  const tensors = new Map(
    [...gguf.tensors].map(([name, tensor]) => {
      const data = (): Promise<Float32Array> => Promise.resolve(weightsOf(name, tensor, sizes));
      return [nameOf(name), { dtype: "BF16", shape: tensor.shape, data }] as const;
    }),
  );
  await writeCheckpoint(folder, {
    config: configOf(gguf, sizes),
    tokenizer: tokenizerOf(gguf),
    tokenizerConfig: {
      add_prefix_space: false,
      bos_token: START,
      eos_token: END,
      pad_token: END,
      unk_token: "<|endoftext|>",
      clean_up_tokenization_spaces: false,
      model_max_length: sizes.positions,
      tokenizer_class: "GPT2Tokenizer",
    },
    generationConfig: { bos_token_id: 1, eos_token_id: 2, pad_token_id: 2 },
    chatTemplate: textOf(gguf, "tokenizer.chat_template"),
    tensors,
  });
}

const [START, END] = ["<|im_start|>", "<|im_end|>"];

interface Sizes {
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly layers: number;
  readonly mlp: number;
  readonly positions: number;
}

function sizesOf(gguf: Gguf): Sizes {
  if (textOf(gguf, "general.architecture") !== "llama" || textOf(gguf, "tokenizer.ggml.model") !== "gpt2")
    throw new Error("the GGUF file holds another kind of model");
  const number = (name: string): number => numberOf(gguf, `llama.${name}`);
  return {
    width: number("embedding_length"),
    heads: number("attention.head_count"),
    kvHeads: number("attention.head_count_kv"),
    layers: number("block_count"),
    mlp: number("feed_forward_length"),
    positions: number("context_length"),
  };
}

function configOf(gguf: Gguf, { width, heads, kvHeads, layers, mlp, positions }: Sizes): JsonObject {
  return {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: 1,
    eos_token_id: 2,
    head_dim: width / heads,
    hidden_act: "silu",
    hidden_size: width,
    initializer_range: 0.041666666666666664,
    intermediate_size: mlp,
    max_position_embeddings: positions,
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: kvHeads,
    pad_token_id: 2,
    rms_norm_eps: Number(numberOf(gguf, "llama.attention.layer_norm_rms_epsilon").toPrecision(6)), // stored in f32
    rope_scaling: null,
    rope_theta: numberOf(gguf, "llama.rope.freq_base"),
    tie_word_embeddings: true,
    torch_dtype: "bfloat16",
    use_cache: true,
    vocab_size: listOf(gguf, "tokenizer.ggml.tokens").length,
  };
}

/** tokenizer.json: byte-level BPE whose digits stand alone. */
function tokenizerOf(gguf: Gguf): JsonObject {
  const tokens = listOf(gguf, "tokenizer.ggml.tokens").map(String);
  const special = listOf(gguf, "tokenizer.ggml.token_type").flatMap((kind, id) => (kind === CONTROL ? [id] : []));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((id) => ({
      ...{ id, content: tokens[id] ?? "", single_word: false, lstrip: false, rstrip: false },
      ...{ normalized: false, special: true },
    })),
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: { ...byteLevel, add_prefix_space: true },
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: listOf(gguf, "tokenizer.ggml.merges").map((pair) => String(pair).split(" ")),
    },
  };
}

/** The kind of tokens that are no text. */
const CONTROL = 3;

const OUTSIDE: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
};
const INSIDE: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

function nameOf(name: string): string {
  const [, layer, part = ""] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  const found = layer === undefined ? OUTSIDE[name] : INSIDE[part] && `model.layers.${layer}.${INSIDE[part]}.weight`;
  if (found === undefined) throw new Error(`the GGUF file has an unknown tensor, ${name}`);
  return found;
}

function weightsOf(name: string, tensor: GgufTensor, { heads, kvHeads }: Sizes): Float32Array {
  const weights = tensor.read();
  if (name.endsWith("attn_q.weight")) return unpaired(weights, tensor.shape, heads);
  if (name.endsWith("attn_k.weight")) return unpaired(weights, tensor.shape, kvHeads);
  return weights;
}

/**
 * Rows of each head as transformers has them. llama.cpp turns channels 2i and 2i + 1 together, transformers i and
 * i + D/2: the rows are stored in the former's order.
 */
function unpaired(weights: Float32Array, [rows = 0, width = 0]: readonly number[], heads: number): Float32Array {
  const headSize = rows / heads;
  const ordered = new Float32Array(weights.length);
  for (let row = 0; row < rows; row++) {
    const [head, channel] = [Math.floor(row / headSize), row % headSize];
    const to = head * headSize + (channel % 2) * (headSize / 2) + Math.floor(channel / 2);
    ordered.set(weights.subarray(row * width, (row + 1) * width), to * width);
  }
  return ordered;
}

function settingOf(gguf: Gguf, name: string): GgufValue {
  const value = gguf.settings.get(name);
  if (value === undefined) throw new Error(`the GGUF file does not say ${name}`);
  return value;
}

function textOf(gguf: Gguf, name: string): string {
  return String(settingOf(gguf, name));
}

function numberOf(gguf: Gguf, name: string): number {
  return Number(settingOf(gguf, name));
}

function listOf(gguf: Gguf, name: string): readonly GgufValue[] {
  const value = settingOf(gguf, name);
  if (!Array.isArray(value)) throw new Error(`the GGUF file's ${name} is no list`);
  return value as readonly GgufValue[];
}
