import { join } from "node:path";
import { type SamplingConfig, type TaskConfig, VALIDATION } from "../../config/index.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import { DeviceWeights, handOver } from "../../models/index.ts";
import { questionText } from "../../protocol/conversation.ts";
import type { Prompt } from "../../storage/datasets.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { ANSWERS_FILE, type BenchmarkAnswer } from "../../storage/formats/answers.ts";
import { Random } from "../../training/index.ts";
import type { BaseInput } from "../adapterFolder.ts";
import { readingCost, responseLengths } from "../cost.ts";
import { benchmarkPrompts, taskOf, validationCount, validationPrompts } from "../corpus.ts";
import { encodePrompts, shortenedMessage } from "../generation.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { type FrozenSlice, frozenSlice, loadFrozenModel } from "../modelFolder.ts";
import { rewardingOf } from "../rewarding.ts";
import { PROMPTS_AT_ONCE, ResponseSampler } from "../responseSampler.ts";
import { type Artifact, type DataFile, type Stage, stopIfAsked } from "../stage.ts";

/**
 * Answers of a model to the prompts of a benchmark or of the validation split, scored.
 *
 * All models draw with the same random numbers for the same prompt: where two models would respond alike, they do, so
 * comparisons have more ties and less noise than with draws of their own.
 */
export const answers: Stage<
  { readonly benchmark: string; readonly isValidation: boolean; readonly seed: number },
  AnswersSlice,
  { readonly model: Artifact; readonly reward: Artifact; readonly data: DataFile | undefined } & TemplateInput &
    BaseInput
> = {
  kind: "answers",
  title: "Answers",
  revision: 3,
  select: (config, { benchmark, isValidation, seed }) => ({
    task: config.task,
    sampling: config.evaluation.sampling,
    seed,
    from: isValidation
      ? { kind: "validation", prompts: config.evaluation.validationPrompts }
      : { kind: "benchmark", benchmark, prompts: config.evaluation.prompts },
    ...frozenSlice(config),
    ...chatSlice(config),
  }),
  async run(context, { task: settings, sampling: { maxNewTokens, ...sampling }, seed, from, chat, ...frozen }, inputs) {
    const { backend } = context;
    stopIfAsked(context);
    const { template, base } = inputs;
    const choice = { chat, template, base };
    const model = await loadFrozenModel(inputs.model.folder, frozen, ["language"], choice);
    const name = from.kind === "validation" ? VALIDATION : from.benchmark;
    const questions = await promptsOf({ task: settings, file: inputs.data?.path }, from);
    const task = taskOf(settings);
    const reward = rewardingOf(await loadFrozenModel(inputs.reward.folder, frozen, ["score"], { chat, base }), {
      format: model.format,
      questions: questions.map(({ prompt }) => prompt),
    });
    const most = Math.min(maxNewTokens, task?.maxResponseLength ?? Infinity);
    const prompts = encodePrompts(
      questions.map(({ prompt }) => prompt),
      model,
      { maxNewTokens: most, from: inputs.data?.path ?? name },
    );
    const message = shortenedMessage(prompts, most);
    if (message !== undefined) context.report({ kind: "note", message });
    const sampler = new ResponseSampler(backend, {
      model,
      prompts,
      sampling,
      reward: { ...reward, weights: handOver(reward.weights) },
    });
    const device = DeviceWeights.upload(backend, handOver(model.weights));
    const lines: string[] = [];
    const scores: number[] = [];
    try {
      for await (const batch of sampler.sample(device, Random.of(seed, "answers", name))) {
        for (const response of batch) {
          const { prompt, ...about } = questions[lines.length]!;
          const question = questionText(prompt);
          const gold = task === undefined ? {} : { gold: task.gold(question, response) };
          const answer: BenchmarkAnswer = { prompt: lines.length, question, ...about, ...response, ...gold };
          lines.push(JSON.stringify(answer));
          scores.push(answer.gold ?? answer.reward);
        }
        context.report({ kind: "progress", step: lines.length, total: questions.length });
        if (lines.length < questions.length) stopIfAsked(context);
      }
    } finally {
      device.release();
      sampler.release();
    }
    await atomicWrite(join(context.folder, ANSWERS_FILE), `${lines.join("\n")}\n`);
    if (from.kind === "validation") {
      context.report({ kind: "metrics", step: 1, values: { "validation/score": mean(scores) } });
    }
  },
  cost({ task, sampling, from, ...frozen }, { model, precision, files: { data } }) {
    const rows = data?.rows ?? Infinity;
    const count =
      from.kind === "validation" && data !== undefined
        ? validationCount({ validationPrompts: from.prompts }, rows)
        : Math.min(from.prompts, rows);
    const lengths = responseLengths(task, model, { longestRow: data?.longestRow, maxNewTokens: sampling.maxNewTokens });
    const sideBySide = { batchSize: Math.min(count, PROMPTS_AT_ONCE), ...lengths };
    const length = lengths.queryLength + lengths.responseLength;
    // Once by the model, token by token, and once by the reward model.
    return readingCost(model, {
      ...{ models: 2, tokens: 2 * count * length, precision, ...frozen },
      ...{ generated: sideBySide, scored: sideBySide },
    });
  },
};

/** Which prompts are answered: those of a benchmark, or those that settings are chosen on. */
type AnsweredPrompts =
  | { readonly kind: "validation"; readonly prompts: number }
  | { readonly kind: "benchmark"; readonly benchmark: string; readonly prompts: number };

interface AnswersSlice extends FrozenSlice, ChatSlice {
  readonly task: TaskConfig | undefined;
  readonly sampling: SamplingConfig;
  readonly seed: number;
  readonly from: AnsweredPrompts;
}

async function promptsOf(
  source: { readonly task: TaskConfig | undefined; readonly file: string | undefined },
  from: AnsweredPrompts,
): Promise<readonly Prompt[]> {
  if (from.kind === "benchmark") return benchmarkPrompts(source, from);
  const prompts = await validationPrompts({ ...source, validationPrompts: from.prompts });
  return prompts.map((prompt) => ({ prompt }));
}
