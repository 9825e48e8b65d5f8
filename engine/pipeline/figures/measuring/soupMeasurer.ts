import type { Backend } from "../../../compute/backend.ts";
import type { SamplingConfig } from "../../../config/index.ts";
import { mean, variance } from "../../../evaluation/statistics/mean.ts";
import {
  type DeviceWeights,
  type Generation,
  FrozenRole,
  ResponseScorer,
  handOver,
  joinResponses,
  present,
} from "../../../models/index.ts";
import type { Question } from "../../../protocol/conversation.ts";
import { Random } from "../../../training/index.ts";
import { type EncodedPrompts, encodePrompts } from "../../generation.ts";
import type { FrozenModel } from "../../modelFolder.ts";
import { PROMPTS_AT_ONCE, ResponseSampler } from "../../responseSampler.ts";
import { rewardingOf } from "../../rewarding.ts";
import { Stopped } from "../../stage.ts";
import type { StreamedSoups } from "./streamedSoup.ts";

/** Prompts and models that soups are measured on. */
export interface MeasureSettings {
  readonly backend: Backend;
  readonly soups: StreamedSoups;
  readonly reward: FrozenModel;
  readonly questions: readonly Question[];
  /** Where the prompts stand, for messages and for the random numbers. */
  readonly promptsOf: string;
  readonly sampling: SamplingConfig;
  /** Base seed: its models answered the same prompts with the same random numbers. */
  readonly seed: number;
  readonly withKl: boolean;
  readonly signal: AbortSignal;
}

/** A soup's answers, summed up. */
export interface SoupNumbers {
  readonly reward: number;
  readonly se: number;
  readonly tokens: number;
  readonly ended: number;
  readonly kl?: number;
  readonly klSe?: number;
}

/**
 * Measures soups one by one: the mean reward of their answers, and, if asked for, the KL to the first model.
 *
 * Two models are on the device at most: the soup and the reward model; for the KL, the soup's own log-probabilities come
 * first, and then the first model takes the soup's place. All soups answer with the same random numbers, which the run's
 * own answers were drawn with, so that a soup that is one of its models has that one's answers.
 */
export class SoupMeasurer {
  private readonly settings: MeasureSettings;
  private readonly prompts: EncodedPrompts;
  private readonly role: FrozenRole;
  private readonly sampler: ResponseSampler;
  private readonly scorer: ResponseScorer | undefined;

  /** @throws {DataError} {CheckpointError} when prompts or reward model do not go with the soups. */
  constructor(settings: MeasureSettings) {
    const { backend, soups, reward, questions, promptsOf, sampling, withKl } = settings;
    const { maxNewTokens, ...how } = sampling;
    const { config, format } = soups;
    this.settings = settings;
    this.prompts = encodePrompts(questions, soups, { maxNewTokens, from: promptsOf });
    const rewarding = rewardingOf(reward, { format, questions });
    this.role = new FrozenRole(backend, handOver(reward.weights));
    this.sampler = new ResponseSampler(backend, {
      model: soups,
      prompts: this.prompts,
      sampling: how,
      reward: { ...rewarding, role: this.role },
    });
    const { queryLength, responseLength, queries } = this.prompts;
    const batchSize = Math.min(PROMPTS_AT_ONCE, queries.length);
    const temperature = sampling.temperature === 0 ? 1 : sampling.temperature;
    if (withKl)
      this.scorer = new ResponseScorer(backend, config, { batchSize, queryLength, responseLength, temperature });
  }

  /** @throws {Stopped} when the work was asked to stop. @throws {CheckpointError} */
  async measure(weights: readonly number[]): Promise<SoupNumbers> {
    const { backend, soups, seed, promptsOf, signal } = this.settings;
    const rewards: number[] = [];
    const lengths: number[] = [];
    let ended = 0;
    const generations: Generation[] = [];
    const own: Float32Array[] = [];
    const soup = await soups.place(backend, weights);
    try {
      const keep = (generation: Generation): void => void generations.push(generation);
      const random = Random.of(seed, "answers", promptsOf);
      for await (const batch of this.sampler.sample(present(soup), random, this.scorer && keep)) {
        stopIfAsked(signal);
        for (const response of batch) {
          rewards.push(response.reward);
          lengths.push(response.nTokens);
          if (response.ended) ended += 1;
        }
      }
      for (const generation of generations) own.push(await this.logprobs(soup, generation));
    } finally {
      soup.release();
    }
    const kl = this.scorer === undefined ? {} : await this.klToFirst(weights, generations, own);
    const n = rewards.length;
    return { reward: mean(rewards), se: standardError(rewards), tokens: mean(lengths), ended: ended / n, ...kl };
  }

  release(): void {
    this.sampler.release();
    this.role.release();
    this.scorer?.release();
  }

  /** Mean over answers of Σ log π − log π_first over their tokens, nats: an unbiased estimate from the soup's own answers. */
  private async klToFirst(
    weights: readonly number[],
    generations: readonly Generation[],
    own: readonly Float32Array[],
  ): Promise<{ readonly kl: number; readonly klSe: number }> {
    const { backend, soups } = this.settings;
    const first = await soups.place(
      backend,
      weights.map((_, at) => (at === 0 ? 1 : 0)),
    );
    const sums: number[] = [];
    try {
      for (const [index, generation] of generations.entries()) {
        const theirs = await this.logprobs(first, generation);
        const ours = own[index] ?? new Float32Array(0);
        const R = generation.responses.length / generation.queries.count;
        for (let row = 0; row < generation.queries.count; row++) {
          let sum = 0;
          // Both are 0 in the padding.
          for (let at = row * R; at < (row + 1) * R; at++) sum += (ours[at] ?? 0) - (theirs[at] ?? 0);
          sums.push(sum);
        }
      }
    } finally {
      first.release();
    }
    return { kl: mean(sums), klSe: standardError(sums) };
  }

  private async logprobs(model: DeviceWeights, { queries, responses, lengths }: Generation): Promise<Float32Array> {
    stopIfAsked(this.settings.signal);
    if (this.scorer === undefined) return new Float32Array(0);
    return (await this.scorer.score(model, joinResponses(queries, responses, lengths))).logprobs;
  }
}

function standardError(values: readonly number[]): number {
  return values.length < 2 ? 0 : Math.sqrt(variance(values) / values.length);
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped("stopped; what is measured is kept");
}
