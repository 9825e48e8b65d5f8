import { join } from "node:path";
import { type RunConfig, type SamplingConfig, type TaskConfig, VALIDATION } from "../../config/index.ts";
import { benchmarkKind } from "../../evaluation/benchmarks/index.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import { FrozenRole } from "../../models/index.ts";
import type { Question } from "../../protocol/conversation.ts";
import { memoryByRole } from "../../common/memory.ts";
import { TEST_PROMPTS } from "../../protocol/testPrompts.ts";
import type { Prompt } from "../../storage/datasets.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { ANSWERS_FILE, type BenchmarkAnswer } from "../../storage/formats/answers.ts";
import type { BaseInput } from "../adapterFolder.ts";
import { alternation } from "../alternation.ts";
import { answersByTurn } from "../answering.ts";
import { heldAs, inTransit, readingCost, responseLengths, tokenizerBytes } from "../cost.ts";
import {
  type BenchmarkChoice,
  benchmarkPrompts,
  taskOf,
  taskSlice,
  validationCount,
  validationPrompts,
} from "../corpus.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type FrozenSlice, frozenSlice, openFrozenModel } from "../modelFolder.ts";
import { roleWeights } from "../references.ts";
import { PROMPTS_AT_ONCE } from "../responseSampler.ts";
import { type Artifact, type DataFile, type Stage, stopIfAsked } from "../stage.ts";
import { fittingPrompts, longestOf } from "../testPrompts.ts";

/**
 * Answers of a model to the prompts of a benchmark, of the validation split, or those that people test every run with,
 * scored.
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
  makes: "records",
  usesDevice: true,
  revision: 3,
  select: (config, { benchmark, isValidation, seed }) => ({
    task: taskSlice(config.task),
    sampling: config.evaluation.sampling,
    seed,
    from: isValidation
      ? { kind: "validation", prompts: config.evaluation.validationPrompts }
      : benchmark === TEST_PROMPTS
        ? { kind: TEST_PROMPTS, questions: config.testPrompts ?? [] }
        : { kind: "benchmark", benchmark, prompts: config.evaluation.prompts, ...formOf(config, benchmark) },
    ...frozenSlice(config),
    ...chatSlice(config),
  }),
  async run(context, { task: settings, sampling, seed, from, chat, ...frozen }, inputs) {
    const { backend } = context;
    stopIfAsked(context);
    const { template, base } = inputs;
    const choice = { chat, template, base };
    const { weights, ...model } = await openFrozenModel(inputs.model.folder, frozen, ["language"], choice);
    const device = new FrozenRole(backend, roleWeights(weights));
    let scorer: FrozenRole | undefined;
    let answered: readonly (readonly BenchmarkAnswer[])[];
    try {
      const name = from.kind === "benchmark" ? from.benchmark : from.kind;
      const questions =
        from.kind === TEST_PROMPTS
          ? fittingPrompts(from.questions, model, context)
          : await promptsOf({ task: settings, file: inputs.data?.path }, from);
      await assertUnchanged(inputs.data);
      // Read when the first has left the host, which holds one of them at a time.
      const { weights: scoring, ...reward } = await openFrozenModel(inputs.reward.folder, frozen, ["score"], {
        chat,
        base,
      });
      scorer = new FrozenRole(backend, roleWeights(scoring));
      const models = { backend, model, device, reward, scorer };
      const { form, temperature } = from.kind === "benchmark" ? from : {};
      const asked = { name, questions, seed, form, temperature, sampling, isTest: from.kind === TEST_PROMPTS };
      const about = { task: taskOf(settings), file: inputs.data?.path ?? name };
      answered = await answersByTurn(context, models, { ...asked, ...about });
    } finally {
      device.release();
      scorer?.release();
    }
    const all = answered.flat().map((answer, prompt): BenchmarkAnswer => ({ ...answer, prompt }));
    await atomicWrite(
      join(context.folder, ANSWERS_FILE),
      `${all.map((answer) => JSON.stringify(answer)).join("\n")}\n`,
    );
    if (from.kind === "validation") {
      const values = { "validation/score": mean(all.map(({ gold, reward: score }) => gold ?? score)) };
      context.report({ kind: "metrics", step: 1, values });
    }
  },
  cost({ task, sampling, from, ...frozen }, { model, precision, stored, files: { data } }) {
    const count = answerCount(from, data);
    const longestRow = from.kind === TEST_PROMPTS ? longestOf(from.questions) : data?.longestRow;
    const lengths = responseLengths(task, model, { longestRow, maxNewTokens: sampling.maxNewTokens });
    const sideBySide = { batchSize: Math.min(count, PROMPTS_AT_ONCE), ...lengths };
    const length = lengths.queryLength + lengths.responseLength;
    const held = heldAs(frozen.frozenWeights, stored);
    // Once by the model, token by token, and once by the reward model.
    const read = readingCost(model, {
      ...{ models: 2, tokens: 2 * count * length, precision, ...held },
      ...{ generated: sideBySide, scored: sideBySide },
    });
    const { resident, most, mostOnCard } = alternation({ read, scoring: 1, isReader: true });
    // The reward model brings a tokenizer of its own. Models that stay pass through the host; others do so when no cache is held.
    const onTheirWay = resident.weightBytes > 0 ? inTransit(read.model.storedBytes) : 0;
    const memoryBytes = resident.memoryBytes + most.memoryBytes + 2 * tokenizerBytes(model) + onTheirWay;
    const reward = resident.weightBytes / 2;
    const policy = reward + most.weightBytes;
    const activations = resident.memoryBytes + most.memoryBytes - policy - reward;
    return {
      ...{ parameters: read.parameters, flops: read.flops, memoryBytes },
      memoryByRole: memoryByRole(memoryBytes, { policy, reward, activations }),
      cardBytes: resident.cardBytes + mostOnCard.cardBytes,
    };
  },
};

/** Which prompts are answered: those of a benchmark, those that settings are chosen on, or those of the config's folder. */
type AnsweredPrompts =
  | { readonly kind: typeof VALIDATION; readonly prompts: number }
  | { readonly kind: typeof TEST_PROMPTS; readonly questions: readonly Question[] }
  | (BenchmarkChoice & { readonly kind: "benchmark"; readonly temperature?: number });

interface AnswersSlice extends FrozenSlice, ChatSlice {
  readonly task: TaskConfig | undefined;
  readonly sampling: SamplingConfig;
  readonly seed: number;
  readonly from: AnsweredPrompts;
}

/** Answers that are sampled, turns of a question counted one by one. */
function answerCount(from: AnsweredPrompts, data: DataFile | undefined): number {
  if (from.kind === TEST_PROMPTS) return from.questions.length;
  const rows = data?.rows ?? Infinity;
  if (from.kind === VALIDATION && data !== undefined) return validationCount({ validationPrompts: from.prompts }, data);
  const turns = from.kind === VALIDATION || from.form === undefined ? 1 : benchmarkKind(from.form).turns;
  return turns * Math.min(from.prompts, rows);
}

/** Settings of a benchmark that its answers depend on; nothing for plain prompts. */
export function formOf(
  { data }: RunConfig,
  benchmark: string,
): { readonly form?: string; readonly temperature?: number } {
  const own = data?.benchmarks[benchmark];
  if (own === undefined || typeof own === "string" || own.kind === undefined) return {};
  return { form: own.kind, ...(own.temperature !== undefined && { temperature: own.temperature }) };
}

async function promptsOf(
  source: { readonly task: TaskConfig | undefined; readonly file: string | undefined },
  from: Exclude<AnsweredPrompts, { readonly kind: typeof TEST_PROMPTS }>,
): Promise<readonly Prompt[]> {
  if (from.kind === "benchmark") return benchmarkPrompts(source, from);
  const prompts = await validationPrompts({ ...source, validationPrompts: from.prompts });
  return prompts.map((prompt) => ({ prompt }));
}
