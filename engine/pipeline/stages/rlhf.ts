import { type Head, type ModelConfig, type Weights, withHeads } from "../../models/index.ts";
import { alarmMessage } from "../../protocol/alarms.ts";
import { referenceKl } from "../../protocol/catalogue.ts";
import type { ArmConfig, RlhfConfig, RunConfig } from "../../config/index.ts";
import { type Metrics, alarms, ALARM_LIMITS } from "../../rl/alarms.ts";
import type { KlController } from "../../rl/klController.ts";
import type { PpoSettings } from "../../rl/ppoSettings.ts";
import { type Model, type PpoIteration, type SavedPpo, PpoTrainer } from "../../rl/ppoTrainer.ts";
import { trainedParameters } from "../../rl/ppoStep.ts";
import type { RunningMoments } from "../../rl/runningMoments.ts";
import type { Json } from "../../storage/json.ts";
import type { Tokenizer } from "../../text/index.ts";
import { type DataPosition, Random } from "../../training/index.ts";
import { taskOf, trainPrompts } from "../corpus.ts";
import { type EncodedPrompts, type ResponseText, encodePrompts, responseTexts } from "../generation.ts";
import { loop } from "../loop.ts";
import { loadModel, saveModel } from "../modelFolder.ts";
import type { Artifact, Snapshot, Stage, StageContext } from "../step.ts";
import { flattenState, jsonOf, unflattenState } from "../training.ts";

/** Rollouts of an iteration that are kept for people to read. */
const SAMPLES_KEPT = 4;
/** Iterations between kept samples. */
const SAMPLES_EVERY = 5;

/**
 * PPO against any reference. With the first SFT as reference it is the paper's PPO (equation 2), with a soup it is
 * SALSA (equation 4), with several models MKL (equation 5).
 *
 * Arms of one base seed, and candidates for β, draw alike: the same fresh value head, prompts in the same order and,
 * with batches and responses of one size, the same uniform number for each token and the same minibatches. So they
 * differ by their settings, less by luck.
 */
export const rlhf: Stage<{
  readonly init: Artifact;
  readonly reference: readonly Artifact[];
  readonly reward: Artifact;
  readonly data: string | null;
  readonly seed: number;
  /** The arm's settings, with one β. */
  readonly settings: Json;
}> = {
  name: "rlhf",
  title: "RLHF",
  version: 1,
  settings: ({ task, evaluation }) => jsonOf({ task, validationPrompts: evaluation.validationPrompts }),
  async run(context, { init, reference, reward, seed, settings }) {
    const { config, backend } = context;
    const arm = settings as unknown as PpoConfig;
    const start = await loadModel(init.folder);
    const { tokenizer } = start;
    const references = await Promise.all(reference.map(({ folder }) => loadModel(folder)));
    const rewarding = await loadModel(reward.folder, ["score"]);
    const texts = await trainPrompts(config, seed);
    const maxNewTokens = Math.min(arm.maxNewTokens, taskOf(config)?.maxResponseLength ?? Infinity);
    const from = config.data?.prompts ?? "train";
    const { queries: prompts, ...lengths } = encodePrompts(texts, start, { maxNewTokens, from });
    const ppo = ppoSettings(arm, { ...lengths, tokenizer, seed });
    const critic = arm.critic === "separate" ? criticFrom(rewarding) : undefined;
    const heads: readonly Head[] = critic === undefined ? ["language", "value"] : ["language"];
    const weights = withHeads(start.weights, start.config, Random.of(seed, "rlhf", "heads"), heads);
    const models = {
      policy: { config: start.config, weights },
      references,
      reward: rewarding,
      ...(critic === undefined ? {} : { critic }),
    };
    const snapshot = await context.restore();
    const saved = snapshot === undefined ? undefined : savedOf(snapshot, start.config, critic?.config);
    const trainer = new PpoTrainer(backend, models, prompts, ppo, saved?.ppo);
    const history: Metrics[] = [...(saved?.history ?? [])];
    const raised = new Set(alarms(history).map((alarm) => alarm.name)); // by the attempt that was cut off
    try {
      await loop(
        context,
        {
          total: arm.iterations,
          saveEvery: Math.max(1, Math.round(config.runtime.checkpointEvery / ITERATION_IN_STEPS)),
          metricsEvery: 1,
          step: async () => {
            const iteration = await trainer.iterate();
            const responses = responseTexts(iteration.generation, tokenizer);
            const metrics = { ...iteration.metrics, ...goldMetrics(config, texts, iteration, responses) };
            history.push(metrics);
            raiseAlarms(context, history, iteration.iteration + 1, raised);
            recordSamples(context, texts, iteration, { responses, tokenizer });
            const values = { ...metrics, ...referenceMetrics(reference, iteration) };
            return { values, tokens: tokensOf(iteration, prompts) };
          },
          save: async () => {
            const { train, ...state } = await trainer.save();
            return {
              json: jsonOf({ ...state, optimizerStep: train.step, history: ends(history) }),
              tensors: flattenState(train),
            };
          },
        },
        snapshot?.step ?? 0,
      );
      await saveModel(context.folder, { config: start.config, weights: await trainer.policy(), tokenizer });
    } finally {
      trainer.release();
    }
  },
};

/** An iteration samples and learns from a batch: it takes as long as some ten steps of a supervised training. */
const ITERATION_IN_STEPS = 10;

/** An arm's settings but for its models, which are inputs of their own: a soup's name changes no result. */
export type PpoConfig = Omit<RlhfConfig, "init" | "reference">;

/** The arm with one of its candidates for β. */
export function withBeta(
  { betas: _betas, init: _init, reference: _reference, ...arm }: ArmConfig,
  beta: number,
): PpoConfig {
  return { ...arm, beta };
}

interface PpoPlace extends Omit<EncodedPrompts, "queries"> {
  readonly tokenizer: Tokenizer;
  readonly seed: number;
}

function ppoSettings(arm: PpoConfig, { queryLength, responseLength, tokenizer, seed }: PpoPlace): PpoSettings {
  const { beta, klTarget, klHorizon } = arm;
  const klController: KlController =
    arm.klController === "fixed"
      ? { kind: "fixed", beta }
      : { kind: "adaptive", beta, target: klTarget, horizon: klHorizon };
  return {
    iterations: arm.iterations,
    batchSize: arm.batchSize,
    minibatchSize: arm.minibatchSize,
    gradientAccumulation: arm.gradientAccumulation,
    ppoEpochs: arm.ppoEpochs,
    queryLength,
    responseLength,
    temperature: arm.temperature,
    topK: arm.topK,
    topP: arm.topP,
    eos: [tokenizer.eos],
    pad: tokenizer.pad,
    klKind: arm.klKind,
    klController,
    score: { missingEosPenalty: arm.missingEosPenalty, scaling: scalingOf(arm), clip: arm.scoreClip },
    advantages: {
      gamma: arm.gamma,
      lam: arm.lambda,
      whitenRewards: arm.whitenRewards ? "response" : "none",
      whitenAdvantages: arm.whitenAdvantages,
      scorePosition: arm.scorePosition,
    },
    loss: {
      clip: arm.clipRange,
      valueClip: arm.clipRangeValue,
      valueCoefficient: arm.valueCoefficient,
      entropyCoefficient: arm.entropyCoefficient,
      ratioThreshold: arm.ratioThreshold,
    },
    critic: arm.critic,
    optimizer: {
      beta1: arm.beta1,
      beta2: arm.beta2,
      epsilon: arm.epsilon,
      weightDecay: arm.weightDecay,
      maxGradNorm: arm.maxGradNorm,
    },
    learningRate: arm.learningRate,
    schedule: arm.schedule,
    warmupRatio: arm.warmupRatio,
    seed,
  };
}

function scalingOf({ scoreScaling, scoreNormalizing }: PpoConfig): "none" | "std" | "normalise" {
  if (!scoreScaling) return "none";
  return scoreNormalizing ? "normalise" : "std";
}

/** A critic that starts as the reward model, whose scalar head becomes the value head (TRL ≥ 0.12). */
function criticFrom({ config, weights }: Model): Model {
  const named = [...weights].map(
    ([name, tensor]) => [name === "score.weight" ? "v_head.weight" : name, tensor] as const,
  );
  const bias = { shape: [1], data: new Float32Array(1) };
  return { config, weights: new Map([...named, ["v_head.bias", bias]]) };
}

interface SavedJson extends Omit<SavedPpo, "train"> {
  readonly optimizerStep: number;
  readonly history: readonly Metrics[];
}

function savedOf(
  { json, tensors }: Snapshot,
  policy: ModelConfig,
  critic: ModelConfig | undefined,
): { readonly ppo: SavedPpo; readonly history: readonly Metrics[] } {
  const { optimizerStep, history, ...state } = json as unknown as SavedJson & {
    readonly prompts: DataPosition;
    readonly moments: RunningMoments;
  };
  const shapes: Weights = new Map(
    [...trainedParameters(critic === undefined ? { policy } : { policy, critic })].map(([name, shape]) => [
      name,
      { shape, data: NO_DATA },
    ]),
  );
  return { ppo: { ...state, train: unflattenState(tensors, optimizerStep, shapes) }, history };
}

const NO_DATA = new Float32Array(0);

/** True quality of the rollouts, where the task knows it: what reward hacking shows against. */
function goldMetrics(
  config: RunConfig,
  texts: readonly string[],
  { prompts }: PpoIteration,
  responses: readonly ResponseText[],
): Metrics {
  const task = taskOf(config);
  if (task === undefined) return {};
  const scores = prompts.map((prompt, row) => task.gold(texts[prompt]!, responses[row]!));
  return { "objective/gold": scores.reduce((sum, score) => sum + score, 0) / scores.length };
}

/** The KL to each of several references, by its name in the config, which base seeds do not count in. */
function referenceMetrics(references: readonly Artifact[], { referenceKls }: PpoIteration): Metrics {
  if (references.length < 2) return {};
  const named = references.map(({ name }, at) => [referenceKl(name.split("/").at(-1)), referenceKls[at]!] as const);
  return Object.fromEntries(named);
}

/** Tokens of the iteration's rollouts, prompts and responses. */
function tokensOf({ prompts, generation }: PpoIteration, queries: readonly (readonly number[])[]): number {
  let tokens = 0;
  for (const prompt of prompts) tokens += queries[prompt]!.length;
  for (const length of generation.lengths) tokens += length;
  return tokens;
}

/**
 * What is saved of the history: its start and its end, where detectors look for trends. The best gold score so far,
 * which only one detector asks for, is looked for anew after a resume.
 */
function ends(history: readonly Metrics[]): readonly Metrics[] {
  const { window } = ALARM_LIMITS;
  return history.length <= 2 * window ? history : [...history.slice(0, window), ...history.slice(-window)];
}

function raiseAlarms(
  { report, name }: StageContext,
  history: readonly Metrics[],
  step: number,
  raised: Set<string>,
): void {
  for (const alarm of alarms(history)) {
    if (raised.has(alarm.name)) continue;
    raised.add(alarm.name);
    const message = alarmMessage(alarm.name, alarm.seen);
    report({ kind: "alarm", stage: name, step, name: alarm.name, message });
  }
}

function recordSamples(
  context: StageContext,
  texts: readonly string[],
  { iteration, generation, prompts, scores, logprobs, kl, rewards, learned }: PpoIteration,
  { responses, tokenizer }: { readonly responses: readonly ResponseText[]; readonly tokenizer: Tokenizer },
): void {
  if (iteration % SAMPLES_EVERY !== 0) return;
  const R = generation.responses.length / generation.queries.count;
  for (const [row, response] of responses.slice(0, SAMPLES_KEPT).entries()) {
    const perToken = (x: ArrayLike<number>): number[] =>
      Array.from({ length: response.nTokens }, (_, t) => x[row * R + t] ?? 0);
    context.sample({
      stage: context.name,
      step: iteration + 1,
      prompt: texts[prompts[row]!] ?? "",
      response: response.text,
      ended: response.ended,
      score: scores[row] ?? null,
      tokens: perToken(generation.responses).map((id) => tokenizer.tokenOf(id) ?? ""),
      logprobs: perToken(logprobs),
      kl: perToken(kl),
      rewards: perToken(rewards),
      advantages: perToken(learned.advantages),
      values: perToken(learned.values),
    });
  }
}
