import type { Graph } from "../../compute/graph/tensor.ts";
import { type ModelConfig, LLAMA_BLOCKS, handOver, initialize } from "../../models/index.ts";
import type { BaseModelConfig, RunConfig, TaskConfig } from "../../config/index.ts";
import { PromptFormat, type Tokenizer } from "../../text/index.ts";
import { type LossNodes, type TokenizedExample, Random, sftLoss, sftStep } from "../../training/index.ts";
import { NO_COST, sequenceLength, trainingCost } from "../cost.ts";
import { taskOf, taskSlice, taskTokenizer } from "../corpus.ts";
import { saveModel } from "../modelFolder.ts";
import type { NoInputs, Stage } from "../stage.ts";
import { stepChoices, supervisedBatch, train } from "../training.ts";

/** Examples that the base model's passes are made of: as many as it sees once, so that none comes twice. */
const exampleCount = (steps: number, batchSize: number): number => steps * batchSize;

/** Trains a new base model on a task's text. A base model from a checkpoint needs no stage. */
export const baseModel: Stage<
  { readonly seed: number },
  { readonly model: NewModel; readonly task: TaskConfig | undefined; readonly seed: number },
  NoInputs
> = {
  kind: "base",
  title: "Base model",
  makes: "model",
  usesDevice: true,
  batchSetting: ["model", "pretrain", "batchSize"],
  revision: 1,
  select: (config, { seed }) => ({ model: newModelOf(config), task: taskSlice(config.task, "language"), seed }),
  async run(context, { model: { architecture, pretrain }, task: settings, seed }) {
    const language = taskOf(settings)?.language;
    if (language === undefined)
      throw new TypeError("base model: a new model is trained on a task's language, and no task with one is given");
    const tokenizer = taskTokenizer(language);
    const model = modelConfigOf(architecture, tokenizer);
    const count = exampleCount(pretrain.steps, pretrain.batchSize * pretrain.gradientAccumulation);
    const texts = language.pretraining(Random.of(seed, "pretraining"));
    const format = new PromptFormat(tokenizer);
    const examples: TokenizedExample[] = [];
    for (const text of texts) {
      examples.push(format.encodeExample(text));
      if (examples.length === count) break;
    }
    const shape = { batchSize: pretrain.batchSize, length: longest(examples) };
    await train(context, {
      weights: handOver(initialize(model, Random.of(seed, "weights"))),
      step: sftStep(context.backend, model, { ...shape, ...stepChoices(context, pretrain) }),
      optimizer: pretrain,
      totalSteps: pretrain.steps,
      data: { count, seed },
      batch: (indices) =>
        Promise.resolve(
          supervisedBatch(
            indices.map((index) => examples[index]!),
            shape,
          ),
        ),
      metrics: "pretrain",
      finish: ({ weights }) => saveModel(context.folder, { config: model, weights, tokenizer }),
    });
  },
  cost({ model: { pretrain }, task }, { model, recomputation, precision }) {
    const { steps, batchSize, gradientAccumulation } = pretrain;
    if (task === undefined) return NO_COST;
    const shape = { batchSize, length: sequenceLength(task, { maxLength: model.maxPositions }) };
    const tokens = steps * gradientAccumulation * batchSize * shape.length;
    const loss = (graph: Graph): LossNodes => sftLoss(graph, model, shape);
    return trainingCost({
      ...{ model, heads: ["language"], shape, loss, tokens },
      ...{ gradientAccumulation, recomputation, precision },
    });
  },
};

/** Longest of the examples, in tokens. */
export function longest(examples: readonly { readonly tokens: readonly number[] }[]): number {
  return examples.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
}

type NewModel = Omit<Extract<BaseModelConfig, { readonly pretrain: unknown }>, "saveAs">;

function newModelOf({ model }: RunConfig): NewModel {
  if ("architecture" in model) return { architecture: model.architecture, pretrain: model.pretrain };
  throw new TypeError("base model: the config names a checkpoint, which is not trained");
}

/** A Llama-style config of the wanted shape for a tokenizer. */
export function modelConfigOf(architecture: NewModel["architecture"], tokenizer: Tokenizer): ModelConfig {
  const { ropeTheta, ...sizes } = architecture;
  const headSize = sizes.hiddenSize / sizes.nHeads;
  return {
    ...LLAMA_BLOCKS,
    ...sizes,
    architecture: "llama",
    vocabularySize: tokenizer.vocabularySize,
    headSize,
    attentionPattern: [{ window: 0, rope: { theta: ropeTheta } }],
    queryPreAttnScalar: headSize,
    embeddingScale: 1,
    logitSoftcap: 0,
    specialTokens: {
      eos: [tokenizer.eos],
      pad: tokenizer.pad,
      ...(tokenizer.bos === undefined ? {} : { bos: tokenizer.bos }),
    },
  };
}
