import assert from "node:assert/strict";
import { attentionOf } from "../../../engine/models/blocks.ts";
import {
  type ModelConfig,
  ARCHITECTURES,
  formatModelConfig,
  parameterCount,
  parameters,
  parseModelConfig,
} from "../../../engine/models/index.ts";
import { PICO, PICO_FAMILIES, PICO_JSON } from "./pico.ts";

describe("model config", () => {
  it("counts the parameters of the reference model", () => {
    const reference = parseModelConfig({
      ...PICO_JSON,
      vocab_size: 512,
      hidden_size: 128,
      intermediate_size: 304,
      num_hidden_layers: 4,
      num_key_value_heads: 4,
    });
    assert.equal(parameterCount(reference), 861_312);
  });

  it("reads rotary settings where transformers 4 and where transformers 5 put them", () => {
    const scaling = {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    };
    const four = parseModelConfig({ ...PICO_JSON, rope_theta: 5e5, rope_scaling: scaling });
    const five = parseModelConfig({ ...PICO_JSON, rope_parameters: { rope_theta: 5e5, ...scaling } });
    assert.deepEqual(four, five);
    const [{ rope } = assert.fail()] = four.attentionPattern;
    assert.equal(rope.theta, 5e5);
    assert.equal(rope.scaling?.originalMaxPositions, 8192);
  });

  it("takes the first of several end-of-text tokens", () => {
    assert.deepEqual(parseModelConfig({ ...PICO_JSON, eos_token_id: [7, 8] }).specialTokens, { eos: 7 });
  });

  it("recognises reward models by their class", () => {
    const config = parseModelConfig({ ...PICO_JSON, architectures: ["LlamaForSequenceClassification"] });
    assert.equal(config.architecture, "llama");
  });

  const REFUSED: readonly (readonly [name: string, json: unknown, message: string])[] = [
    ["a list", [], "config.json: (whole file): must be a JSON object"],
    [
      "an unknown architecture",
      { ...PICO_JSON, architectures: ["GPT2LMHeadModel"] },
      'config.json: architectures: "GPT2LMHeadModel" is not supported; use a checkpoint of LlamaForCausalLM, MistralForCausalLM, GemmaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, Gemma2ForCausalLM, Gemma3ForCausalLM, Olmo2ForCausalLM',
    ],
    [
      "a missing field",
      { ...PICO_JSON, hidden_size: undefined },
      "config.json: hidden_size: is missing; copy it from the model's original config.json",
    ],
    ["a malformed field", { ...PICO_JSON, vocab_size: "19" }, 'config.json: vocab_size: must be a number, is "19"'],
    [
      "a negative size",
      { ...PICO_JSON, num_hidden_layers: -1 },
      "config.json: num_hidden_layers: must be a whole number ≥ 1, is -1",
    ],
    [
      "more layers than any model has",
      { ...PICO_JSON, num_hidden_layers: 1e15 },
      "config.json: num_hidden_layers: must be at most 10000, is 1000000000000000",
    ],
    [
      "more tokens than any model knows",
      { ...PICO_JSON, vocab_size: 2 ** 25 },
      "config.json: vocab_size: must be at most 16777216, is 33554432",
    ],
    [
      "a norm that divides by less than nothing",
      { ...PICO_JSON, rms_norm_eps: -1 },
      "config.json: rms_norm_eps: must be more than 0, is -1",
    ],
    [
      "a field that is nested too deep to be shown",
      { ...PICO_JSON, hidden_act: JSON.parse("[".repeat(50_000) + "]".repeat(50_000)) as unknown },
      'config.json: hidden_act: a value that is nested too deep is not supported; only "silu" is for this architecture',
    ],
    [
      "dropout",
      { ...PICO_JSON, attention_dropout: 0.1 },
      "config.json: attention_dropout: 0.1 is not supported; set it to 0: the engine trains without dropout",
    ],
    [
      "types of another number of layers",
      { ...PICO_JSON, architectures: ["Gemma2ForCausalLM"], layer_types: ["full_attention"], hidden_act: undefined },
      "config.json: layer_types: lists 1 layers, num_hidden_layers is 2",
    ],
    [
      "an unknown type of layer",
      { ...PICO_JSON, architectures: ["Gemma3ForCausalLM"], layer_types: ["full_attention", "chunked_attention"] },
      'config.json: layer_types: "chunked_attention" is not supported; only sliding and full attention are',
    ],
    [
      "types of layers that are no list of texts",
      { ...PICO_JSON, architectures: ["Gemma2ForCausalLM"], layer_types: [1, 2] },
      "config.json: layer_types: must be a list of texts, is [1,2]",
    ],
    [
      "an unknown rotary scaling",
      { ...PICO_JSON, rope_scaling: { type: "yarn", factor: 2 } },
      'config.json: rope_scaling: rope_type: "yarn" is not supported; use "default" or "llama3"',
    ],
    [
      "key groups that do not divide the heads",
      { ...PICO_JSON, num_key_value_heads: 3 },
      "config.json: num_key_value_heads: 3 does not divide num_attention_heads 4",
    ],
    [
      "another activation",
      { ...PICO_JSON, hidden_act: "relu" },
      'config.json: hidden_act: "relu" is not supported; only "silu" is for this architecture',
    ],
    [
      "quantised weights",
      { ...PICO_JSON, quantization_config: { bits: 4 } },
      'config.json: quantization_config: {"bits":4} is not supported; use the checkpoint\'s unquantised weights',
    ],
  ];
  for (const [name, json, message] of REFUSED) {
    it(`refuses ${name}, naming the field`, () => {
      assert.throws(() => parseModelConfig(json), { name: "ModelConfigError", message });
    });
  }

  it("puts biases where the file says", () => {
    const plain = [...parameters(PICO).keys()];
    const added = (json: object): string[] =>
      [...parameters(parseModelConfig({ ...PICO_JSON, num_hidden_layers: 1, ...json })).keys()]
        .filter((name) => !plain.includes(name))
        .map((name) => name.replace("model.layers.0.", ""));
    const attention = ["q", "k", "v", "o"].map((name) => `self_attn.${name}_proj.bias`);
    assert.deepEqual(added({ attention_bias: true }), attention);
    assert.deepEqual(
      added({ mlp_bias: true }),
      ["gate", "up", "down"].map((name) => `mlp.${name}_proj.bias`),
    );
    assert.deepEqual(added({ architectures: ["Qwen2ForCausalLM"] }), attention.slice(0, 3));
  });

  it("gives each layer its window and rotary base, from the list of types or the family's rule", () => {
    const windowsOf = (json: object): number[] => {
      const config = parseModelConfig({ ...PICO_JSON, num_hidden_layers: 7, sliding_window: 4, ...json });
      return Array.from({ length: 7 }, (_, layer) => attentionOf(config, layer).window);
    };
    assert.deepEqual(windowsOf({ architectures: ["Gemma2ForCausalLM"] }), [4, 0, 4, 0, 4, 0, 4]);
    assert.deepEqual(windowsOf({ architectures: ["Gemma3ForCausalLM"] }), [4, 4, 4, 4, 4, 0, 4]);
    const qwen = { architectures: ["Qwen2ForCausalLM"], max_window_layers: 5 };
    assert.deepEqual(windowsOf(qwen), [0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(windowsOf({ ...qwen, use_sliding_window: true }), [0, 0, 0, 0, 0, 4, 4]);
    const listed = [1, 0, 0, 1, 1, 0, 1].map((slides) => (slides === 1 ? "sliding_attention" : "full_attention"));
    assert.deepEqual(windowsOf({ architectures: ["Gemma2ForCausalLM"], layer_types: listed }), [4, 0, 0, 4, 4, 0, 4]);
  });

  it("reads Gemma 3's two rotary bases where transformers 4 and where transformers 5 put them", () => {
    const json = { ...PICO_JSON, architectures: ["Gemma3ForCausalLM"], sliding_window_pattern: 2 };
    const four = parseModelConfig({ ...json, rope_theta: 5e5, rope_local_base_freq: 500 });
    const types = { full_attention: { rope_theta: 5e5 }, sliding_attention: { rope_theta: 500 } };
    assert.deepEqual(parseModelConfig({ ...json, rope_parameters: types }), four);
    assert.deepEqual(
      four.attentionPattern.map(({ rope }) => rope.theta),
      [500, 5e5],
    );
  });

  it("takes Gemma 2's caps from the paper where the file is silent, and none where it says null", () => {
    const json = { ...PICO_JSON, architectures: ["Gemma2ForCausalLM"] };
    const capsOf = ({ attentionSoftcap, logitSoftcap }: ModelConfig): number[] => [attentionSoftcap, logitSoftcap];
    assert.deepEqual(capsOf(parseModelConfig(json)), [50, 30]);
    // transformers 5 refuses whole numbers here.
    assert.match(JSON.stringify(formatModelConfig(parseModelConfig(json))), /"attn_logit_softcapping":50\.0,/);
    const none = { ...json, attn_logit_softcapping: null, final_logit_softcapping: null };
    assert.deepEqual(capsOf(parseModelConfig(none)), [0, 0]);
  });

  it("reads back what it writes", () => {
    for (const head of ["language", "score"] as const) {
      assert.deepEqual(rereadConfig(PICO, head), PICO);
    }
  });
});

describe("every architecture", () => {
  for (const architecture of ARCHITECTURES) {
    it(`reads back the config it writes: ${architecture.name}`, () => {
      const json = { ...PICO_JSON, architectures: [architecture.languageClass], sliding_window: 5 };
      const config = parseModelConfig({ ...json, hidden_act: undefined, tie_word_embeddings: undefined });
      assert.equal(config.architecture, architecture.name);
      assert.deepEqual(rereadConfig(config), config);
    });

    it(`reads back each of its settings: ${architecture.name}`, () => {
      const config = PICO_FAMILIES.find((family) => family.architecture === architecture.name);
      assert.ok(config);
      for (const head of ["language", "score"] as const) {
        assert.deepEqual(rereadConfig(config, head), config);
      }
    });

    it(`names its tensors as Hugging Face does: ${architecture.name}`, () => {
      const json = { ...PICO_JSON, architectures: [architecture.languageClass], hidden_act: undefined };
      const config = parseModelConfig({ ...json, tie_word_embeddings: true });
      const names = [...parameters(config, ["language", "value", "score"]).keys()];
      assert.equal(names[0], "model.embed_tokens.weight");
      assert.ok(names.includes("model.layers.1.mlp.down_proj.weight"));
      assert.ok(!names.includes("lm_head.weight"));
      assert.deepEqual(names.slice(-4), ["model.norm.weight", "v_head.weight", "v_head.bias", "score.weight"]);
    });
  }
});

/** The config that its own config.json says. */
function rereadConfig(config: ModelConfig, head?: "language" | "score"): ModelConfig {
  return parseModelConfig(JSON.parse(JSON.stringify(formatModelConfig(config, head))));
}
