import { excerpt } from "../protocol/json.ts";
import { type Rope, type RopeScaling, LLAMA_BLOCKS, attentionOf } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig, SpecialTokens } from "./config.ts";
import { LAYER_TYPES } from "./layerTypes.ts";

/** Everything a family of checkpoints adds to the common decoder. Every value is data: the decoder reads the config. */
export interface Architecture {
  /** Its name in configs, and `model_type` in config.json. */
  readonly name: string;
  /** The language-model class that config.json lists under `architectures`. */
  readonly languageClass: string;
  /** The class for a scalar reward head. */
  readonly scoreClass: string;
  /** @throws {ModelConfigError} when the file asks for something that is not supported. */
  parse(fields: ConfigFields): ModelConfig;
  /** Fields of config.json beyond those all architectures share. */
  format(config: ModelConfig): ConfigFile;
}

const UNSUPPORTED_TRAINING = "set it to 0: the engine trains without dropout";

/**
 * The fields that all supported families share.
 *
 * transformers 5 writes `rope_parameters` where version 4 wrote `rope_theta` and `rope_scaling`; both are read.
 *
 * @throws {ModelConfigError} when a field is missing, malformed or not supported.
 */
export function parseCommon(fields: ConfigFields): Omit<ModelConfig, "architecture"> {
  rejectUnsupported(fields);
  const hiddenSize = fields.count("hidden_size");
  const nHeads = fields.count("num_attention_heads");
  const nKvHeads = fields.count("num_key_value_heads", nHeads);
  if (nHeads % nKvHeads !== 0) {
    throw fields.error("num_key_value_heads", `${nKvHeads} does not divide num_attention_heads ${nHeads}`);
  }
  if (!fields.has("head_dim") && hiddenSize % nHeads !== 0) {
    throw fields.error("num_attention_heads", `${nHeads} does not divide hidden_size ${hiddenSize}; give head_dim`);
  }
  const headSize = fields.count("head_dim", Math.floor(hiddenSize / nHeads));
  if (headSize % 2 !== 0) throw fields.error("head_dim", `${headSize} is odd; rotary embeddings need an even size`);
  const attentionBias = fields.boolean("attention_bias", false);
  return {
    ...LLAMA_BLOCKS,
    vocabularySize: fields.count("vocab_size"),
    hiddenSize,
    intermediateSize: fields.count("intermediate_size"),
    nLayers: fields.count("num_hidden_layers"),
    nHeads,
    nKvHeads,
    headSize,
    maxPositions: fields.count("max_position_embeddings", 2048),
    attentionPattern: [{ window: 0, rope: parseRope(fields) }],
    queryPreAttnScalar: headSize,
    biases: { qkv: attentionBias, o: attentionBias, mlp: fields.boolean("mlp_bias", false) },
    normEps: fields.positive("rms_norm_eps", 1e-6),
    embeddingScale: 1,
    logitSoftcap: 0,
    tiedEmbeddings: fields.boolean("tie_word_embeddings", false),
    initializerRange: fields.number("initializer_range", 0.02),
    specialTokens: parseSpecialTokens(fields),
  };
}

function rejectUnsupported(fields: ConfigFields): void {
  fields.expect("attention_dropout", [0, null], UNSUPPORTED_TRAINING);
  fields.expect("quantization_config", [null], "use the checkpoint's unquantised weights");
  fields.expect("partial_rotary_factor", [1, null], "only rotation of the whole head is");
  fields.expect("use_bidirectional_attention", [false, null], "use a causal checkpoint");
}

/**
 * Rotary positions of all layers, or of those of one type where transformers 5 lists them by type.
 *
 * @param fields - Of the whole file.
 * @param defaultTheta - The base where the file gives none.
 * @param layerType - One of `layer_types`.
 */
export function parseRope(fields: ConfigFields, defaultTheta = 10_000, layerType: string = LAYER_TYPES.full): Rope {
  const all = fields.object("rope_parameters");
  const given = all?.object(layerType) ?? all;
  const parameters = given ?? fields.object("rope_scaling");
  const theta = (given ?? fields).positive("rope_theta", fields.positive("rope_theta", defaultTheta));
  if (parameters === undefined) return { theta };
  const kind = parameters.raw("rope_type") ?? parameters.raw("type") ?? "default";
  if (kind === "default") return { theta };
  if (kind !== "llama3") {
    throw parameters.error("rope_type", `${excerpt(kind)} is not supported; use "default" or "llama3"`);
  }
  return { theta, scaling: parseLlama3(parameters) };
}

function parseLlama3(parameters: ConfigFields): RopeScaling {
  return {
    factor: parameters.positive("factor"),
    lowFreqFactor: parameters.positive("low_freq_factor"),
    highFreqFactor: parameters.positive("high_freq_factor"),
    originalMaxPositions: parameters.count("original_max_position_embeddings"),
  };
}

function parseSpecialTokens(fields: ConfigFields): SpecialTokens {
  const [bos, eos, pad] = [fields.token("bos_token_id"), fields.token("eos_token_id"), fields.token("pad_token_id")];
  return {
    ...(bos === undefined ? {} : { bos }),
    ...(eos === undefined ? {} : { eos }),
    ...(pad === undefined ? {} : { pad }),
  };
}

/** config.json fields that all families share, in the form that transformers 4 and 5 both read. */
export function formatCommon(config: ModelConfig): ConfigFile {
  const { specialTokens } = config;
  const { theta, scaling } = (config.attentionPattern.find(({ window }) => window === 0) ?? attentionOf(config, 0))
    .rope;
  return {
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.nLayers,
    num_attention_heads: config.nHeads,
    num_key_value_heads: config.nKvHeads,
    head_dim: config.headSize,
    max_position_embeddings: config.maxPositions,
    rope_theta: theta,
    rope_scaling: scaling === undefined ? null : formatLlama3(scaling),
    rms_norm_eps: config.normEps,
    tie_word_embeddings: config.tiedEmbeddings,
    initializer_range: config.initializerRange,
    attention_dropout: 0,
    bos_token_id: specialTokens.bos ?? null,
    eos_token_id: specialTokens.eos ?? null,
    pad_token_id: specialTokens.pad ?? null,
    torch_dtype: "float32",
  };
}

function formatLlama3(scaling: RopeScaling): ConfigFile {
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}
