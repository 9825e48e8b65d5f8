import { LLAMA_BLOCKS } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig, SpecialTokens } from "./config.ts";
import { formatRope, parseRope } from "./ropeFields.ts";

/** Everything a family of checkpoints adds to the common decoder. Every value is data: the decoder reads the config. */
export interface Architecture {
  /** Its name in configs, and `model_type` in config.json. */
  readonly name: string;
  /** The language-model class that config.json lists under `architectures`. */
  readonly languageClass: string;
  /** The class for a scalar reward head. */
  readonly scoreClass: string;
  /**
   * Fields as the class of transformers has them where a file is silent, on top of {@link LLAMA_DEFAULTS}. The sizes of
   * tensors have no default here: a file without them is damaged.
   */
  readonly defaults: ConfigFile;
  /** @throws {ModelConfigError} when the file asks for something that is not supported. */
  parse(fields: ConfigFields): ModelConfig;
  /** Fields of config.json beyond those all architectures share. */
  format(config: ModelConfig): ConfigFile;
}

/** Defaults of transformers' LlamaConfig, from which every family departs. */
export const LLAMA_DEFAULTS = {
  num_key_value_heads: null,
  head_dim: null,
  max_position_embeddings: 2048,
  rope_theta: 10_000,
  rms_norm_eps: 1e-6,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: false,
  initializer_range: 0.02,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: null,
} as const satisfies ConfigFile;

const UNSUPPORTED_TRAINING = "set it to 0: the engine trains without dropout";

/**
 * The fields that all supported families share.
 *
 * @param fields - Of the whole file.
 * @param rope - Of all layers, for families that keep it elsewhere.
 * @throws {ModelConfigError} when a field is missing, malformed or not supported.
 */
export function parseCommon(fields: ConfigFields, rope = parseRope(fields)): Omit<ModelConfig, "architecture"> {
  rejectUnsupported(fields);
  const vocabularySize = fields.count("vocab_size");
  const attentionBias = fields.boolean("attention_bias");
  const heads = parseHeads(fields);
  return {
    ...LLAMA_BLOCKS,
    ...heads,
    vocabularySize,
    intermediateSize: fields.count("intermediate_size"),
    nLayers: fields.count("num_hidden_layers"),
    maxPositions: fields.count("max_position_embeddings"),
    attentionPattern: [{ window: 0, rope }],
    queryPreAttnScalar: heads.headSize,
    biases: { qkv: attentionBias, o: attentionBias, mlp: false },
    normEps: fields.positive("rms_norm_eps"),
    embeddingScale: 1,
    logitSoftcap: 0,
    tiedEmbeddings: fields.boolean("tie_word_embeddings"),
    initializerRange: fields.positive("initializer_range"),
    specialTokens: parseSpecialTokens(fields, vocabularySize),
  };
}

/** The activation of families that have no other. */
export function expectSilu(fields: ConfigFields): void {
  fields.expect("hidden_act", ["silu", "swish"], 'only "silu" is for this architecture');
}

function rejectUnsupported(fields: ConfigFields): void {
  fields.expect("attention_dropout", [0, null], UNSUPPORTED_TRAINING);
  fields.expect("quantization_config", [null], "use the checkpoint's unquantised weights");
  fields.expect("partial_rotary_factor", [1, null], "only rotation of the whole head is");
  fields.expect("use_bidirectional_attention", [false, null], "use a causal checkpoint");
  fields.expect("is_causal", [true, null], "use a causal checkpoint");
}

function parseHeads(fields: ConfigFields): Pick<ModelConfig, "hiddenSize" | "nHeads" | "nKvHeads" | "headSize"> {
  const hiddenSize = fields.count("hidden_size");
  const nHeads = fields.count("num_attention_heads");
  const nKvHeads = fields.has("num_key_value_heads") ? fields.count("num_key_value_heads") : nHeads;
  if (nHeads % nKvHeads !== 0) {
    throw fields.error("num_key_value_heads", `${nKvHeads} does not divide num_attention_heads ${nHeads}`);
  }
  if (!fields.has("head_dim") && hiddenSize % nHeads !== 0) {
    throw fields.error("num_attention_heads", `${nHeads} does not divide hidden_size ${hiddenSize}; give head_dim`);
  }
  const headSize = fields.has("head_dim") ? fields.count("head_dim") : hiddenSize / nHeads;
  if (headSize % 2 !== 0) throw fields.error("head_dim", `${headSize} is odd; rotary embeddings need an even size`);
  return { hiddenSize, nHeads, nKvHeads, headSize };
}

function parseSpecialTokens(fields: ConfigFields, vocabularySize: number): SpecialTokens {
  /** The ids of a field; a class's own default that a small vocabulary lacks means none. */
  const known = (field: string): readonly number[] => {
    const ids = fields.tokens(field);
    const beyond = ids.find((id) => id >= vocabularySize);
    if (beyond === undefined) return ids;
    if (fields.given(field) === undefined) return [];
    throw fields.error(field, `${beyond} is beyond the vocabulary of ${vocabularySize} tokens; correct one of them`);
  };
  const [[bos], eos, [pad]] = [known("bos_token_id"), known("eos_token_id"), known("pad_token_id")];
  return {
    ...(bos === undefined ? {} : { bos }),
    ...(eos.length === 0 ? {} : { eos }),
    ...(pad === undefined ? {} : { pad }),
  };
}

/** config.json fields that all families share, in the form that transformers 4 and 5 both read. */
export function formatCommon(config: ModelConfig): ConfigFile {
  const { specialTokens, attentionPattern } = config;
  const turning = attentionPattern.filter(({ rope }) => rope !== undefined);
  const { rope } = turning.find(({ window }) => window === 0) ?? turning[0] ?? {};
  const [eos = null, ...moreEos] = specialTokens.eos ?? [];
  return {
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.nLayers,
    num_attention_heads: config.nHeads,
    num_key_value_heads: config.nKvHeads,
    head_dim: config.headSize,
    max_position_embeddings: config.maxPositions,
    ...(rope === undefined ? {} : formatRope(rope)),
    rms_norm_eps: config.normEps,
    tie_word_embeddings: config.tiedEmbeddings,
    initializer_range: config.initializerRange,
    attention_dropout: 0,
    bos_token_id: specialTokens.bos ?? null,
    eos_token_id: moreEos.length === 0 ? eos : (specialTokens.eos ?? null),
    pad_token_id: specialTokens.pad ?? null,
    torch_dtype: "float32",
  };
}
