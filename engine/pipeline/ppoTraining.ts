import { join } from "node:path";
import * as z from "zod";
import type { TaskConfig } from "../config/index.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import {
  type Head,
  type ModelConfig,
  type TensorStream,
  type WeightArray,
  asF32,
  handOver,
  parameters,
  withHeads,
} from "../models/index.ts";
import { referenceKl } from "../protocol/catalogue.ts";
import { type Question, questionText } from "../protocol/conversation.ts";
import { hasDistributions } from "../protocol/distributions.ts";
import type { Metrics } from "../rl/alarms.ts";
import { trainedParameters } from "../rl/ppoStep.ts";
import { type Model, type PpoModels, type PpoPosition, type RestoredPpo, REFERENCE } from "../rl/ppoModels.ts";
import { type PpoIteration, type PromptList, PpoTrainer } from "../rl/ppoTrainer.ts";
import { isAdapterFolder } from "../storage/adapterFolders.ts";
import { DiskList } from "../storage/diskList.ts";
import { numberOrNaN } from "../storage/formats/numberOrNaN.ts";
import type { PromptFormat } from "../text/index.ts";
import { Random } from "../training/index.ts";
import { type BaseInput, type LoraSlice, readAdapter } from "./adapterFolder.ts";
import { AlarmWatch } from "./alarmWatch.ts";
import { type PpoConfig, ppoSettings } from "./armSettings.ts";
import { type ChatSlice, type TemplateInput, loadFormat } from "./chatChoice.ts";
import { taskOf, trainPrompts, validationPrompts } from "./corpus.ts";
import { distributionMetrics } from "./distributions.ts";
import { assertUnchanged } from "./fingerprints.ts";
import {
  type EncodedPrompt,
  type ResponseText,
  encodePrompts,
  listPrompts,
  responseTexts,
  shortenedMessage,
} from "./generation.ts";
import { loop } from "./loop.ts";
import { type FrozenSlice, type OpenModel, type SaveSlice, loadModel, openFrozenModel } from "./modelFolder.ts";
import { readPrompt } from "./modelDesk.ts";
import {
  type HeldModel,
  type ReadableModel,
  changed,
  loadReferences,
  roleWeights,
  withoutAdapter,
} from "./references.ts";
import { type Rewarding, rewardingByQuestion, rewardingOf } from "./rewarding.ts";
import {
  type Artifact,
  type DataFile,
  type Savepoint,
  type Snapshot,
  type StageContext,
  jsonOf,
  recomputationOf,
} from "./stage.ts";
import { type TrainableModel, loadTrainable, saveTrained } from "./trainable.ts";
import { discard, positionSchema, restoredFloats, restoredState } from "./training.ts";
import {
  type PanelState,
  type WatchSlice,
  WinRatePanel,
  type WinRatePanelSettings,
  panelStateSchema,
} from "./winRatePanel.ts";

/** Rollouts of an iteration that are kept for people to read. */
const SAMPLES_KEPT = 4;
/** Iterations between kept samples. */
const SAMPLES_EVERY = 5;
/** Prompts whose rollouts are kept whenever they are drawn, once an epoch: what a policy makes of one prompt over time. */
const PROMPTS_FOLLOWED = 4;

/** A part of a training, as a rung of successive halving has it. */
interface TrainingPart {
  /** Iterations after which it ends. */
  readonly until: number;
  /** Takes what the rest of it goes on from. */
  readonly left: (state: Omit<Savepoint, "step">) => Promise<void>;
}

/** Trains an arm's policy, or a part of that, and saves it. */
export async function trainPpo(
  context: StageContext,
  slice: RlhfSlice,
  inputs: RlhfInputs,
  part?: TrainingPart,
): Promise<void> {
  const asked = new DiskList<EncodedPrompt>(join(context.workspace, "prompts"));
  try {
    await trainOn(asked, context, { slice, inputs, part });
  } finally {
    await asked.release();
  }
}

/** All that a training is of. */
interface PpoTraining {
  readonly slice: RlhfSlice;
  readonly inputs: RlhfInputs;
  readonly part: TrainingPart | undefined;
}

/** The same, with its prompts on a list that is empty yet. */
async function trainOn(
  asked: DiskList<EncodedPrompt>,
  context: StageContext,
  { slice, inputs, part }: PpoTraining,
): Promise<void> {
  const { arm, watch: looks, task: settings, validationPrompts: kept, seed, chat, saveAs, lora, ...frozen } = slice;
  const { init, reference, reward, data, template, base } = inputs;
  const { backend, pace } = context;
  const task = taskOf(settings);
  const random = Random.of(seed, "rlhf", "adapter");
  const start = await loadTrainable(init.folder, { ...(lora && { lora }), ...frozen, random, chat, template, base });
  const { format } = start;
  const isMoving = (arm.movingReference ?? "fixed") !== "fixed";
  const others = await loadOthers({ start, reference, reward, frozen, chat, base, isMoving });
  const maxNewTokens = Math.min(arm.maxNewTokens, task?.maxResponseLength ?? Infinity);
  const { areTexts, ...lengths } = await listPrompts(
    trainPrompts({ task: settings, file: data?.path, validationPrompts: kept }, seed),
    asked,
    { config: start.config, format, maxNewTokens, from: data?.path ?? "train" },
  );
  await assertUnchanged(data);
  const rewarding = rewardingByQuestion(others.reward, { format, areTexts });
  const message = shortenedMessage(lengths, maxNewTokens);
  if (message !== undefined) context.report({ kind: "note", message });
  const ppo = { ...ppoSettings(arm, { ...lengths, format, seed }), recomputation: recomputationOf(pace) };
  const critic = arm.critic === "separate" ? criticFrom(await others.trainableReward()) : undefined;
  const heads: readonly Head[] = critic === undefined ? ["language", "value"] : ["language"];
  const weights = withHeads(start.trained, start.config, Random.of(seed, "rlhf", "heads"), heads);
  const models = {
    ...(lora && { base: handOver(start.frozen) }),
    policy: handedOver({ config: start.config, weights }),
    references: others.references.map(({ config, weights }) => ({
      ...{ config, weights: roleWeights(isMoving && weights instanceof Map ? inF32(weights) : weights) },
    })),
    reward: { ...byNumber(rewarding, asked), weights: roleWeights(others.reward.weights) },
    ...(critic === undefined ? {} : { critic: handedOver(critic) }),
  };
  const snapshot = await context.restore(savedSchema);
  const saved = snapshot === undefined ? undefined : savedOf(snapshot, start.config, critic?.config);
  if (saved !== undefined) for (const model of [models.policy, models.critic]) discard(model?.weights ?? []);
  // One that moves is as it was saved.
  if (saved?.ppo.reference !== undefined)
    for (const { weights: stale } of models.references) if (!("read" in stale)) discard(stale);
  const trainer = new PpoTrainer(backend, models, queriesOf(asked), ppo, saved?.ppo);
  const watch = new AlarmWatch(context, "rlhf", saved?.history);
  const panel =
    looks &&
    (await panelOf(
      { context, watch: looks, settings, seed, data, prompt: inputs.prompt },
      { trainer, start, task, reward: others.reward },
      saved?.panel,
    ));
  const save = (): Promise<Omit<Savepoint, "step">> => {
    const { optimizerStep, ...state } = trainer.position;
    const json = jsonOf({ ...state, optimizerStep, history: watch.ends, ...panel?.state });
    return Promise.resolve({ json, tensors: trainer.fetched() });
  };
  try {
    if (snapshot === undefined) await panel?.begin(trainer.onDevice);
    else await madeUp(context, snapshot.step, panel);
    await loop(
      context,
      {
        total: part?.until ?? arm.iterations,
        saveEvery: Math.max(1, Math.round(pace.checkpointEvery / ITERATION_IN_STEPS)),
        metricsEvery: 1,
        step: async () => {
          const iteration = await trainer.iterate();
          const responses = responseTexts(iteration.generation, format);
          const texts = (await asked.pick(iteration.prompts)).map(({ question }) => questionText(question));
          const golds = goldScores(task, texts, responses);
          const metrics = { ...iteration.metrics, ...goldMetrics(golds) };
          watch.see(metrics, iteration.iteration + 1);
          recordSamples(context, texts, iteration, { responses, golds, format });
          const compared = isLooked(looks, iteration.iteration, arm.iterations)
            ? await panel?.measure(trainer.onDevice, iteration.iteration + 1)
            : {};
          const spread = hasDistributions(iteration.iteration + 1, arm.iterations)
            ? distributionsOf(iteration, arm)
            : {};
          const values = { ...metrics, ...referenceMetrics(reference, iteration), ...compared, ...spread };
          return { values, tokens: tokensOf(iteration) };
        },
        save,
      },
      snapshot?.step ?? 0,
    );
    await part?.left(await save());
    await saveTrained(context.folder, start, trainer.policy(), {
      base: base?.folder,
      ...(saveAs && { saveAs }),
    });
  } finally {
    panel?.release();
    trainer.release();
  }
}

/** The token ids of prompts. */
function queriesOf(asked: DiskList<EncodedPrompt>): PromptList {
  return {
    length: asked.length,
    pick: async (numbers) => (await asked.pick(numbers)).map(({ query }) => query),
  };
}

/** Rewarding of answers to prompts that are given by their numbers. */
function byNumber(
  { sequencesOf, ...model }: Rewarding<Question>,
  asked: DiskList<EncodedPrompt>,
): Omit<PpoModels["reward"], "weights"> {
  if (sequencesOf === undefined) return model;
  return {
    ...model,
    sequencesOf: async (numbers, generation) => {
      const prompts = await asked.pick(numbers);
      return sequencesOf(
        prompts.map(({ question }) => question),
        generation,
      );
    },
  };
}

/** Inputs of a training. */
export type RlhfInputs = TemplateInput &
  BaseInput & {
    readonly init: Artifact;
    readonly reference: readonly Artifact[];
    readonly reward: Artifact;
    readonly data: DataFile | undefined;
    /** Of the judge that compares the policy with its start, where it has one of its own. */
    readonly prompt?: DataFile;
  };

/** All that a training depends on beside its inputs. */
export interface RlhfSlice extends FrozenSlice, LoraSlice, ChatSlice, SaveSlice, WatchSlice {
  /** The arm's settings, with one β. */
  readonly arm: PpoConfig;
  readonly task: TaskConfig | undefined;
  /** Prompts that are kept back at the end of the file; 0 where their number changes nothing. */
  readonly validationPrompts: number;
  readonly seed: number;
}

/** The models beside the policy. */
interface Others {
  readonly references: readonly ReadableModel[];
  readonly reward: OpenModel;
  /** The reward model in f32, for a critic to start from. */
  readonly trainableReward: () => Promise<HeldModel<Float32Array>>;
}

/** Loads the models beside the policy: of adapters only what each changes of the base, which they share. */
async function loadOthers({
  start,
  reference,
  reward,
  frozen,
  chat,
  base,
  isMoving,
}: Pick<RlhfInputs, "reference" | "reward"> & {
  readonly isMoving: boolean;
  readonly base: Artifact | undefined;
  readonly start: TrainableModel;
  readonly frozen: FrozenSlice;
  readonly chat: ChatSlice["chat"];
}): Promise<Others> {
  const rewarding = async (): Promise<Pick<Others, "reward" | "trainableReward">> => {
    const model = await openFrozenModel(reward.folder, frozen, ["score"], { chat });
    return { reward: model, trainableReward: () => loadModel(reward.folder, ["score"]) };
  };
  const references = await loadReferences(reference, { config: start.config, frozen, base, isMoving });
  // One that the config brings is a whole model.
  if (base === undefined || !(await isAdapterFolder(reward.folder))) return { references, ...(await rewarding()) };
  const config = withoutAdapter(start.config);
  // Read for each: the one that takes it frees it.
  const change = async (): Promise<HeldModel<Float32Array>> =>
    changed(config, await readAdapter(reward.folder, config, ["score"]));
  const format = await loadFormat(reward.folder, { chat, base });
  return {
    references,
    reward: { ...start, ...(await change()), format, tokenizer: format.tokenizer },
    trainableReward: change,
  };
}

/** A reference that moves does so in f32, whatever it is stored in. */
function inF32(weights: HeldModel["weights"]): HeldModel["weights"] {
  return new Map(asF32(weights));
}

/** The model on its way to the device, which frees the host's copy. */
function handedOver<A extends WeightArray>({ config, weights }: HeldModel<A>): Model<TensorStream<A>> {
  return { config, weights: handOver(weights) };
}

/** True for iterations, counted from 0, after which the policy is compared with its start: each nth, and the last. */
function isLooked(watch: WatchSlice["watch"], iteration: number, iterations: number): boolean {
  return watch !== undefined && ((iteration + 1) % watch.every === 0 || iteration + 1 === iterations);
}

/** Reports the comparison that a stop has cut off, at the step that was saved. */
async function madeUp({ report }: StageContext, step: number, panel: WinRatePanel | undefined): Promise<void> {
  const values = (await panel?.makeUp(step)) ?? {};
  if (Object.keys(values).length > 0) report({ kind: "metrics", step, values });
}

/** The prompts that the policy is compared on, and everything that answers and scores them. */
async function panelOf(
  {
    context: { backend, models, signal, report },
    watch,
    settings,
    seed,
    data,
    prompt,
  }: {
    readonly context: StageContext;
    readonly watch: NonNullable<WatchSlice["watch"]>;
    readonly settings: TaskConfig | undefined;
    readonly seed: number;
    readonly data: DataFile | undefined;
    readonly prompt: DataFile | undefined;
  },
  {
    trainer,
    start,
    task,
    reward,
  }: {
    readonly trainer: PpoTrainer;
    readonly start: TrainableModel;
    readonly task: Task | undefined;
    readonly reward: OpenModel;
  },
  known: PanelState | undefined,
): Promise<WinRatePanel> {
  const { validationPrompts: count, prompts: n, sampling } = watch;
  const file = data?.path;
  const all = await validationPrompts({ task: settings, file, validationPrompts: count });
  const questions = all.slice(0, n);
  const maxNewTokens = Math.min(sampling.maxNewTokens, task?.maxResponseLength ?? Infinity);
  const prompts = encodePrompts(questions, start, { maxNewTokens, from: file ?? "validation" });
  const rewarding = rewardingOf(reward, { format: start.format, questions });
  const scorer = { ...rewarding, role: trainer.reward };
  const asking: Pick<WinRatePanelSettings, "models" | "promptText" | "signal" | "note"> = {
    ...{ models, signal, note: (message) => report({ kind: "note", message }) },
    promptText: prompt === undefined ? undefined : await readPrompt(prompt.path),
  };
  for (const read of [data, prompt]) await assertUnchanged(read);
  const answering = { model: start, questions, prompts, reward: scorer, task, seed };
  return new WinRatePanel(backend, { watch, ...answering, ...asking }, known);
}

/** An iteration samples and learns from a batch: it takes as long as some ten steps of a supervised training. */
const ITERATION_IN_STEPS = 10;

/** A critic that starts as the reward model, whose scalar head becomes the value head (TRL ≥ 0.12). */
function criticFrom({ config, weights }: HeldModel<Float32Array>): HeldModel<Float32Array> {
  const named = [...weights].map(
    ([name, tensor]) => [name === "score.weight" ? "v_head.weight" : name, tensor] as const,
  );
  const bias = { shape: [1], data: new Float32Array(1) };
  return { config, weights: new Map([...named, ["v_head.bias", bias]]) };
}

/** A snapshot's JSON: the trainer's position, the metrics that alarms look for trends in, and the comparison's answers. */
const savedSchema: z.ZodType<SavedPpoJson> = panelStateSchema.extend({
  iteration: z.int().min(0),
  controller: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("fixed"), beta: z.number() }),
    z.object({ kind: z.literal("adaptive"), beta: z.number(), target: z.number(), horizon: z.number() }),
  ]),
  moments: z.object({ count: z.number(), mean: z.number(), variance: z.number() }),
  prompts: positionSchema,
  optimizerStep: z.int().min(0),
  history: z.array(z.record(z.string(), numberOrNaN)),
});

interface SavedPpoJson extends PpoPosition, PanelState {
  readonly history: readonly Metrics[];
}

function savedOf(
  snapshot: Snapshot<z.output<typeof savedSchema>>,
  policy: ModelConfig,
  critic: ModelConfig | undefined,
): { readonly ppo: RestoredPpo; readonly history: readonly Metrics[]; readonly panel: PanelState } {
  const { optimizerStep, history, start, open, ...state } = snapshot.json;
  const shapes = trainedParameters(critic === undefined ? { policy } : { policy, critic });
  const reference = [...parameters(policy)].flatMap(([name, shape]) => {
    const data = restoredFloats(snapshot, REFERENCE + name, shape);
    return data === undefined ? [] : [[name, { shape, data }] as const];
  });
  return {
    ppo: {
      ...state,
      train: restoredState(snapshot, optimizerStep, shapes),
      ...(reference.length > 0 && { reference: handOver(new Map(reference)) }),
    },
    history,
    panel: { ...(start && { start }), ...(open && { open }) },
  };
}

/** True quality of each rollout, where the task knows it: the measure that reveals reward hacking. */
function goldScores(
  task: Task | undefined,
  texts: readonly string[],
  responses: readonly ResponseText[],
): readonly number[] {
  if (task === undefined) return [];
  return texts.map((text, row) => task.gold(text, responses[row]!));
}

function goldMetrics(scores: readonly number[]): Metrics {
  if (scores.length === 0) return {};
  return { "objective/gold": scores.reduce((sum, score) => sum + score, 0) / scores.length };
}

function distributionsOf(
  { generation: { lengths }, kl, scores }: PpoIteration,
  { klKind }: Pick<PpoConfig, "klKind">,
): Metrics {
  // This estimate of a token's KL is its log-ratio.
  return distributionMetrics({ lengths, kl, scores, ...(klKind === "kl" && { logRatios: kl }) });
}

/** The KL to each of several references, by its name in the config. */
function referenceMetrics(references: readonly Artifact[], { referenceKls }: PpoIteration): Metrics {
  if (references.length < 2 || referenceKls.length < references.length) return {};
  const named = references.map(({ product }, at) => [referenceKl(product), referenceKls[at]!] as const);
  return Object.fromEntries(named);
}

/** Tokens of the iteration's rollouts, prompts and responses. */
function tokensOf({ generation: { queries, lengths } }: PpoIteration): number {
  let tokens = 0;
  for (const start of queries.starts) tokens += queries.queryLength - start;
  for (const length of lengths) tokens += length;
  return tokens;
}

/** Keeps some rollouts; `texts` are their prompts. */
function recordSamples(
  context: StageContext,
  texts: readonly string[],
  { iteration, generation, prompts, scores, logprobs, kl, rewards, learned }: PpoIteration,
  {
    responses,
    golds,
    format,
  }: {
    readonly responses: readonly ResponseText[];
    readonly golds: readonly number[];
    readonly format: PromptFormat;
  },
): void {
  const nKept = iteration % SAMPLES_EVERY === 0 ? SAMPLES_KEPT : 0;
  const R = generation.responses.length / generation.queries.count;
  for (const [row, response] of responses.entries()) {
    if (row >= nKept && prompts[row]! >= PROMPTS_FOLLOWED) continue;
    const perToken = (x: ArrayLike<number>): number[] =>
      Array.from({ length: response.nTokens }, (_, t) => x[row * R + t] ?? 0);
    context.sample({
      step: iteration + 1,
      prompt: texts[row] ?? "",
      response: response.text,
      ended: response.ended,
      score: scores[row] ?? null,
      ...(golds[row] !== undefined && { gold: golds[row] }),
      tokens: perToken(generation.responses).map((id) => format.tokenizer.tokenOf(id) ?? ""),
      logprobs: perToken(logprobs),
      kl: perToken(kl),
      rewards: perToken(rewards),
      advantages: perToken(learned.advantages),
      values: perToken(learned.values),
    });
  }
}
