import { join } from "node:path";
import type { Backend } from "../../compute/backend.ts";
import { DTYPES } from "../../compute/graph/dtype.ts";
import { type RunConfig, type SamplingConfig, type TaskConfig, VALIDATION } from "../../config/index.ts";
import { benchmarkKind } from "../../evaluation/benchmarks/index.ts";
import { mean } from "../../evaluation/statistics/mean.ts";
import type { Task } from "../../evaluation/tasks/task.ts";
import { DeviceWeights, handOver, parameterCount } from "../../models/index.ts";
import { type Question, questionText, recordedTurns } from "../../protocol/conversation.ts";
import { memoryByRole } from "../../common/memory.ts";
import { TEST_PROMPTS } from "../../protocol/testPrompts.ts";
import type { Prompt } from "../../storage/datasets.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { ANSWERS_FILE, type BenchmarkAnswer } from "../../storage/formats/answers.ts";
import { Random } from "../../training/index.ts";
import type { BaseInput } from "../adapterFolder.ts";
import { heldAs, inTransit, readingCost, responseLengths, tokenizerBytes } from "../cost.ts";
import {
  type BenchmarkChoice,
  benchmarkPrompts,
  taskOf,
  taskSlice,
  validationCount,
  validationPrompts,
} from "../corpus.ts";
import { type EncodedPrompts, encodePrompts, shortenedMessage } from "../generation.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { type FrozenModel, type FrozenSlice, frozenSlice, loadFrozenModel } from "../modelFolder.ts";
import { rewardingOf } from "../rewarding.ts";
import { PROMPTS_AT_ONCE, ResponseSampler, type ScoredResponse } from "../responseSampler.ts";
import { type Artifact, type DataFile, type Stage, type StageContext, stopIfAsked } from "../stage.ts";
import { fittingPrompts, longestOf } from "../testPrompts.ts";
import { type AskedTurn, askedTurn, passesOf } from "../turns.ts";

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
    const model = await loadFrozenModel(inputs.model.folder, frozen, ["language"], choice);
    const device = DeviceWeights.upload(backend, handOver(model.weights));
    let scorer: DeviceWeights | undefined;
    let answered: readonly (readonly BenchmarkAnswer[])[];
    try {
      const name = from.kind === "benchmark" ? from.benchmark : from.kind;
      const questions =
        from.kind === TEST_PROMPTS
          ? fittingPrompts(from.questions, model, context)
          : await promptsOf({ task: settings, file: inputs.data?.path }, from);
      // Read when the first is on the device: the host holds one of them at a time.
      const reward = await loadFrozenModel(inputs.reward.folder, frozen, ["score"], { chat, base });
      scorer = DeviceWeights.upload(backend, handOver(reward.weights));
      const models = { backend, model, device, reward, scorer };
      const asked = { name, questions, seed, from, sampling, file: inputs.data?.path ?? name };
      answered = await answersByTurn(context, models, { ...asked, task: taskOf(settings) });
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
    // The reward model brings a tokenizer of its own, and passes through the host while the other is there.
    const second = tokenizerBytes(model) + inTransit(parameterCount(model) * DTYPES[held.frozenWeights].bytes);
    const memoryBytes = read.memoryBytes + second;
    const known = { policy: read.weightBytes / 2, reward: read.weightBytes / 2 };
    const activations = read.cacheBytes + read.arenaBytes;
    return { ...read, memoryBytes, memoryByRole: memoryByRole(memoryBytes, { ...known, activations }) };
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

/** Models on the device. */
interface Models {
  readonly backend: Backend;
  readonly model: Omit<FrozenModel, "weights">;
  readonly device: DeviceWeights;
  readonly reward: FrozenModel;
  readonly scorer: DeviceWeights;
}

/** Questions, and how they are answered. */
interface AnswerRequest {
  readonly name: string;
  readonly questions: readonly Prompt[];
  readonly seed: number;
  readonly from: AnsweredPrompts;
  readonly sampling: SamplingConfig;
  readonly task: Task | undefined;
  /** Where the questions stand, for messages. */
  readonly file: string;
}

/** Answers to every question, turn by turn. */
async function answersByTurn(
  context: StageContext,
  models: Models,
  asked: AnswerRequest,
): Promise<BenchmarkAnswer[][]> {
  const { model } = models;
  const { name, questions, seed, from, task } = asked;
  const { maxNewTokens, temperature: otherwise, ...sampling } = asked.sampling;
  const { form, temperature } = from.kind === "benchmark" ? from : {};
  const isTest = from.kind === TEST_PROMPTS;
  const passes = passesOf(questions, { form, temperature, otherwise });
  const total = passes.reduce((sum, { rows }) => sum + rows.length, 0);
  const most = Math.min(maxNewTokens, task?.maxResponseLength ?? Infinity);
  const room = { format: model.format, maxPositions: model.config.maxPositions, maxNewTokens: most };
  const answered: BenchmarkAnswer[][] = questions.map(() => []);
  let done = 0;
  for (const pass of passes) {
    const turns = pass.rows.map((row) => askedTurn(questions[row]!, textsOf(answered[row]), room));
    const cut = turns.filter(({ isCut }) => isCut).length;
    if (cut > 0) context.report({ kind: "note", message: `${cut} answers are cut where turn ${pass.turn} shows them` });
    const prompts = encodePrompts(
      turns.map(({ question }) => question),
      model,
      { maxNewTokens: most, from: asked.file },
    );
    const message = shortenedMessage(prompts, most);
    if (message !== undefined) context.report({ kind: "note", message });
    // One pass over plain prompts draws as it always has.
    const path = form === undefined ? [name] : [name, pass.turn, pass.temperature];
    const random = Random.of(seed, "answers", ...path);
    let at = 0;
    for await (const batch of sampled(models, { turns, prompts, random, ...sampling, temperature: pass.temperature })) {
      for (const response of batch) {
        const row = pass.rows[at]!;
        answered[row]!.push(answerOf(response, questions[row]!, { turn: pass.turn, asked: turns[at]!, task, isTest }));
        at += 1;
      }
      done += batch.length;
      context.report({ kind: "progress", step: done, total });
      if (done < total) stopIfAsked(context);
    }
  }
  return answered;
}

const textsOf = (answers: readonly BenchmarkAnswer[] = []): readonly string[] => answers.map(({ text }) => text);

/** Responses to one pass, scored. */
async function* sampled(
  { backend, model, device, reward, scorer }: Models,
  pass: Omit<SamplingConfig, "maxNewTokens"> & {
    readonly turns: readonly AskedTurn[];
    readonly prompts: EncodedPrompts;
    readonly random: Random;
  },
): AsyncGenerator<readonly ScoredResponse[], undefined> {
  const { turns, prompts, random, ...sampling } = pass;
  const questions = turns.map(({ question }) => question);
  const rewarding = rewardingOf(reward, { format: model.format, questions });
  const sampler = new ResponseSampler(backend, { model, prompts, sampling, reward: { ...rewarding, weights: scorer } });
  try {
    yield* sampler.sample(device, random);
  } finally {
    sampler.release();
  }
}

interface AnsweredTurn {
  readonly turn: number;
  readonly asked: AskedTurn;
  readonly task: Task | undefined;
  /** True for a test prompt. */
  readonly isTest: boolean;
}

function answerOf(
  response: ScoredResponse,
  { prompt, category, reference, questionId, followUps, references }: Prompt,
  { turn, asked, task, isTest }: AnsweredTurn,
): BenchmarkAnswer {
  const question = questionText(asked.question);
  const right = references?.[turn - 1] ?? (turn === 1 ? reference : undefined);
  const said = followUps?.[turn - 2];
  return {
    prompt: 0, // its number, once all are there
    question,
    ...(questionId !== undefined && { questionId }),
    ...(followUps !== undefined && { turn }),
    ...(said === undefined ? recordedTurns(asked.question) : { said }),
    ...(category !== undefined && { category }),
    ...(right !== undefined && { reference: right }),
    ...response,
    ...(task !== undefined && goldOf(task, questionText(prompt), response, isTest)),
  };
}

/** The true score, where there is one: a test prompt need not be one of the task's. */
function goldOf(task: Task, prompt: string, response: ScoredResponse, isTest: boolean): { readonly gold?: number } {
  try {
    return { gold: task.gold(prompt, response) };
  } catch (error) {
    if (isTest && error instanceof RangeError) return {};
    throw error;
  }
}

async function promptsOf(
  source: { readonly task: TaskConfig | undefined; readonly file: string | undefined },
  from: Exclude<AnsweredPrompts, { readonly kind: typeof TEST_PROMPTS }>,
): Promise<readonly Prompt[]> {
  if (from.kind === "benchmark") return benchmarkPrompts(source, from);
  const prompts = await validationPrompts({ ...source, validationPrompts: from.prompts });
  return prompts.map((prompt) => ({ prompt }));
}
