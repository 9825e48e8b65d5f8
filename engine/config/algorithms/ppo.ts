import type { Complaint } from "../complaint.ts";
import { type ArmFacts, type ArmKind, type WrittenArm, algorithm } from "./algorithm.ts";
import { checkBetas, checkPositions } from "./armChecks.ts";
import { checkIdle } from "./idle.ts";
import { PPO_SETTINGS } from "./ppoSettings.ts";

const plain: ArmKind = {
  title: "PPO",
  description: "Held to the SFT it starts from",
  source: "SALSA, equation 2",
  snippet: { reference: "${1:sft-1}" },
  fits: (reference, soups) => reference.length === 1 && !isSoup(reference, soups),
  standIns: () => [["ppo", undefined]],
};

const salsa: ArmKind = {
  title: "SALSA",
  description: "Held to a soup",
  source: "SALSA, equation 4",
  snippet: { reference: "${1:soup}", beta: "^${2:0.01}" },
  fits: (reference, soups) => reference.length === 1 && isSoup(reference, soups),
  standIns: (soups) => soups.map((soup) => [soups.length === 1 ? "salsa" : `salsa-${soup}`, soup]),
};

const mkl: ArmKind = {
  title: "MKL",
  description: "Held to several SFTs at once",
  source: "SALSA, equation 5",
  snippet: { reference: ["${1:sft-1}", "${2:sft-2}"] },
  fits: (reference, _soups, mix) => reference.length > 1 && mix !== "logSpace",
  standIns: () => [],
};

const ensemble: ArmKind = {
  title: "Log-space ensemble",
  description: "Held to the normalised geometric mean of several SFTs",
  source: "arXiv:2502.01203",
  snippet: { reference: ["${1:sft-1}", "${2:sft-2}"], referenceMix: "logSpace" },
  fits: (reference, _soups, mix) => reference.length > 1 && mix === "logSpace",
  standIns: () => [],
};

type PpoArm = WrittenArm<typeof PPO_SETTINGS>;

/** PPO against any reference policy: TRL's, with the reference of the KL penalty as a setting. */
export const ppo = algorithm({
  name: "ppo",
  title: "PPO",
  description: "samples responses and learns from their rewards, held to the reference by a KL penalty (PPO)",
  settings: PPO_SETTINGS,
  learnsFrom: "rewards",
  kinds: [plain, salsa, mkl, ensemble],
  check: (arm, facts) => [
    ...checkBatches(arm),
    ...checkScores(arm),
    ...checkLength(arm),
    ...checkMix(arm),
    ...checkMoving(arm),
    ...checkTruncation(arm),
    ...checkWatch(arm, facts),
    ...checkIdle(arm),
    ...checkPositions(arm, facts),
    ...checkBetas(arm, facts),
  ],
});

function isSoup([reference = ""]: readonly string[], soups: readonly string[]): boolean {
  return soups.includes(reference);
}

function checkBatches({ path, own, settings }: PpoArm): Complaint[] {
  const { batchSize, minibatchSize, gradientAccumulation } = settings;
  const isOwn = [own.batchSize, own.minibatchSize, own.gradientAccumulation].some((one) => one !== undefined);
  const chunk = minibatchSize * gradientAccumulation;
  if (!isOwn || batchSize % chunk === 0) return [];
  const key =
    own.minibatchSize === undefined
      ? own.batchSize === undefined
        ? "gradientAccumulation"
        : "batchSize"
      : "minibatchSize";
  const message = `minibatchSize ${minibatchSize} × gradientAccumulation ${gradientAccumulation} does not divide batchSize ${batchSize}`;
  const remedy = `use a batchSize of ${Math.max(1, Math.round(batchSize / chunk)) * chunk}, or a minibatchSize that divides it`;
  return [{ path: [...path, key], message, remedy }];
}

function checkScores({ path, own, settings }: PpoArm): Complaint[] {
  if (own.scoreNormalizing !== true || settings.scoreScaling) return [];
  const remedy = "set scoreScaling to true as well; the mean is only subtracted while scaling";
  return [{ path: [...path, "scoreNormalizing"], message: "has no effect without scoreScaling", remedy }];
}

/** The ensemble is one of several models, and knows the log-probabilities of the tokens that were sampled alone. */
function checkMix({ path, own, settings }: PpoArm): Complaint[] {
  const { referenceMix, reference, klKind } = settings;
  const isOwn = [own.referenceMix, own.reference, own.klKind].some((one) => one !== undefined);
  if (!isOwn || referenceMix !== "logSpace") return [];
  const place = [
    ...path,
    own.referenceMix === undefined ? (own.reference === undefined ? "klKind" : "reference") : "referenceMix",
  ];
  // In the section for all arms there need be no reference yet.
  if (path[0] === "arms" && (typeof reference !== "object" || reference.length < 2)) {
    const remedy = 'list several, such as "reference": ["sft-1", "sft-2"], or leave referenceMix out';
    return [{ path: place, message: '"logSpace" needs several references', remedy }];
  }
  if (klKind !== "full") return [];
  const remedy = 'use another klKind, such as "kl" or "k3", or referenceMix "meanKl"';
  return [{ path: place, message: '"logSpace" does not go with klKind "full"', remedy }];
}

/** One reference follows the policy. */
function checkMoving({ path, own, settings }: PpoArm): Complaint[] {
  const { movingReference, reference } = settings;
  const isOwn = [own.movingReference, own.reference].some((one) => one !== undefined);
  if (!isOwn || movingReference === "fixed" || typeof reference !== "object" || reference.length < 2) return [];
  const place = [...path, own.movingReference === undefined ? "reference" : "movingReference"];
  const message = `${JSON.stringify(movingReference)} moves one reference, and there are ${reference.length}`;
  return [{ path: place, message, remedy: "name one, such as a soup of them, or leave movingReference out" }];
}

/** A policy is compared on prompts that it does not learn from, and there may be none. */
function checkWatch({ path, own }: PpoArm, { validationPrompts }: ArmFacts): Complaint[] {
  if (own.evaluateEvery === undefined || own.evaluateEvery === 0 || validationPrompts !== 0) return [];
  const message = "needs a validation split, which has 0 prompts";
  const remedy = "set evaluation.validationPrompts above 0, or leave it out";
  return [{ path: [...path, "evaluateEvery"], message, remedy }];
}

/** Settings at which sampling cuts nothing off. */
const UNCUT = { topK: 0, topP: 1 } as const;

/** Lengths that no response can have. */
function checkLength({ path, own, settings }: PpoArm): Complaint[] {
  const { maxNewTokens = Infinity } = settings;
  if (own.minLength === undefined || own.minLength <= maxNewTokens) return [];
  const message = `${own.minLength} is more than the longest response, maxNewTokens ${maxNewTokens}`;
  return [{ path: [...path, "minLength"], message, remedy: "use fewer tokens, or raise maxNewTokens" }];
}

/** Log-probabilities are of the whole distribution: samples of a part of it would make every ratio wrong. */
function checkTruncation({ path, own }: PpoArm): Complaint[] {
  return (["topK", "topP"] as const).flatMap((key) => {
    const value = own[key];
    if (value === undefined || value === UNCUT[key]) return [];
    const message = `${value} cuts off the distribution that rollouts are sampled from, and training does not`;
    const remedy = `set it to ${UNCUT[key]} here; evaluation.sampling may cut answers off`;
    return [{ path: [...path, key], message, remedy }];
  });
}
