/**
 * Writes one checkpoint per architecture, and a reward model, with the logits or scores that the engine computes.
 * load.py opens them with transformers.
 *
 *     node test/golden/models/write.ts FOLDER
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import {
  type ModelConfig,
  type Weights,
  ARCHITECTURES,
  DeviceWeights,
  RewardScorer,
  formatModelConfig,
  hidden,
  initialize,
  padRight,
  parseModelConfig,
  sequenceArrays,
  sequenceInputs,
} from "../../../engine/models/index.ts";
import { writeCheckpoint } from "../../../engine/storage/checkpoints.ts";
import { wordLevelTokenizer } from "../../../engine/text/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { unevenWeights } from "../../engine/models/pico.ts";

const LENGTH = 10;
const TEXT = "one two three four five six seven eight nine ten";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: node test/golden/models/write.ts FOLDER");
const backend = await createTfjsBackend();
const tokenizer = wordLevelTokenizer(TEXT.split(" "));
const { bos, eos, pad } = tokenizer;
const ids = tokenizer.encode(TEXT);

for (const architecture of ARCHITECTURES) {
  const config = configOf(architecture.languageClass);
  const weights = unevenWeights(config);
  await save(architecture.name, config, weights, { ids, logits: await logitsOf(config, weights) });
}
const config = configOf("LlamaForSequenceClassification");
const weights = initialize(config, Random.of(1, "reward"), ["score"]);
await save("reward", config, weights, { ids, score: await scoreOf(config, weights) });
await backend.close();

function configOf(className: string): ModelConfig {
  return parseModelConfig({
    architectures: [className],
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 24,
    intermediate_size: 40,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    sliding_window: 4,
    initializer_range: 0.3,
    rope_theta: 5000,
    bos_token_id: bos,
    eos_token_id: eos,
    pad_token_id: pad,
  });
}

async function logitsOf(model: ModelConfig, values: Weights): Promise<number[]> {
  const device = DeviceWeights.upload(backend, values);
  const graph = new Graph();
  const h = hidden(graph, model, sequenceInputs(graph, 1, LENGTH));
  const executable = backend.compile(plan({ logits: logits(h, model) }));
  const inputs = sequenceArrays(padRight([ids], LENGTH), [0], 1);
  return [...((await executable.run({ inputs, variables: device.buffers }))["logits"] ?? [])];
}

async function scoreOf(model: ModelConfig, values: Weights): Promise<number> {
  const scorer = new RewardScorer(backend, model, { batchSize: 1, length: LENGTH });
  const [score = NaN] = await scorer.score(DeviceWeights.upload(backend, values), [ids]);
  return score;
}

async function save(name: string, model: ModelConfig, values: Weights, expected: object): Promise<void> {
  const folder = join(target ?? "", name);
  await writeCheckpoint(folder, {
    config: formatModelConfig(model, name === "reward" ? "score" : "language"),
    tokenizer: tokenizer.files.tokenizer,
    tokenizerConfig: tokenizer.files.settings,
    tensors: values,
  });
  await writeFile(join(folder, "expected.json"), JSON.stringify({ text: TEXT, ...expected }));
}
