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

/** Classes of all architectures, in their order. */
const CLASSES = ARCHITECTURES.map(({ languageClass }) => languageClass).join(", ");
const GEMMA3 = { model_type: "gemma3_text", architectures: ["Gemma3ForCausalLM"] };

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
    const kept = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 };
    assert.deepEqual(four.attentionPattern[0]?.rope, { theta: 5e5, scaling: { kind: "llama3", ...kept } });
  });

  it("keeps all of several end-of-text tokens, and writes one as a number", () => {
    const several = parseModelConfig({ ...PICO_JSON, eos_token_id: [7, 8] });
    assert.deepEqual(several.specialTokens, { bos: 1, eos: [7, 8] });
    assert.deepEqual(formatModelConfig(several)["eos_token_id"], [7, 8]);
    assert.equal(formatModelConfig(PICO)["eos_token_id"], 2);
  });

  it("recognises reward models by their class", () => {
    const config = parseModelConfig({ ...PICO_JSON, architectures: ["LlamaForSequenceClassification"] });
    assert.equal(config.architecture, "llama");
  });

  const REFUSED: readonly (readonly [name: string, json: unknown, message: string])[] = [
    ["a list", [], "config.json: (whole file): must be a JSON object"],
    [
      "an unknown architecture",
      { ...PICO_JSON, model_type: undefined, architectures: ["GPT2LMHeadModel"] },
      `config.json: architectures: "GPT2LMHeadModel" is not supported; use a checkpoint of ${CLASSES}`,
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
      {
        ...PICO_JSON,
        model_type: undefined,
        architectures: ["Gemma2ForCausalLM"],
        layer_types: ["full_attention"],
        hidden_act: undefined,
      },
      "config.json: layer_types: lists 1 layers, num_hidden_layers is 2",
    ],
    [
      "an unknown type of layer",
      {
        ...PICO_JSON,
        model_type: undefined,
        architectures: ["Gemma3ForCausalLM"],
        layer_types: ["full_attention", "chunked_attention"],
      },
      'config.json: layer_types: "chunked_attention" is not supported; only sliding and full attention are',
    ],
    [
      "types of layers that are no list of texts",
      { ...PICO_JSON, model_type: undefined, architectures: ["Gemma2ForCausalLM"], layer_types: [1, 2] },
      "config.json: layer_types: must be a list of texts, is [1,2]",
    ],
    [
      "an unknown rotary scaling",
      { ...PICO_JSON, rope_scaling: { type: "longrope", factor: 2 } },
      'config.json: rope_scaling: rope_type: "longrope" is not supported; use one of "default", "linear", "dynamic", "llama3", "yarn"',
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
    ["null for a number", { ...PICO_JSON, rms_norm_eps: null }, "config.json: rms_norm_eps: must be a number, is null"],
    [
      "an end-of-text token beyond the vocabulary",
      { ...PICO_JSON, eos_token_id: [2, 19] },
      "config.json: eos_token_id: 19 is beyond the vocabulary of 19 tokens; correct one of them",
    ],
    [
      "a negative padding token",
      { ...PICO_JSON, pad_token_id: -1 },
      "config.json: pad_token_id: must be a token id or a list of them, null for none, is -1",
    ],
    [
      "a class of another type",
      { ...PICO_JSON, model_type: "mistral" },
      'config.json: model_type: "mistral" contradicts architectures LlamaForCausalLM; correct one of them',
    ],
    [
      "an architecture that is no list",
      { ...PICO_JSON, architectures: "LlamaForCausalLM" },
      'config.json: architectures: must be a list of texts, is "LlamaForCausalLM"',
    ],
    [
      "rotation of a part of the head, where transformers 5 puts it",
      { ...PICO_JSON, rope_parameters: { rope_type: "default", partial_rotary_factor: 0.5 } },
      "config.json: rope_parameters: partial_rotary_factor: 0.5 is not supported; only rotation of the whole head is",
    ],
    [
      "rotary positions by layer type where the class has none",
      { ...PICO_JSON, rope_parameters: { full_attention: { rope_theta: 5 } } },
      "config.json: rope_parameters: full_attention: is for Gemma 3 only; give one set for all layers",
    ],
    [
      "two bases of which transformers 4 takes one and transformers 5 the other",
      { ...PICO_JSON, rope_theta: 1e4, rope_scaling: { rope_type: "linear", factor: 2, rope_theta: 1e6 } },
      "config.json: rope_scaling: rope_theta: is 1000000, and rope_theta 10000; leave the right one",
    ],
    [
      "two rotary kinds",
      { ...PICO_JSON, rope_scaling: { rope_type: "linear", type: "yarn", factor: 2 } },
      'config.json: rope_scaling: rope_type: is "linear", and type "yarn"; leave the right one',
    ],
    [
      "a rotary factor below 0",
      { ...PICO_JSON, rope_scaling: { rope_type: "yarn", factor: -4 } },
      "config.json: rope_scaling: factor: must be more than 0, is -4",
    ],
    [
      "a rotary factor that makes frequencies infinite",
      { ...PICO_JSON, rope_scaling: { rope_type: "yarn", factor: 5e-324 } },
      "config.json: rope_scaling: factor: must be at least 1.1754943508222875e-38, is 5e-324",
    ],
    [
      "a norm's epsilon that float32 does not have",
      { ...PICO_JSON, rms_norm_eps: 1e39 },
      "config.json: rms_norm_eps: must be at most 3.4028234663852886e+38, is 1e+39",
    ],
    [
      "Llama 3 bounds the wrong way round",
      { ...PICO_JSON, rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
      "config.json: rope_scaling: high_freq_factor: must be more than low_freq_factor 4, is 1",
    ],
    [
      "one rotary kind for all of Gemma 3's layers",
      { ...PICO_JSON, ...GEMMA3, rope_parameters: { rope_type: "linear", factor: 8 } },
      "config.json: rope_parameters: must have full_attention and sliding_attention for this architecture",
    ],
    [
      "a cap that transformers has no place for",
      { ...PICO_JSON, ...GEMMA3, attn_logit_softcapping: 50 },
      "config.json: attn_logit_softcapping: 50 is not supported; set it to null: transformers has no such cap for this architecture, whatever the file says",
    ],
    [
      "a cap of 0",
      { ...PICO_JSON, ...GEMMA3, final_logit_softcapping: 0 },
      "config.json: final_logit_softcapping: must be more than 0, is 0",
    ],
    [
      "sliding layers without a window",
      { ...PICO_JSON, ...GEMMA3, sliding_window: null },
      "config.json: sliding_window: is off, and layer_types has sliding layers; give a window",
    ],
    [
      "a list of rotary layers of another length",
      { ...PICO_JSON, model_type: undefined, architectures: ["SmolLM3ForCausalLM"], no_rope_layers: [1] },
      "config.json: no_rope_layers: must be a list of 0 and 1, one for each of 2 layers",
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
    assert.deepEqual(added({ model_type: undefined, architectures: ["Qwen2ForCausalLM"] }), attention.slice(0, 3));
  });

  it("gives each layer its window and rotary base, from the list of types or the family's rule", () => {
    const windowsOf = (json: object): number[] => {
      const config = parseModelConfig({ ...PICO_JSON, num_hidden_layers: 7, sliding_window: 4, ...json });
      return Array.from({ length: 7 }, (_, layer) => attentionOf(config, layer).window);
    };
    assert.deepEqual(windowsOf({ model_type: undefined, architectures: ["Gemma2ForCausalLM"] }), [4, 0, 4, 0, 4, 0, 4]);
    assert.deepEqual(windowsOf({ model_type: undefined, architectures: ["Gemma3ForCausalLM"] }), [4, 4, 4, 4, 4, 0, 4]);
    const qwen = { model_type: undefined, architectures: ["Qwen2ForCausalLM"], max_window_layers: 5 };
    assert.deepEqual(windowsOf(qwen), [0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(windowsOf({ ...qwen, use_sliding_window: true }), [0, 0, 0, 0, 0, 4, 4]);
    const listed = [1, 0, 0, 1, 1, 0, 1].map((slides) => (slides === 1 ? "sliding_attention" : "full_attention"));
    assert.deepEqual(
      windowsOf({ model_type: undefined, architectures: ["Gemma2ForCausalLM"], layer_types: listed }),
      [4, 0, 0, 4, 4, 0, 4],
    );
  });

  it("reads Gemma 3's two rotary bases where transformers 4 and where transformers 5 put them", () => {
    const json = {
      ...PICO_JSON,
      model_type: undefined,
      architectures: ["Gemma3ForCausalLM"],
      sliding_window_pattern: 2,
    };
    const four = parseModelConfig({ ...json, rope_theta: 5e5, rope_local_base_freq: 500 });
    const types = { full_attention: { rope_theta: 5e5 }, sliding_attention: { rope_theta: 500 } };
    assert.deepEqual(parseModelConfig({ ...json, rope_parameters: types }), four);
    assert.deepEqual(
      four.attentionPattern.map(({ rope }) => rope?.theta),
      [500, 5e5],
    );
  });

  it("takes Gemma 2's caps from the paper where the file is silent, and none where it says null", () => {
    const json = { ...PICO_JSON, model_type: undefined, architectures: ["Gemma2ForCausalLM"] };
    const capsOf = ({ attentionSoftcap, logitSoftcap }: ModelConfig): number[] => [attentionSoftcap, logitSoftcap];
    assert.deepEqual(capsOf(parseModelConfig(json)), [50, 30]);
    // transformers 5 refuses whole numbers here.
    assert.match(JSON.stringify(formatModelConfig(parseModelConfig(json))), /"attn_logit_softcapping":50\.0,/);
    const none = { ...json, attn_logit_softcapping: null, final_logit_softcapping: null };
    assert.deepEqual(capsOf(parseModelConfig(none)), [0, 0]);
  });

  it("takes the values of transformers' classes where the file is silent", () => {
    const sizes = { hidden_size: 512, num_attention_heads: 32, num_key_value_heads: undefined, model_type: undefined };
    const silent = { ...PICO_JSON, ...sizes, max_position_embeddings: undefined, tie_word_embeddings: undefined };
    const read = (className: string): readonly unknown[] => {
      const config = parseModelConfig({ ...silent, rms_norm_eps: undefined, architectures: [className] });
      const { nKvHeads, headSize, maxPositions, tiedEmbeddings, normEps, specialTokens } = config;
      const { window, rope } = attentionOf(config, 0);
      const { bos, eos, pad } = specialTokens;
      return [nKvHeads, headSize, maxPositions, tiedEmbeddings, normEps, window, rope?.theta, bos, eos?.[0], pad];
    };
    // From `LlamaConfig()` and so on, alike in transformers 4.57 and 5.24; ids beyond the vocabulary mean none.
    assert.deepEqual(read("LlamaForCausalLM"), [32, 16, 2048, false, 1e-6, 0, 1e4, 1, 2, undefined]);
    assert.deepEqual(read("MistralForCausalLM"), [8, 16, 131_072, false, 1e-6, 4096, 1e4, 1, 2, undefined]);
    assert.deepEqual(read("GemmaForCausalLM"), [16, 256, 8192, true, 1e-6, 0, 1e4, 2, 1, 0]);
    assert.deepEqual(read("Gemma2ForCausalLM"), [4, 256, 8192, true, 1e-6, 4096, 1e4, 2, 1, 0]);
    assert.deepEqual(read("Gemma3ForCausalLM"), [4, 256, 131_072, true, 1e-6, 4096, 1e4, 2, 1, 0]);
    const none = [undefined, undefined, undefined];
    assert.deepEqual(read("Qwen2ForCausalLM"), [32, 16, 32_768, false, 1e-6, 0, 1e4, ...none]);
    assert.deepEqual(read("Qwen3ForCausalLM"), [32, 128, 32_768, false, 1e-6, 0, 1e4, ...none]);
    assert.deepEqual(read("SmolLM3ForCausalLM"), [4, 16, 32_768, true, 1e-6, 0, 2e6, ...none]);
    assert.deepEqual(read("Olmo2ForCausalLM"), [32, 16, 2048, false, 1e-5, 0, 1e4, undefined, undefined, 1]);
  });

  it("leaves SmolLM 3's layers without rotary positions by the list or by the interval, and slides in those only", () => {
    const json = { ...PICO_JSON, model_type: undefined, architectures: ["SmolLM3ForCausalLM"], num_hidden_layers: 5 };
    const layersOf = (changes: object): (readonly [boolean, number])[] => {
      const config = parseModelConfig({ ...json, ...changes });
      return Array.from({ length: 5 }, (_, layer) => {
        const { rope, window } = attentionOf(config, layer);
        return [rope !== undefined, window];
      });
    };
    const [turns, doesNot] = [[true, 0] as const, [false, 0] as const];
    assert.deepEqual(layersOf({}), [turns, turns, turns, doesNot, turns]);
    assert.deepEqual(layersOf({ no_rope_layer_interval: 2 }), [turns, doesNot, turns, doesNot, turns]);
    const listed = { no_rope_layers: [0, 1, 1, 1, 0], use_sliding_window: true, sliding_window: 7 };
    assert.deepEqual(layersOf(listed), [[false, 7], turns, turns, turns, [false, 7]]);
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
      const json = {
        ...PICO_JSON,
        model_type: undefined,
        architectures: [architecture.languageClass],
        sliding_window: 5,
      };
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
      const json = {
        ...PICO_JSON,
        model_type: undefined,
        architectures: [architecture.languageClass],
        hidden_act: undefined,
      };
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
