import type { RunConfig } from "../../config/index.ts";
import { type Tokenizer, encodeExample } from "../../text/index.ts";
import { type TokenizedExample, sftStep, supervisedBatches } from "../../training/index.ts";
import { keepsExamplesBack, sftTexts } from "../corpus.ts";
import { loadModel, saveModel } from "../modelFolder.ts";
import type { Artifact, Stage } from "../step.ts";
import { jsonOf, optimizerOf, train } from "../training.ts";
import { longest } from "./baseModel.ts";

/**
 * Supervised fine-tuning of the base model on responses.
 *
 * SALSA, section 3.1: every SFT sees the same examples; its seed orders them.
 */
export const sft: Stage<{
  readonly base: Artifact;
  readonly seed: number;
  readonly sftSeed: number;
  readonly data: string | null;
}> = {
  name: "sft",
  title: "Supervised fine-tuning",
  version: 1,
  settings: ({ sft: { seeds: _seeds, ...settings }, task, ...rest }) =>
    jsonOf({ settings, task, keepsExamplesBack: keepsExamplesBack(rest) }),
  async run(context, { base, seed, sftSeed }) {
    const { config, backend } = context;
    const { config: model, weights, tokenizer } = await loadModel(base.folder);
    const examples = await encodedExamples(config, seed, tokenizer);
    const length = Math.min(longest(examples), config.sft.maxLength, model.maxPositions);
    const shape = { batchSize: config.sft.batchSize, length };
    const trained = await train(context, {
      weights,
      step: sftStep(backend, model, { ...shape, optimizer: optimizerOf(config.sft) }),
      optimizer: config.sft,
      totalSteps: sftSteps(config, examples.length),
      data: { count: examples.length, seed: seed * SEED_STRIDE + sftSeed },
      batch: (indices) =>
        supervisedBatches(
          indices.map((index) => examples[index]!),
          shape,
        ),
      tokens: (index) => Math.min(examples[index]!.tokens.length, length),
      metrics: "sft",
    });
    await saveModel(context.folder, { config: model, weights: trained, tokenizer });
  },
};

/** Keeps the seeds of different base seeds apart. */
const SEED_STRIDE = 100_003;

/** SFT examples as token ids. */
export async function encodedExamples(
  config: RunConfig,
  seed: number,
  tokenizer: Tokenizer,
): Promise<readonly TokenizedExample[]> {
  return (await sftTexts(config, seed)).map((text) => encodeExample(tokenizer, text));
}

/** Optimizer steps of one SFT over n examples. */
export function sftSteps({ sft: { duration, batchSize, gradientAccumulation } }: RunConfig, n: number): number {
  return "steps" in duration ? duration.steps : duration.epochs * Math.ceil(n / (batchSize * gradientAccumulation));
}
