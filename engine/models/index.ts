import { excerpt } from "../common/json.ts";
import { type Architecture, LLAMA_DEFAULTS } from "./architecture.ts";
import { ConfigFields, type ConfigFile, type ModelConfig } from "./config.ts";
import { gemma } from "./gemma.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { olmo2 } from "./olmo2.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { smollm3 } from "./smollm3.ts";

export { LORA_A, adaptedLayers, adapterParameters, denseLayers, isOfAdapter, merged, mergedMatrix } from "./adapter.ts";
export { type AdaptedModel, type AdapterModel, changeProducts, mixAdapters } from "./adapterMix.ts";
export { type LayerAttention, LLAMA_BLOCKS } from "./blocks.ts";
export { type Adapter, type ConfigFile, type ModelConfig, type SpecialTokens } from "./config.ts";
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
export { type WeightsSource, type Working, FrozenRole, IDLE_BYTES, allAtWork, present } from "./frozenRole.ts";
export {
  type Generation,
  type GenerationSettings,
  type SamplingSettings,
  Generator,
  generationProgram,
} from "./generator.ts";
export { EnsembleScorer } from "./ensembleScorer.ts";
export { type DistributionSettings, lastSpan, responseSpan, scores, tokenLogprobs, values } from "./heads.ts";
export { type RandomSource, initialize, initializeAdapter, withHeads } from "./initialize.ts";
export {
  type ResponseHead,
  type ResponseScores,
  type ScorerSettings,
  type RewardScorerSettings,
  FullKlScorer,
  PerAdapter,
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
export { type Slot, type SlotSettings, SlotDecoder } from "./slotDecoder.ts";
export { splitTrainable, trainableParameters } from "./trainable.ts";
export { TypedPrograms } from "./typedPrograms.ts";
export {
  type FetchedTensor,
  type FrozenWeights,
  type HostTensor,
  type TensorStream,
  type WeightArray,
  type Weights,
  DeviceWeights,
  asF32,
  handOver,
  isRounded,
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
  smollm3,
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
  const architecture = architectureOf(fields);
  return architecture.parse(fields.withDefaults({ ...LLAMA_DEFAULTS, ...architecture.defaults }));
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
  const [className] = fields.texts("architectures") ?? [];
  const type = fields.raw("model_type");
  const found = ARCHITECTURES.find(({ name, languageClass, scoreClass }) => {
    return className === undefined ? type === name : className === languageClass || className === scoreClass;
  });
  if (found === undefined) {
    const supported = ARCHITECTURES.map(({ languageClass }) => languageClass).join(", ");
    const given = excerpt(className ?? type ?? null);
    throw fields.error("architectures", `${given} is not supported; use a checkpoint of ${supported}`);
  }
  // transformers goes by the type and not by the class.
  if (fields.has("model_type") && type !== found.name) {
    throw fields.error("model_type", `${excerpt(type)} contradicts architectures ${className}; correct one of them`);
  }
  return found;
}
