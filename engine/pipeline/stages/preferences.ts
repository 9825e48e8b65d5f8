import { join } from "node:path";
import { DeviceWeights, Generator, handOver } from "../../models/index.ts";
import type { TaskConfig } from "../../config/index.ts";
import type { RankedResponses } from "../../evaluation/tasks/task.ts";
import { memoryByRole } from "../../common/memory.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { type LabelledPair, PAIRS_FILE } from "../../storage/formats/pairs.ts";
import { Random } from "../../training/index.ts";
import type { BaseInput } from "../adapterFolder.ts";
import { heldAs, readingCost, sequenceLength } from "../cost.ts";
import { taskOf, taskSlice } from "../corpus.ts";
import { responseTexts } from "../generation.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { type FrozenSlice, frozenSlice, loadFrozenModel } from "../modelFolder.ts";
import { type Artifact, type Stage, stopIfAsked } from "../stage.ts";

/** Equally good responses give no pair; a model whose responses are nearly all so will never give enough. */
const MOST_ROUNDS_PER_BATCH = 20;

/** Samples two responses to each prompt from a model and lets the task's noisy labeller choose. */
export const preferences: Stage<
  { readonly seed: number },
  FrozenSlice & ChatSlice & { readonly task: TaskConfig | undefined; readonly pairs: number; readonly seed: number },
  { readonly model: Artifact } & TemplateInput & BaseInput
> = {
  kind: "preferences",
  title: "Preference pairs",
  makes: "records",
  usesDevice: true,
  revision: 1,
  select: (config, { seed }) => ({
    task: taskSlice(config.task, "prefer"),
    pairs: config.reward.pairs ?? 0,
    seed,
    ...frozenSlice(config),
    ...chatSlice(config),
  }),
  async run(context, { task: settings, pairs: total, seed, chat, ...frozen }, { model: from, template, base }) {
    const { backend } = context;
    const task = taskOf(settings);
    if (task === undefined) throw new TypeError("preferences: only a task labels pairs");
    const atOnce = task.answeredAtOnce;
    const choice = { chat, template, base };
    const { config: model, weights, format } = await loadFrozenModel(from.folder, frozen, ["language"], choice);
    const promptSource = Random.of(seed, "preferences", "prompts");
    const labeller = Random.of(seed, "preferences", "labels");
    const generator = new Generator(backend, model, {
      batchSize: 2 * atOnce,
      queryLength: task.maxPromptLength,
      responseLength: task.maxResponseLength,
      sampling: {},
      eos: format.ends,
      pad: format.tokenizer.pad,
    });
    const device = DeviceWeights.upload(backend, handOver(weights));
    const lines: string[] = [];
    try {
      for (let round = 0; lines.length < total; round++) {
        if (round > MOST_ROUNDS_PER_BATCH * Math.ceil(total / atOnce)) throw tooAlike(lines.length, total);
        stopIfAsked(context);
        const batch = task.prompts("train", atOnce, promptSource);
        const queries = batch.flatMap((prompt) => [format.encodePrompt(prompt), format.encodePrompt(prompt)]);
        const sampled = await generator.generate(device, queries, Random.of(seed, "preferences", "responses", round));
        const texts = responseTexts(sampled, format);
        for (const [index, prompt] of batch.entries()) {
          const pair = [texts[2 * index]!, texts[2 * index + 1]!] as const;
          const preferred = task.prefer(prompt, pair, labeller);
          if (preferred !== undefined) lines.push(JSON.stringify(labelled(prompt, preferred)));
        }
        context.report({ kind: "progress", step: Math.min(lines.length, total), total });
      }
    } finally {
      device.release();
      generator.release();
    }
    await atomicWrite(join(context.folder, PAIRS_FILE), `${lines.slice(0, total).join("\n")}\n`);
  },
  cost({ task, pairs, ...frozen }, { model, precision, stored }) {
    const length = sequenceLength(task, { maxLength: model.maxPositions });
    const { maxResponseLength: responseLength = 1, answeredAtOnce = 1 } = taskOf(task) ?? {};
    const read = readingCost(model, {
      models: 1,
      tokens: 2 * pairs * length,
      generated: { batchSize: 2 * answeredAtOnce, queryLength: length - responseLength, responseLength },
      precision,
      ...heldAs(frozen.frozenWeights, stored),
    });
    const known = { policy: read.weightBytes, activations: read.cacheBytes + read.arenaBytes };
    return { ...read, memoryByRole: memoryByRole(read.memoryBytes, known) };
  },
};

function labelled(prompt: string, { chosen, rejected }: RankedResponses): LabelledPair {
  return {
    prompt,
    chosen: chosen.text,
    chosenEnded: chosen.ended,
    rejected: rejected.text,
    rejectedEnded: rejected.ended,
  };
}

function tooAlike(found: number, wanted: number): Error {
  return new RangeError(
    `preferences: the model's responses are nearly all equally good: ${found} of ${wanted} pairs found; lower reward.pairs`,
  );
}
