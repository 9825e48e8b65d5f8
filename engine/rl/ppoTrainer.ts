import type { Backend } from "../compute/backend.ts";
import {
  type DeviceWeights,
  type FetchedTensor,
  type FrozenRole,
  type Generation,
  type Rollouts,
  EnsembleScorer,
  allAtWork,
  asF32,
  joinResponses,
  unpaddedSequences,
} from "../models/index.ts";
import { DataOrder, Random, TrainState, learningRateAt } from "../training/index.ts";
import { type Advantages, advantages } from "./advantages.ts";
import { klPerToken, meanSequenceKl, mixKl } from "./kl.ts";
import { type KlController, updateKl } from "./klController.ts";
import { movedShare } from "./movingReference.ts";
import {
  type PpoModels,
  type PpoPosition,
  type RestoredPpo,
  type SavedPpo,
  REFERENCE,
  startWeights,
  withReference,
} from "./ppoModels.ts";
import { type PpoParts, below, compileParts, releaseParts } from "./ppoParts.ts";
import { type PpoSettings, stepsPerIteration } from "./ppoSettings.ts";
import { type LearningBatch, CRITIC, minibatchInputs } from "./ppoStep.ts";
import { checkFirstRatio, checkRatio, checkSelfKl } from "./preflight.ts";
import { responseMask } from "./responseMask.ts";
import { rewards } from "./rewards.ts";
import type { Floats, RolloutShape } from "./rollout.ts";
import { rolloutStatistics } from "./rolloutStatistics.ts";
import { type RunningMoments, NO_MOMENTS } from "./runningMoments.ts";
import { checkScores, processScores } from "./scores.ts";

/** Prompts as token ids, read by their numbers: they need not be in memory. */
export interface PromptList {
  readonly length: number;
  pick(indices: readonly number[]): Promise<readonly (readonly number[])[]>;
}

/** One iteration: its rollouts, their rewards, and the statistics of its updates. */
export interface PpoIteration {
  /** From 0. */
  readonly iteration: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Mean KL per sequence to each reference, nats, in their order; of an ensemble of them, to it alone. */
  readonly referenceKls: readonly number[];
  readonly generation: Generation;
  /** Index of each rollout's prompt, `[N]`. */
  readonly prompts: readonly number[];
  /** From the reward model, before any processing, `[N]`. */
  readonly scores: Floats;
  /** Per-token quantities, `[N, R]` each. */
  readonly logprobs: Floats;
  readonly kl: Floats;
  readonly rewards: Floats;
  readonly learned: Advantages;
}

/**
 * PPO with any reference: the soup of SALSA (Chegini et al. 2024, eq. 4), one SFT (eq. 2), or several (eq. 5).
 *
 * TRL 0.11 `PPOTrainer.step`, with the variants of later releases as settings. Holds device memory and programs
 * until released. An iteration depends only on the state before it and the seed, so a restored training ends with
 * the same bytes.
 */
export class PpoTrainer {
  private readonly settings: PpoSettings;
  private readonly prompts: PromptList;
  private readonly order: DataOrder;
  private readonly state: TrainState;
  private readonly parts: PpoParts;
  private readonly sequencesOf: PpoModels["reward"]["sequencesOf"];
  /** Weights that the policy computes with: the trained ones, over the base. */
  private readonly policyWeights: DeviceWeights;
  /** Weights that a step reads and does not train. */
  private readonly frozen: DeviceWeights["buffers"];
  private controller: KlController;
  private moments: RunningMoments;
  private iteration: number;

  /** Compiles everything; with `saved` the training resumes from there. */
  constructor(backend: Backend, models: PpoModels, prompts: PromptList, settings: PpoSettings, saved?: RestoredPpo) {
    this.settings = settings;
    this.prompts = prompts;
    this.order = new DataOrder(prompts.length, settings.seed, saved?.prompts);
    this.state =
      saved === undefined ? TrainState.create(backend, startWeights(models)) : TrainState.restore(backend, saved.train);
    this.parts = compileParts(backend, withReference(models, saved?.reference), settings);
    this.sequencesOf = models.reward.sequencesOf;
    this.policyWeights = this.parts.base.and(this.state.weights);
    this.frozen = below(this.parts, this.state);
    this.controller = saved?.controller ?? settings.klController;
    this.moments = saved?.moments ?? NO_MOMENTS;
    this.iteration = saved?.iteration ?? 0;
  }

  /**
   * Samples, scores and learns from one batch.
   * @throws {PreflightError} in the first iteration, when log-probs do not come from the distribution sampled.
   * @throws {NumericalError} when scores or the loss stop being finite.
   */
  async iterate(): Promise<PpoIteration> {
    const { settings, iteration } = this;
    const shape = { B: settings.batchSize, R: settings.responseLength };
    const prompts = this.order.next(settings.batchSize);
    const queries = await this.prompts.pick(prompts);
    const random = Random.of(settings.seed, "rollout", iteration);
    const generation = await this.parts.generator.generate(this.policyWeights, queries, random);
    const rollouts = joinResponses(generation.queries, generation.responses, generation.lengths);
    const mask = responseMask(generation.lengths, shape);

    const policy = await this.parts.policyScorer.score(this.policyWeights, rollouts); // [B, R] each
    if (iteration === 0) await this.preflight(generation, rollouts, policy.logprobs, mask, shape);
    const values = await this.values(policy.values, rollouts);
    const kls = await this.kls(policy.logprobs, rollouts);
    const kl = mixKl(kls); // [B, R]
    const sequences = (await this.sequencesOf?.(prompts, generation)) ?? unpaddedSequences(rollouts);
    const { rewardScorer } = this.parts;
    const scores = await this.reward.atWork((weights) => rewardScorer.score(weights, sequences));
    checkScores(scores, iteration);

    const ended = Array.from(generation.ended, (flag) => flag === 1);
    const processed = processScores(scores, ended, this.moments, settings.score, generation.lengths);
    this.moments = processed.moments;
    const { beta } = this.controller;
    const { betaByLength: byLength, advantages: placing } = settings;
    const paying = { beta, byLength, scorePosition: placing.scorePosition };
    const paid = rewards(kl, processed.scores, mask, shape, paying);
    const learned = advantages(paid, values, mask, shape, settings.advantages);
    const batch = { rollouts, logprobs: policy.logprobs, mask, learned };
    const updates = await this.learn(batch);
    const statistics = rolloutStatistics({ logprobs: policy.logprobs, kl, scores, mask, ended, beta, learned }, shape);
    this.controller = updateKl(this.controller, statistics["objective/kl"], settings.batchSize);
    this.iteration++;
    await this.moveReference();
    const metrics = { ...statistics, ...updates };
    const referenceKls = kls.map((one) => meanSequenceKl(one, mask, shape));
    return {
      iteration,
      metrics,
      referenceKls,
      generation,
      prompts,
      scores,
      logprobs: policy.logprobs,
      kl,
      rewards: paid,
      learned,
    };
  }

  /** Copies everything that the next iteration depends on. */
  async save(): Promise<SavedPpo> {
    const { optimizerStep: _, ...position } = this.position;
    const reference = this.moved && { reference: asF32(await this.moved.read()) };
    return { ...position, train: await this.state.save(), ...reference };
  }

  /** The part of what {@link PpoTrainer.save} copies that is small. */
  get position(): PpoPosition {
    const { iteration, controller, moments } = this;
    return { iteration, controller, moments, prompts: this.order.state, optimizerStep: this.state.step };
  }

  /** The rest of it, to be written tensor by tensor. */
  fetched(): ReadonlyMap<string, FetchedTensor> {
    const reference = [...(this.moved?.fetched() ?? [])].map(([name, tensor]) => [REFERENCE + name, tensor] as const);
    return new Map([...this.state.fetched(), ...reference]);
  }

  /** The policy as it is now, without value head or critic, to be written tensor by tensor. */
  policy(): ReadonlyMap<string, FetchedTensor> {
    const weights = [...this.state.fetchedWeights()];
    return new Map(weights.filter(([name]) => !name.startsWith("v_head.") && !name.startsWith(CRITIC)));
  }

  /** The policy as it is now, to be read and not kept: it goes with the trainer, and so does the reward model. */
  get onDevice(): DeviceWeights {
    return this.policyWeights;
  }

  get reward(): FrozenRole {
    return this.parts.reward.role;
  }

  release(): void {
    this.state.release();
    releaseParts(this.parts);
  }

  /** The reference, where it moves: then it is part of the state. */
  private get moved(): DeviceWeights | undefined {
    return this.parts.mover === undefined ? undefined : this.parts.references[0]?.role.resident;
  }

  private async moveReference(): Promise<void> {
    const { mover } = this.parts;
    const { moving } = this.settings;
    if (mover === undefined || moving === undefined || this.moved === undefined) return;
    const share = movedShare(moving, this.iteration);
    if (share > 0) await mover.move(this.moved, this.policyWeights, share);
  }

  private async values(fromPolicy: Float32Array, rollouts: Rollouts): Promise<Float32Array> {
    if (this.parts.criticScorer === undefined) return fromPolicy;
    const own = this.state.weights.under(CRITIC);
    return (await this.parts.criticScorer.score(this.parts.base.and(own), rollouts)).values;
  }

  /** Per-token KL to each reference, `[B, R]`. */
  private async kls(logprobs: Float32Array, rollouts: Rollouts): Promise<readonly Floats[]> {
    const { referenceScorers, fullKl, ensemble, references } = this.parts;
    const { klKind } = this.settings;
    const roles = references.map(({ role }) => role);
    const configs = references.map(({ config }) => config);
    if (fullKl !== undefined) {
      return allAtWork(roles, (weights) => fullKl.score(this.policyWeights, weights, rollouts, configs));
    }
    if (ensemble !== undefined && klKind !== "full") {
      const joint = await allAtWork(roles, (weights) => ensemble.score(weights, rollouts));
      return [klPerToken(logprobs, joint, klKind)];
    }
    const kls: Floats[] = [];
    for (const { config, role } of references) {
      if (klKind === "full") continue;
      const scores = await role.atWork((weights) => referenceScorers.of(config).score(weights, rollouts));
      kls.push(klPerToken(logprobs, scores.logprobs, klKind));
    }
    return kls;
  }

  private async preflight(
    generation: Generation,
    rollouts: Rollouts,
    training: Float32Array,
    mask: Floats,
    shape: RolloutShape,
  ): Promise<void> {
    const { temperature, topK, topP } = this.settings;
    const leftPadding = generation.queries.starts;
    const facts = { temperature, trainingTemperature: temperature, topK, topP };
    checkRatio({ sampled: generation.logprobs, training, mask, leftPadding }, shape, facts);
    const weights = this.policyWeights;
    const self = await this.parts.referenceScorers.of(this.parts.policy).score(weights, rollouts);
    checkSelfKl(training, self.logprobs, mask);
    await this.checkEnsemble(training, rollouts, mask);
    if (this.parts.fullKl === undefined) return;
    for (const full of await this.parts.fullKl.score(weights, [weights], rollouts)) {
      checkSelfKl(full, new Float32Array(full.length), mask);
    }
  }

  /** The mean of one distribution with itself is that distribution. */
  private async checkEnsemble(training: Float32Array, rollouts: Rollouts, mask: Floats): Promise<void> {
    const { backend, shapes, policy, references } = this.parts;
    if (this.parts.ensemble === undefined) return;
    const twins = new EnsembleScorer(
      backend,
      references.map(() => policy),
      shapes,
    );
    try {
      const weights = references.map(() => this.policyWeights);
      checkSelfKl(training, await twins.score(weights, rollouts), mask);
    } finally {
      twins.release();
    }
  }

  /** Several passes over the batch; metrics are means over the updates. */
  private async learn(batch: LearningBatch): Promise<Record<string, number>> {
    const { settings, iteration } = this;
    const { minibatchSize, gradientAccumulation } = settings;
    const perUpdate = minibatchSize * gradientAccumulation;
    const totalSteps = settings.iterations * stepsPerIteration(settings);
    const { schedule: kind, warmupRatio } = settings;
    const sums: Record<string, number> = {};
    let [updates, learningRate] = [0, 0];
    for (let epoch = 0; epoch < settings.ppoEpochs; epoch++) {
      const random = Random.of(settings.seed, "minibatch", iteration, epoch);
      const rows = random.shuffle(Array.from({ length: settings.batchSize }, (_, row) => row));
      for (let from = 0; from < rows.length; from += perUpdate) {
        const micro = Array.from({ length: gradientAccumulation }, (_, at) =>
          minibatchInputs(batch, rows.slice(from + at * minibatchSize, from + (at + 1) * minibatchSize), settings),
        );
        const schedule = { kind, learningRate: settings.learningRate, totalSteps, warmupRatio };
        learningRate = learningRateAt(schedule, this.state.step);
        const { gradNorm, metrics } = await this.parts.step.run(this.state, micro, learningRate, this.frozen);
        if (iteration === 0 && updates === 0) checkFirstRatio(metrics["policy/ratio"] ?? NaN);
        for (const [name, value] of Object.entries({ ...metrics, "policy/gradNorm": gradNorm })) {
          sums[name] = (sums[name] ?? 0) + value;
        }
        updates++;
      }
    }
    const means = Object.entries(sums).map(([name, sum]) => [name, sum / updates] as const);
    return { ...Object.fromEntries(means), "policy/learningRate": learningRate };
  }
}
