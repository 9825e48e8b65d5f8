import * as z from "zod";
import { optimizerSettings } from "../optimizer.ts";
import { choice, count, modelName, nonNegative, optionalSetting, setting, share } from "../setting.ts";
import { byTask } from "../task.ts";

/** Longest response where neither config nor task says one, tokens. */
export const LONGEST_RESPONSE = 128;

const trl = "TRL 0.11 PPOConfig";
const own = "this project";

/** KL penalties per token; l and r are the token's log-probability under policy and reference. */
const klKinds = {
  kl: "l − r, which averages to the KL (k1)",
  abs: "|l − r|, never negative",
  mse: "½(l − r)², never negative (k2)",
  full: "the KL itself, summed over the vocabulary; the slowest",
  k3: "e^(r−l) − 1 − (r − l), never negative, and averages to the KL",
  forward:
    "e^(r−l)·(r − l) − e^(r−l) + 1, never negative, and averages to the KL of π_ref to π: it grows where π drops what π_ref says",
} as const;

/** Several references in one penalty. */
const referenceMixes = {
  meanKl: "the mean of the KL to each (MKL, SALSA equation 5)",
  logSpace: "the KL to their normalised geometric mean, whose mean KL to them is least (arXiv:2502.01203)",
} as const;

/** Ways that the reference moves while the policy learns. */
const movingReferences = {
  fixed: "it stays as it is",
  ema: "an exponential moving average of it and the policy (WARP's anchor, arXiv:2406.16768)",
  reset: "it becomes the policy as it is then (TR-DPO's hard update, arXiv:2404.09656)",
  trajectory: "it becomes the mean of itself and of the policy at every move so far",
} as const;

const controllers = {
  adaptive: "β grows while the KL is above klTarget and shrinks while it is below, by at most klHorizon's pace",
  fixed: "β stays as written",
} as const;

const critics = {
  valueHead: "a linear head on the policy's last hidden state",
  separate: "a model of its own, which starts as the reward model",
} as const;

const scorePositions = {
  lastToken: "the last token of the response",
  afterEos: "the first pad after end-of-text",
} as const;

/** β as written: one number, or several of which the best on the validation split is kept. */
const beta = z.union([nonNegative(), z.array(nonNegative()).min(1)]);

const optimizer = optimizerSettings({
  learningRate: [1.41e-5, trl],
  schedule: ["constant", trl],
  warmupRatio: [0, trl],
  weightDecay: [0, "torch Adam in TRL 0.11 PPOTrainer"],
  maxGradNorm: [0, `${trl}, where it is off`],
  batchSize: [128, trl],
});

const penalty = {
  klKind: setting(choice(klKinds), "kl", {
    description: "KL penalty per token, with l = log π and r = log π_ref of the sampled token",
    source: `${trl}; k3 from TRL 0.12`,
  }),
  beta: setting(beta, 0.2, {
    description:
      "Weight β of the KL penalty; of a list, the value that does best on the validation split is kept, while a grid makes an arm of each",
    source: `${trl} init_kl_coef; SALSA, appendix A.3, for PPO`,
  }),
  betaByLength: setting(z.boolean(), false, {
    description:
      "Multiply each response's penalty by the batch's mean length over its own, so that ending early does not make it cheaper (against SALSA's KL-hack, appendix A.4)",
    source: own,
  }),
  klController: setting(choice(controllers), "adaptive", {
    description: "Rule by which β follows the measured KL or stays; the paper does not say which it used",
    source: trl,
  }),
  klTarget: setting(z.number().positive(), 6, {
    description: "KL per sequence that the adaptive controller aims at",
    unit: "nats",
    source: trl,
  }),
  klHorizon: setting(z.number().positive(), 10_000, {
    description: "Rollouts over which the adaptive controller acts; more is slower",
    unit: "rollouts",
    source: trl,
  }),
};

const objective = {
  gamma: setting(share(), 1, { description: "Discount γ per token", source: trl }),
  lambda: setting(share(), 0.95, { description: "λ of generalised advantage estimation", source: trl }),
  clipRange: setting(z.number().positive(), 0.2, {
    description: "The policy ratio is clipped to 1 ± this",
    source: trl,
  }),
  clipRangeValue: setting(z.number().positive(), 0.2, {
    description: "New values are clipped to the old ones ± this",
    unit: "reward",
    source: trl,
  }),
  valueCoefficient: setting(nonNegative(), 0.1, { description: "Weight of the value loss", source: trl }),
  entropyCoefficient: setting(nonNegative(), 0, {
    description: "Weight of an entropy bonus; 0 turns it off",
    source: own,
  }),
  ratioThreshold: setting(z.number().positive(), 10, {
    description: "A minibatch whose mean policy ratio exceeds this has its loss multiplied by 0",
    source: trl,
  }),
  whitenRewards: setting(z.boolean(), false, {
    description: "Scale per-token rewards to unit variance, keeping their mean",
    source: trl,
  }),
  whitenAdvantages: setting(z.boolean(), true, {
    description: "Shift and scale advantages to mean 0 and variance 1",
    source: "TRL 0.11 PPOTrainer, where it is always on",
  }),
  critic: setting(choice(critics), "valueHead", {
    description: "Estimator of the values that advantages are measured against",
    source: "TRL 0.11 AutoModelForCausalLMWithValueHead",
  }),
};

const score = {
  scoreScaling: setting(z.boolean(), false, {
    description: "Divide scores by their running standard deviation",
    source: trl,
  }),
  scoreNormalizing: setting(z.boolean(), false, {
    description: "With scoreScaling, also subtract the running mean",
    source: trl,
  }),
  scoreClip: setting(nonNegative(), 0, {
    description: "Clip scores to ± this, after scaling; 0 turns it off",
    unit: "reward",
    source: `${trl}, where it is off`,
  }),
  missingEosPenalty: setting(nonNegative(), 0, {
    description: "Subtracted from the score of a response without end-of-text; 0 turns it off",
    unit: "reward",
    source: "TRL 0.12 PPOConfig, where it is off",
  }),
  minLength: setting(count(0), 0, {
    description: "Responses shorter than this have shortPenalty subtracted from their score; 0 turns it off",
    unit: "tokens",
    source: own,
  }),
  shortPenalty: setting(nonNegative(), 1, {
    description: "Subtracted from the score of a response shorter than minLength",
    unit: "reward",
    source: own,
  }),
  scorePosition: setting(choice(scorePositions), "lastToken", {
    description: "Which token gets the score",
    source: "TRL 0.11 PPOTrainer; afterEos from TRL 0.12",
  }),
};

const rollouts = {
  iterations: setting(count(), 60, {
    description: "Times that rollouts are sampled and learned from",
    unit: "iterations",
    source: "this project's prototype",
  }),
  batchSize: setting(count(), 128, { description: "Rollouts per iteration", unit: "rollouts", source: trl }),
  minibatchSize: setting(count(), 128, {
    description: "Rollouts per forward and backward pass; times gradientAccumulation it must divide batchSize",
    unit: "rollouts",
    source: trl,
  }),
  ppoEpochs: setting(count(), 4, { description: "Passes over an iteration's rollouts", unit: "passes", source: trl }),
  temperature: setting(z.number().positive(), 1, {
    description: "Divides the logits, in sampling and in log-probabilities alike",
    source: "TRL 0.11 examples; TRL 0.12 uses 0.7",
  }),
  topK: setting(count(0), 0, {
    description: "Sample among this many likeliest tokens; 0 means all",
    unit: "tokens",
    source: "TRL 0.11 examples",
  }),
  topP: setting(z.number().positive().max(1), 1, {
    description: "Sample among the likeliest tokens that together have this probability",
    source: "TRL 0.11 examples",
  }),
  maxNewTokens: optionalSetting(count(), {
    description: "Longest response",
    unit: "tokens",
    otherwise: `${byTask("maxNewTokens")} for a model made for the built-in task, else ${LONGEST_RESPONSE}`,
  }),
};

/** Where policies start and what holds them near; arms usually set these. */
const models = {
  init: optionalSetting(modelName(), {
    description: "Model the policy starts from: base, an SFT or a soup",
    otherwise: "the first SFT (SALSA, section 3)",
  }),
  reference: optionalSetting(z.union([modelName(), z.array(modelName()).min(1)]), {
    description:
      "Reference of the KL penalty: base, an SFT or a soup; a list holds the policy to all of them, as referenceMix says",
    otherwise: "the same as init, which is plain PPO",
  }),
  referenceMix: setting(choice(referenceMixes), "meanKl", {
    description: "How several references make one penalty",
    source: "SALSA, equation 5",
  }),
  movingReference: setting(choice(movingReferences), "fixed", {
    description: "Way in which the reference follows the policy, every referenceEvery iterations, or stays",
    source: "SALSA, equation 4",
  }),
  referenceEvery: setting(count(), 1, {
    description: "Iterations between two moves of a reference that follows the policy",
    unit: "iterations",
    source: own,
  }),
  referenceRate: setting(z.number().positive().max(1), 0.01, {
    description: "Share of the policy in each move of an exponential moving average",
    source: "WARP, arXiv:2406.16768",
  }),
};

/** Looks at the policy while it learns. */
const watching = {
  evaluateEvery: setting(count(0), 0, {
    description:
      "Iterations between comparisons of the policy with its start on prompts of the validation split, whose win rate is a curve; by the run's judge; where that is one of the editor's models, or the run is on a cluster, by the task's or the reward model's score. 0 turns them off",
    unit: "iterations",
    source: own,
  }),
  evaluatePrompts: setting(count(), 64, {
    description: "Prompts of such a comparison",
    unit: "prompts",
    source: own,
  }),
};

/** PPO as TRL 0.9–0.11 has it, with the variants of later releases as settings. */
export const PPO_SETTINGS = { ...optimizer, ...models, ...penalty, ...objective, ...score, ...rollouts, ...watching };
