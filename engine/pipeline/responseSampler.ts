import * as z from "zod";
import type { Backend } from "../compute/backend.ts";
import { type Generation, type SamplingSettings, type Working, Generator, RewardScorer } from "../models/index.ts";
import { numberOrNaN } from "../storage/formats/numberOrNaN.ts";
import type { Random } from "../training/index.ts";
import { type EncodedPrompts, type ResponseText, responseTexts } from "./generation.ts";
import type { LoadedModel } from "./modelFolder.ts";
import type { Rewarding } from "./rewarding.ts";

/** A response with its score by the reward model. */
export interface ScoredResponse extends ResponseText {
  /** NaN without a reward model. */
  readonly reward: number;
}

/** The same in a savepoint. */
export const scoredResponseSchema: z.ZodType<ScoredResponse> = z.object({
  text: z.string(),
  ended: z.boolean(),
  nTokens: z.int().min(0),
  reward: numberOrNaN,
});

/** The model that responds, its prompts, and the model that scores. */
export interface ResponseSamplerSettings {
  readonly model: Pick<LoadedModel, "config" | "format">;
  readonly prompts: EncodedPrompts;
  readonly sampling: SamplingSettings;
  /** Its weights are the caller's, who releases them. */
  readonly reward?: (Rewarding & { readonly role: Working }) | undefined;
}

/** Prompts in work at a time. */
export const PROMPTS_AT_ONCE = 256;

/**
 * Samples responses to a list of prompts from any weights of one model, and scores them. Holds device memory and
 * programs until released.
 */
export class ResponseSampler {
  private readonly settings: ResponseSamplerSettings;
  private readonly generator: Generator;
  private readonly scorer: RewardScorer | undefined;

  constructor(backend: Backend, settings: ResponseSamplerSettings) {
    const { model, prompts, sampling, reward } = settings;
    const { queries, queryLength, responseLength } = prompts;
    const batchSize = Math.min(PROMPTS_AT_ONCE, queries.length);
    const { ends, tokenizer } = model.format;
    this.settings = settings;
    this.generator = new Generator(backend, model.config, {
      ...{ batchSize, queryLength, responseLength, sampling },
      ...{ eos: ends, pad: tokenizer.pad },
    });
    if (reward === undefined) return;
    this.scorer = new RewardScorer(backend, reward.config, {
      batchSize,
      ...(reward.sequencesOf === undefined && { length: queryLength + responseLength }),
    });
  }

  /**
   * Responds to all prompts, or to those that are left, and yields each batch, whose tokens `see` gets first. The random
   * stream is read in the order of the prompts: where some were responded to before, it goes on from there.
   */
  async *sample(
    policy: Working,
    random: Random,
    see: (generation: Generation) => void = () => undefined,
    nBefore = 0,
  ): AsyncGenerator<readonly ScoredResponse[], undefined> {
    const { model, prompts } = this.settings;
    const { queries, responseLength: R } = prompts;
    for (let first = nBefore; first < queries.length; first += PROMPTS_AT_ONCE) {
      const batch = queries.slice(first, first + PROMPTS_AT_ONCE);
      const generation = await policy.atWork((weights) => this.generator.generate(weights, batch, random));
      see(generation);
      const numbers = batch.map((_, row) => first + row);
      const sequences =
        this.settings.reward?.sequencesOf?.(numbers, generation) ??
        batch.map((query, row) => {
          const from = row * R;
          return [...query, ...generation.responses.subarray(from, from + (generation.lengths[row] ?? 0))];
        });
      const { scorer } = this;
      const rewards = await this.settings.reward?.role.atWork(async (model) => scorer?.score(model, sequences));
      yield responseTexts(generation, model.format).map((text, row) => ({ ...text, reward: rewards?.[row] ?? NaN }));
    }
  }

  /** {@link respond}, all at once. */
  async sampleAll(policy: Working, random: Random): Promise<readonly ScoredResponse[]> {
    const all: ScoredResponse[] = [];
    for await (const batch of this.sample(policy, random)) all.push(...batch);
    return all;
  }

  release(): void {
    for (const held of [this.generator, this.scorer]) held?.release();
  }
}
