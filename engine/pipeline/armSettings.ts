import { withoutIdle } from "../config/algorithms/idle.ts";
import { settingsRead } from "../config/algorithms/index.ts";
import type { DPO_SETTINGS, SHARED_SETTINGS } from "../config/algorithms/dpoSettings.ts";
import type { RlhfConfig, RunConfig } from "../config/index.ts";
import type { KlController } from "../rl/klController.ts";
import type { PpoSettings } from "../rl/ppoSettings.ts";
import type { PromptFormat } from "../text/index.ts";
import type { EncodedPrompts } from "./generation.ts";

/**
 * An arm's settings but for its models, which are inputs of their own: a soup's name changes no result. Settings that came
 * later are there only where they change something, so that artifacts keep their names.
 */
export type PpoConfig = Omit<RlhfConfig, "init" | "reference" | OtherSetting | LaterSetting> &
  Partial<Pick<RlhfConfig, LaterSetting>>;

/** Settings of other methods, which one it is (the stage tells), and when the policy is looked at. */
type OtherSetting = "method" | WatchSetting | keyof typeof DPO_SETTINGS;

type WatchSetting = "evaluateEvery" | "evaluatePrompts";

type LaterSetting = keyof typeof UNCHANGED;

/** Values at which the settings change nothing. */
const UNCHANGED = {
  referenceMix: "meanKl",
  movingReference: "fixed",
  referenceEvery: 1,
  referenceRate: 0.01,
  betaByLength: false,
  minLength: 0,
  shortPenalty: 1,
} as const satisfies Partial<RlhfConfig>;

/**
 * The arm with one of its candidates for β.
 * @throws {RangeError} when there is no such arm.
 */
export function armWithBeta({ arms }: RunConfig, name: string, beta: number): PpoConfig {
  const arm = withoutIdle(armOf(arms, name));
  const own: ReadonlySet<string> = settingsRead("ppo");
  const changes = Object.entries(arm).filter(
    ([key, value]) => own.has(key) && !MODELS.has(key) && (UNCHANGED as Record<string, unknown>)[key] !== value,
  );
  return { ...(Object.fromEntries(changes) as Omit<PpoConfig, "beta">), beta };
}

/** Settings that name models, which are inputs, the method, which is the stage, and those that train nothing. */
const MODELS: ReadonlySet<string> = new Set(["method", "init", "reference", "evaluateEvery", "evaluatePrompts"]);

/** A DPO arm's settings but for its models. */
export type DpoConfig = Pick<
  RlhfConfig,
  Exclude<(typeof SHARED_SETTINGS)[number], "init" | "reference"> | keyof typeof DPO_SETTINGS
>;

/**
 * The settings of a DPO arm with one of its candidates for β.
 * @throws {RangeError} when there is no such arm.
 */
export function dpoWithBeta({ arms }: RunConfig, name: string, beta: number): DpoConfig {
  const own = settingsRead("dpo");
  const read = Object.entries(armOf(arms, name)).filter(([key]) => own.has(key) && !MODELS.has(key));
  return { ...(Object.fromEntries(read) as Omit<DpoConfig, "beta">), beta };
}

function armOf(arms: RunConfig["arms"], name: string): RunConfig["arms"][string] {
  const found = arms[name];
  if (found === undefined) throw new RangeError(`rlhf: there is no arm called ${name}`);
  return found;
}

/** The lengths, format and seed that complete an arm's settings. */
export interface PpoPlace extends Omit<EncodedPrompts, "queries"> {
  readonly format: PromptFormat;
  readonly seed: number;
}

/** The trainer's settings for an arm. */
export function ppoSettings(arm: PpoConfig, { queryLength, responseLength, format, seed }: PpoPlace): PpoSettings {
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
    eos: format.ends,
    pad: format.tokenizer.pad,
    klKind: arm.klKind,
    referenceMix: arm.referenceMix ?? UNCHANGED.referenceMix,
    ...movingOf(arm),
    klController,
    betaByLength: arm.betaByLength ?? UNCHANGED.betaByLength,
    score: {
      missingEosPenalty: arm.missingEosPenalty,
      minLength: arm.minLength ?? UNCHANGED.minLength,
      shortPenalty: arm.shortPenalty ?? UNCHANGED.shortPenalty,
      scaling: scalingOf(arm),
      clip: arm.scoreClip,
    },
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

/** True if an arm's reference moves while the policy learns. */
export function hasMovingReference({ movingReference = "fixed" }: Pick<PpoConfig, "movingReference">): boolean {
  return movingReference !== "fixed";
}

/** How the reference moves; nothing where it stays. */
function movingOf(arm: PpoConfig): Pick<PpoSettings, "moving"> {
  const { movingReference: kind = "fixed", referenceEvery, referenceRate } = arm;
  if (kind === "fixed") return {};
  const { referenceEvery: every, referenceRate: rate } = UNCHANGED;
  return { moving: { kind, every: referenceEvery ?? every, rate: referenceRate ?? rate } };
}

function scalingOf({ scoreScaling, scoreNormalizing }: PpoConfig): "none" | "std" | "normalise" {
  if (!scoreScaling) return "none";
  return scoreNormalizing ? "normalise" : "std";
}
