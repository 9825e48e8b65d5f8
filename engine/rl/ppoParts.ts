import type { Backend } from "../compute/backend.ts";
import {
  DeviceWeights,
  EnsembleScorer,
  FrozenRole,
  FullKlScorer,
  Generator,
  type ModelConfig,
  PerAdapter,
  ResponseScorer,
  RewardScorer,
  type ScorerSettings,
  parameters,
} from "../models/index.ts";
import type { TrainState } from "../training/index.ts";
import { ReferenceMover } from "./movingReference.ts";
import type { PpoModels, ScoringModel } from "./ppoModels.ts";
import type { PpoSettings } from "./ppoSettings.ts";
import { CRITIC, ppoStep } from "./ppoStep.ts";

/** Programs and models of a PPO training on a device, but for what is trained. */
export interface PpoParts {
  readonly backend: Backend;
  /** Of scorers. */
  readonly shapes: ScorerSettings;
  readonly step: ReturnType<typeof ppoStep>;
  readonly generator: Generator;
  readonly policyScorer: ResponseScorer;
  readonly criticScorer: ResponseScorer | undefined;
  /** Log-probs of references, and of the policy as if it were one. */
  readonly referenceScorers: PerAdapter<ResponseScorer>;
  readonly fullKl: FullKlScorer | undefined;
  /** Of all references, where they are one. */
  readonly ensemble: EnsembleScorer | undefined;
  /** Absent where the reference stays. */
  readonly mover: ReferenceMover | undefined;
  readonly rewardScorer: RewardScorer;
  readonly policy: ModelConfig;
  /** Below the weights of all models; empty where each has all of its own. */
  readonly base: DeviceWeights;
  readonly references: readonly Scoring[];
  readonly reward: Scoring;
}

/** A model that scores, over the base. */
interface Scoring {
  readonly config: ModelConfig;
  readonly role: FrozenRole;
}

/** Compiles all programs, and uploads those models that are not trained and stay on the device. */
export function compileParts(backend: Backend, models: PpoModels, settings: PpoSettings): PpoParts {
  const { minibatchSize, batchSize, queryLength, responseLength, temperature, topK, topP, eos, pad } = settings;
  const policy = models.policy.config;
  const critic = settings.critic === "separate" ? models.critic?.config : undefined;
  // Scored in minibatches: a batch that fits for learning fits for scoring.
  const shapes = { batchSize: minibatchSize, queryLength, responseLength, temperature };
  const sampling = { temperature, topK, topP };
  const base = DeviceWeights.upload(backend, models.base ?? new Map());
  const scoring = ({ config, weights }: ScoringModel): Scoring => {
    return { config, role: new FrozenRole(backend, weights, base) };
  };
  return {
    ...{ backend, shapes },
    step: ppoStep(backend, critic === undefined ? { policy } : { policy, critic }, settings),
    generator: new Generator(backend, policy, { batchSize, queryLength, responseLength, sampling, eos, pad }),
    policyScorer: new ResponseScorer(
      backend,
      policy,
      shapes,
      critic === undefined ? ["language", "value"] : ["language"],
    ),
    criticScorer: critic === undefined ? undefined : new ResponseScorer(backend, critic, shapes, ["value"]),
    referenceScorers: new PerAdapter((config) => new ResponseScorer(backend, config, shapes)),
    fullKl: settings.klKind === "full" ? new FullKlScorer(backend, policy, shapes) : undefined,
    ensemble:
      settings.referenceMix === "logSpace"
        ? new EnsembleScorer(
            backend,
            models.references.map(({ config }) => config),
            shapes,
          )
        : undefined,
    mover: settings.moving === undefined ? undefined : new ReferenceMover(backend, parameters(policy)),
    rewardScorer: new RewardScorer(backend, models.reward.config, {
      batchSize: minibatchSize,
      ...(models.reward.sequencesOf === undefined && { length: queryLength + responseLength }),
    }),
    policy,
    base,
    references: models.references.map(scoring),
    reward: scoring(models.reward),
  };
}

/** Frees device memory and programs. */
export function releaseParts(parts: PpoParts): void {
  const { step, generator, policyScorer, criticScorer, referenceScorers, fullKl, ensemble, rewardScorer } = parts;
  const scorers = [policyScorer, criticScorer, referenceScorers, fullKl, ensemble, rewardScorer];
  for (const part of [step, generator, ...scorers, parts.mover]) part?.release();
  for (const { role } of [...parts.references, parts.reward]) role.release();
  parts.base.release();
}

/** The base as policy and critic read it in a step, without what either has of its own. */
export function below({ base }: PpoParts, { variables }: TrainState): DeviceWeights["buffers"] {
  const bound = Object.entries({ ...base.buffers, ...base.bind(CRITIC) });
  return Object.fromEntries(bound.filter(([name]) => !(name in variables)));
}
