import type { Architecture } from "./architecture.ts";
import { ConfigFields, type ConfigFile, type ModelConfig } from "./config.ts";
import { gemma } from "./gemma.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { olmo2 } from "./olmo2.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

export { type LayerAttention, type RopeScaling, LLAMA_BLOCKS } from "./blocks.ts";
export { type ConfigFile, type ModelConfig, type SpecialTokens } from "./config.ts";
export {
  type DecoderInputs,
  type Head,
  type HiddenSettings,
  type LayerCache,
  type Span,
  hidden,
  parameterCount,
  parameters,
} from "./decoder.ts";
export { type Generation, type GenerationSettings, type SamplingSettings, Generator } from "./generator.ts";
export { type DistributionSettings, lastSpan, logits, responseSpan, scores, tokenLogprobs, values } from "./heads.ts";
export { type RandomSource, initialize, withHeads } from "./initialize.ts";
export {
  type ResponseHead,
  type ResponseScores,
  type ScorerSettings,
  type RewardScorerSettings,
  FullKlScorer,
  ResponseScorer,
  RewardScorer,
} from "./score.ts";
export {
  type PaddedQueries,
  type Rollouts,
  type SequenceInputs,
  SequenceError,
  chunks,
  joinResponses,
  padQueries,
  padRight,
  responseTargets,
  sequenceArrays,
  sequenceInputs,
  unpaddedSequences,
} from "./sequences.ts";
export { TypedPrograms } from "./typedPrograms.ts";
export {
  type FrozenWeights,
  type HostTensor,
  type WeightArray,
  type Weights,
  DeviceWeights,
  asBf16,
  asF32,
  selectWeights,
} from "./weights.ts";

/** Every architecture the engine runs. Add yours here; loading, saving and the contract test follow. */
export const ARCHITECTURES = [
  llama,
  mistral,
  gemma,
  qwen2,
  qwen3,
  gemma2,
  gemma3,
  olmo2,
] as const satisfies readonly Architecture[];

/**
 * Reads the contents of a Hugging Face config.json.
 *
 * @param json - The parsed file.
 * @param where - The file's name, for messages.
 * @throws {ModelConfigError} naming file, field and remedy when the engine cannot run the model.
 */
export function parseModelConfig(json: unknown, where = "config.json"): ModelConfig {
  const fields = new ConfigFields(json, where);
  return architectureOf(fields).parse(fields);
}

/** The config.json of a model, to be saved with its weights; the class follows from the head. */
export function formatModelConfig(config: ModelConfig, head: "language" | "score" = "language"): ConfigFile {
  const architecture = ARCHITECTURES.find(({ name }) => name === config.architecture);
  if (architecture === undefined) throw new TypeError(`model config: no architecture is called ${config.architecture}`);
  const isScore = head === "score";
  return {
    architectures: [isScore ? architecture.scoreClass : architecture.languageClass],
    model_type: architecture.name,
    ...architecture.format(config),
    // transformers sizes the scalar head by these; one label also means regression to it.
    ...(isScore ? { num_labels: 1, id2label: { "0": "LABEL_0" }, label2id: { LABEL_0: 0 } } : {}),
  };
}

function architectureOf(fields: ConfigFields): Architecture {
  const listed = fields.raw("architectures");
  const className: unknown = Array.isArray(listed) ? listed[0] : undefined;
  const found = ARCHITECTURES.find((architecture) => {
    if (className === undefined) return fields.raw("model_type") === architecture.name;
    return className === architecture.languageClass || className === architecture.scoreClass;
  });
  if (found !== undefined) return found;
  const supported = ARCHITECTURES.map(({ languageClass }) => languageClass).join(", ");
  const given = JSON.stringify(className ?? fields.raw("model_type") ?? null);
  throw fields.error("architectures", `${given} is not supported; use a checkpoint of ${supported}`);
}
