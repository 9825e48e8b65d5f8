import type { Backend } from "../compute/backend.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import {
  type DeviceWeights,
  type FrozenRole,
  type Generation,
  type ModelConfig,
  Generator,
  PerAdapter,
  ResponseScorer,
  joinResponses,
} from "../models/index.ts";
import { questionText } from "../protocol/conversation.ts";
import type { Question } from "../protocol/conversation.ts";
import { klPerToken, meanSequenceKl, mixKl } from "../rl/kl.ts";
import { responseMask } from "../rl/responseMask.ts";
import { maskedMean } from "../rl/rollout.ts";
import type { PromptFormat } from "../text/index.ts";
import { Random } from "../training/index.ts";
import { type EncodedPrompts, type ResponseText, responseTexts } from "./generation.ts";

/** Prompts that a probe answers: the standard error of a KL of some nats is then a tenth of it or so. */
export const PROBED_PROMPTS = 64;

/** A model that is read. */
export interface ReadModel {
  readonly config: ModelConfig;
  readonly role: FrozenRole;
}

/** Everything that a probe of a policy takes. */
export interface ProbeSettings {
  readonly policy: ModelConfig;
  readonly references: readonly ReadModel[];
  readonly format: PromptFormat;
  readonly questions: readonly Question[];
  /** Of the questions. */
  readonly prompts: EncodedPrompts;
  readonly task: Task | undefined;
  readonly seed: number;
}

/** A probe's responses and their numbers by token, `[N, R]`. */
export interface Probe {
  readonly metrics: Readonly<Record<string, number>>;
  readonly texts: readonly string[];
  readonly generation: Generation;
  readonly responses: readonly ResponseText[];
  readonly logprobs: Float32Array;
  readonly kl: Float64Array;
}

/**
 * Samples from a policy that learns from somebody else's responses, to see where it is: its KL to the references, the
 * length of what it says, its entropy and, where the task knows it, how good it is. The same prompts and random numbers
 * every time, so that what changes is the policy. Nothing of it is learned from.
 *
 * Holds programs until released.
 */
export class PolicyProbe {
  private readonly settings: ProbeSettings;
  private readonly generator: Generator;
  private readonly scorers: PerAdapter<ResponseScorer>;

  constructor(backend: Backend, settings: ProbeSettings) {
    this.settings = settings;
    const { policy, prompts, format } = settings;
    const { queries, queryLength, responseLength } = prompts;
    const shape = { batchSize: queries.length, queryLength, responseLength };
    this.generator = new Generator(backend, policy, {
      ...{ ...shape, sampling: {}, eos: format.ends, pad: format.tokenizer.pad },
    });
    this.scorers = new PerAdapter((config) => new ResponseScorer(backend, config, shape));
  }

  async measure(policy: DeviceWeights): Promise<Probe> {
    const { prompts, format, questions, task, references, seed } = this.settings;
    const { queries, responseLength: R } = prompts;
    const generation = await this.generator.generate(policy, queries, Random.of(seed, "probe"));
    const rollouts = joinResponses(generation.queries, generation.responses, generation.lengths);
    const own = await this.scorers.of(this.settings.policy).score(policy, rollouts);
    const kls: Float64Array[] = [];
    for (const { config, role } of references) {
      const { logprobs } = await role.atWork((weights) => this.scorers.of(config).score(weights, rollouts));
      kls.push(klPerToken(own.logprobs, logprobs, "kl"));
    }
    const kl = mixKl(kls);
    const shape = { B: queries.length, R };
    const mask = responseMask(generation.lengths, shape);
    const responses = responseTexts(generation, format);
    const texts = questions.map(questionText);
    const mean = (of: (response: ResponseText, row: number) => number): number =>
      responses.reduce((sum, response, row) => sum + of(response, row), 0) / responses.length;
    const metrics = {
      "objective/kl": meanSequenceKl(kl, mask, shape),
      "policy/entropy": maskedMean(own.entropies, mask),
      "rollout/length": mean(({ nTokens }) => nTokens),
      "rollout/eosRate": mean(({ ended }) => (ended ? 1 : 0)),
      ...(task !== undefined && { "objective/gold": mean((response, row) => task.gold(texts[row]!, response)) }),
    };
    return { metrics, texts, generation, responses, logprobs: own.logprobs, kl };
  }

  release(): void {
    this.generator.release();
    this.scorers.release();
  }
}
