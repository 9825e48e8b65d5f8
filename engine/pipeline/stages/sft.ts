import type { RunConfig, SftConfig } from "../../config/index.ts";
import type { LearnedTurns } from "../../text/index.ts";
import { handOver } from "../../models/index.ts";
import { Random, sftLoss, sftStep, supervisedBatches } from "../../training/index.ts";
import { heldAs, sequenceLength, trainingCost } from "../cost.ts";
import { type SftSource, keepsExamplesBack, sftCount, sftTexts, taskSlice } from "../corpus.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { type SaveSlice, saveSlice } from "../modelFolder.ts";
import { learnedMessage } from "../dataChecks.ts";
import type { Artifact, DataFile, Stage } from "../stage.ts";
import { type AdapterSlice, adapterSlice, loadTrainable, saveTrained } from "../trainable.ts";
import { stepChoices, train } from "../training.ts";
import { longest } from "./baseModel.ts";

/**
 * Supervised fine-tuning of the base model on responses.
 *
 * SALSA, section 3.1: every SFT sees the same examples; its seed orders them.
 */
export const sft: Stage<
  { readonly seed: number; readonly sftSeed: number },
  SftSlice,
  { readonly base: Artifact; readonly data: DataFile | undefined } & TemplateInput
> = {
  kind: "sft",
  title: "Supervised fine-tuning",
  makes: "model",
  usesDevice: true,
  batchSetting: ["sft", "batchSize"],
  revision: 3,
  select: (config, { seed, sftSeed }) => ({
    ...sftSource(config),
    sft: trainingOf(config.sft),
    ...turnsSlice(config),
    ...chatSlice(config),
    ...saveSlice(config),
    ...adapterSlice(config),
    seed,
    sftSeed,
  }),
  async run(
    context,
    { sft: settings, learnedTurns, chat, saveAs, seed, sftSeed, lora, frozenWeights, ...source },
    { base, data, template },
  ) {
    const random = Random.of(seed, "sft", "adapter", sftSeed);
    const how = { ...(lora && { lora }), ...(frozenWeights && { frozenWeights }), random };
    const start = await loadTrainable(base.folder, { ...how, chat, template });
    const { config: model, format } = start;
    const texts = await sftTexts({ ...source, file: data?.path }, seed);
    const examples = texts.map((text) => format.encodeExample(text, learnedTurns));
    const message = learnedMessage(format, examples);
    if (message !== undefined) context.report({ kind: "note", message });
    const length = Math.min(longest(examples), settings.maxLength, model.maxPositions);
    const shape = { batchSize: settings.batchSize, length };
    await train(context, {
      weights: handOver(start.trained),
      frozen: handOver(start.frozen),
      step: sftStep(context.backend, model, { ...shape, ...stepChoices(context, settings) }),
      optimizer: settings,
      totalSteps: sftSteps(settings, examples.length),
      data: { count: examples.length, seed: seed * SEED_STRIDE + sftSeed },
      batch: (indices) =>
        supervisedBatches(
          indices.map((index) => examples[index]!),
          shape,
        ),
      tokens: (index) => Math.min(examples[index]!.tokens.length, length),
      metrics: "sft",
      finish: ({ weights }) =>
        saveTrained(context.folder, start, weights, { base: base.folder, ...(saveAs && { saveAs }) }),
    });
  },
  cost({ sft: settings, frozenWeights, ...source }, { model, recomputation, precision, stored, files: { data } }) {
    const { batchSize, gradientAccumulation, maxLength } = settings;
    const shape = { batchSize, length: sequenceLength(source.task, { maxLength, longestRow: data?.longestRow }) };
    const steps = sftSteps(settings, sftCount(source, data ?? { rows: 0 }));
    const tokens = steps * gradientAccumulation * batchSize * shape.length;
    return trainingCost({
      model,
      heads: ["language"],
      shape,
      loss: (graph) => sftLoss(graph, model, shape),
      gradientAccumulation,
      recomputation,
      precision,
      tokens,
      ...heldAs(frozenWeights, stored),
    });
  },
};

/** Settings of the training itself: which seeds there are changes none of their results. */
type SftTraining = Omit<SftConfig, "seeds" | "examples" | "learnedTurns">;

/** Turns that are learned; in a slice only where it changes what is. */
export interface TurnsSlice {
  readonly learnedTurns?: LearnedTurns;
}

/** The config's choice of turns that are learned. */
export function turnsSlice({ sft: { learnedTurns } }: RunConfig): TurnsSlice {
  return learnedTurns === "last" ? { learnedTurns } : {};
}

interface SftSlice extends Omit<SftSource, "file">, TurnsSlice, ChatSlice, SaveSlice, AdapterSlice {
  readonly sft: SftTraining;
  readonly seed: number;
  readonly sftSeed: number;
}

function trainingOf({ seeds: _seeds, examples: _examples, learnedTurns: _turns, ...training }: SftConfig): SftTraining {
  return training;
}

/** The source of a config's SFT examples. */
export function sftSource({ task, sft: { examples }, ...rest }: RunConfig): Omit<SftSource, "file"> {
  return { task: taskSlice(task, "sft"), examples, keepsExamplesBack: keepsExamplesBack(rest) };
}

/** Keeps the seeds of different base seeds apart. */
export const SEED_STRIDE = 100_003;

/** Optimizer steps of one SFT over n examples. */
function sftSteps({ duration, batchSize, gradientAccumulation }: SftTraining, n: number): number {
  return "steps" in duration ? duration.steps : duration.epochs * Math.ceil(n / (batchSize * gradientAccumulation));
}
