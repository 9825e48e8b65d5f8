import type { Complaint } from "../complaint.ts";
import { type ArmKind, type WrittenArm, algorithm } from "./algorithm.ts";
import { checkBetas, checkPositions } from "./armChecks.ts";
import { DPO_SETTINGS, SHARED_SETTINGS } from "./dpoSettings.ts";

const plain: ArmKind = {
  title: "DPO",
  description: "Learns preferences directly, held to an SFT; the learning rate is usually far below PPO's",
  source: "arXiv:2305.18290",
  snippet: { method: "dpo", reference: "${1:sft-1}", beta: "^${2:0.1}", learningRate: "^${3:1e-6}" },
  fits: (reference, soups) => reference.length === 1 && !soups.includes(reference[0] ?? ""),
  standIns: () => [],
};

const soupDpo: ArmKind = {
  title: "Soup-DPO",
  description: "Learns preferences directly, held to a soup; the learning rate is usually far below PPO's",
  source: "SALSA, section 6",
  snippet: { method: "dpo", reference: "${1:soup}", beta: "^${2:0.1}", learningRate: "^${3:1e-6}" },
  fits: (reference, soups) => reference.length === 1 && soups.includes(reference[0] ?? ""),
  standIns: () => [],
};

const several: ArmKind = {
  title: "Multi-reference DPO",
  description: "Learns preferences directly, held to the geometric mean of several models",
  source: "arXiv:2502.01203",
  snippet: { method: "dpo", reference: ["${1:sft-1}", "${2:sft-2}"], beta: "^${3:0.1}", learningRate: "^${4:1e-6}" },
  fits: (reference) => reference.length > 1,
  standIns: () => [],
};

/** DPO against any reference: the optimum that PPO looks for, read off the preferences themselves. */
export const dpo = algorithm({
  name: "dpo",
  title: "DPO",
  description: "learns the reward model's preference pairs directly (DPO); samples nothing to learn from",
  settings: DPO_SETTINGS,
  shared: SHARED_SETTINGS,
  learnsFrom: "pairs",
  kinds: [plain, soupDpo, several],
  check: (arm, facts) => [
    ...checkSmoothing(arm),
    ...checkBeta(arm),
    ...checkPositions(arm, facts),
    ...checkBetas(arm, facts),
  ],
});

type DpoArm = WrittenArm<typeof DPO_SETTINGS>;

/** Smoothed labels are a mixture of two log-likelihoods, which the other losses are not. */
function checkSmoothing({ path, own, settings }: DpoArm): Complaint[] {
  const { dpoLoss, labelSmoothing } = settings;
  const isOwn = own.dpoLoss !== undefined || own.labelSmoothing !== undefined;
  if (!isOwn || labelSmoothing === 0 || dpoLoss === "sigmoid") return [];
  const key = own.labelSmoothing === undefined ? "dpoLoss" : "labelSmoothing";
  const message = `labelSmoothing ${labelSmoothing} has no effect with dpoLoss ${JSON.stringify(dpoLoss)}`;
  return [{ path: [...path, key], message, remedy: 'use dpoLoss "sigmoid", or leave labelSmoothing out' }];
}

/** At β 0 nothing is learned, and IPO divides by it. */
function checkBeta({ path, settings }: DpoArm): Complaint[] {
  if (path[0] !== "arms") return [];
  const { beta } = settings as { readonly beta?: number | readonly number[] };
  if (![beta].flat().includes(0)) return [];
  return [
    { path: [...path, "beta"], message: "is 0, at which DPO learns nothing", remedy: "use one above 0, such as 0.1" },
  ];
}
