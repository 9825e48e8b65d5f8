import assert from "node:assert/strict";
import {
  ARCHITECTURES,
  formatModelConfig,
  parameterCount,
  parameters,
  parseModelConfig,
} from "../../../engine/models/index.ts";
import { PICO, PICO_JSON } from "./pico.ts";

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
    assert.equal(four.ropeTheta, 5e5);
    assert.equal(four.ropeScaling?.originalMaxPositions, 8192);
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
      'config.json: architectures: "GPT2LMHeadModel" is not supported; use a checkpoint of LlamaForCausalLM, MistralForCausalLM, GemmaForCausalLM',
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
      "attention biases",
      { ...PICO_JSON, attention_bias: true },
      "config.json: attention_bias: true is not supported; the engine has no bias terms in its layers; use a checkpoint without them",
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

  it("reads back what it writes", () => {
    for (const head of ["language", "score"] as const) {
      assert.deepEqual(parseModelConfig(formatModelConfig(PICO, head)), PICO);
    }
  });
});

describe("every architecture", () => {
  for (const architecture of ARCHITECTURES) {
    it(`reads back the config it writes: ${architecture.name}`, () => {
      const json = { ...PICO_JSON, architectures: [architecture.languageClass], sliding_window: 5 };
      const config = parseModelConfig({ ...json, hidden_act: undefined, tie_word_embeddings: undefined });
      assert.equal(config.architecture, architecture.name);
      assert.deepEqual(parseModelConfig(formatModelConfig(config)), config);
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
