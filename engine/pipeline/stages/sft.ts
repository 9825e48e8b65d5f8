import { join } from "node:path";
import type { RunConfig, SftConfig } from "../../config/index.ts";
import { DiskList } from "../../storage/diskList.ts";
import type { EncodedExample, LearnedTurns } from "../../text/index.ts";
import { handOver } from "../../models/index.ts";
import { Random, sftLoss, sftStep } from "../../training/index.ts";
import { heldAs, sequenceLength, trainingCost } from "../cost.ts";
import { type SftSource, keepsExamplesBack, sftCount, sftTexts, taskSlice } from "../corpus.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { type SaveSlice, saveSlice } from "../modelFolder.ts";
import { SHOWN, learnedMessage } from "../dataChecks.ts";
import { assertUnchanged } from "../fingerprints.ts";
import type { Artifact, DataFile, Stage } from "../stage.ts";
import { type AdapterSlice, adapterSlice, loadTrainable, saveTrained } from "../trainable.ts";
import { stepChoices, supervisedBatch, train } from "../training.ts";

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
    const mostTokens = Math.min(settings.maxLength, model.maxPositions);
    const examples = new DiskList<EncodedExample>(join(context.workspace, "examples"));
    try {
      const shown: EncodedExample[] = [];
      let length = 0;
      for await (const text of sftTexts({ ...source, file: data?.path }, seed)) {
        const example = format.encodeExample(text, learnedTurns);
        if (shown.length < SHOWN) shown.push(example);
        const used = cutAt(example, mostTokens);
        length = Math.max(length, used.tokens.length);
        await examples.add(used);
      }
      await assertUnchanged(data);
      const message = learnedMessage(format, shown);
      if (message !== undefined) context.report({ kind: "note", message });
      const shape = { batchSize: settings.batchSize, length };
      await train(context, {
        weights: handOver(start.trained),
        frozen: handOver(start.frozen),
        step: sftStep(context.backend, model, { ...shape, ...stepChoices(context, settings) }),
        optimizer: settings,
        totalSteps: sftSteps(settings, examples.length),
        data: { count: examples.length, seed: seed * SEED_STRIDE + sftSeed },
        batch: async (indices) => supervisedBatch(await examples.pick(indices), shape),
        metrics: "sft",
        finish: ({ weights }) =>
          saveTrained(context.folder, start, weights, { base: base.folder, ...(saveAs && { saveAs }) }),
      });
    } finally {
      await examples.release();
    }
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
      data,
      ...heldAs(frozenWeights, stored),
    });
  },
};

/** The part of an example that is learned from. */
function cutAt({ tokens, learned, ...rest }: EncodedExample, length: number): EncodedExample {
  return { ...rest, tokens: tokens.slice(0, length), ...(learned && { learned: learned.slice(0, length) }) };
}

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
