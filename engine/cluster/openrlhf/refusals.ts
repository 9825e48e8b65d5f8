import type { Complaint } from "../../config/complaint.ts";
import type { ArmConfig, RunConfig } from "../../config/resolved.ts";
import type { TrainedKind } from "../../config/trainer.ts";

/** A setting at which OpenRLHF would do something else, without a word. */
interface Refusal {
  /** Within an arm, or from the root. */
  readonly path: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

const OWN = "or let this engine train it (runtime.cluster.trainer.use)";

/**
 * Everything in a config that OpenRLHF 0.11.2 cannot do: to be refused before anything starts.
 *
 * @param config - As resolved.
 * @param kinds - Of the stages that it is to train.
 */
export function openRlhfRefusals(
  config: Pick<RunConfig, "model" | "chat" | "reward" | "arms" | "runtime">,
  kinds: readonly TrainedKind[],
): readonly Complaint[] {
  if (kinds.length === 0) return [];
  return [
    ...ofModel(config),
    ...(kinds.includes("reward") ? ofReward(config) : []),
    ...(kinds.includes("rlhf") ? ofArms(config.arms) : []),
  ];
}

function ofModel({ model, chat, runtime }: Pick<RunConfig, "model" | "chat" | "runtime">): readonly Refusal[] {
  const found: Refusal[] = [];
  const refuse = (path: readonly string[], message: string, remedy: string): void =>
    void found.push({ path, message, remedy });
  if ("checkpoint" in model && model.lora !== undefined) {
    const message = "OpenRLHF saves adapters in a form that neither soups nor this engine read at ZeRO stage 3";
    refuse(["model", "lora"], message, `leave it out, ${OWN}`);
  }
  if (model.saveAs === "f32" || model.saveAs === "f16") {
    refuse(["model", "saveAs"], `is "${model.saveAs}", and OpenRLHF saves bf16`, 'use "bf16" or "asBase"');
  }
  if (runtime.precision === "f32") {
    refuse(["runtime", "precision"], 'is "f32", and OpenRLHF trains in bf16', `leave it out, ${OWN}`);
  }
  if (chat?.plainPrompts === "asIs") {
    const message = 'is "asIs", and OpenRLHF renders every prompt by the chat template of a model that has one';
    refuse(["chat", "plainPrompts"], message, 'use "userTurn", or a checkpoint without a template');
  }
  if (chat?.date !== undefined) {
    const message = "is fixed, and transformers renders chat templates with the day's date";
    refuse(["chat", "date"], message, "leave it out, or name a chat.template that writes no date");
  }
  return found;
}

function ofReward({ reward }: Pick<RunConfig, "reward">): readonly Refusal[] {
  if (reward.checkpoint !== undefined || reward.centering === 0) return [];
  const message = `is ${reward.centering}, and OpenRLHF's loss of a reward model has no such term`;
  return [{ path: ["reward", "centering"], message, remedy: `set it to 0, ${OWN}` }];
}

/** Of all arms; what every arm has alike is said once, of the section for all of them. */
function ofArms(arms: RunConfig["arms"]): readonly Refusal[] {
  const found = Object.entries(arms).map(([name, arm]) => [name, ofArm(arm)] as const);
  const isShared = (one: Refusal): boolean =>
    found.length > 1 && found.every(([, own]) => own.some((other) => textOf(other) === textOf(one)));
  const shared = (found[0]?.[1] ?? []).filter(isShared);
  return [
    ...shared.map((one) => ({ ...one, path: ["rlhf", ...one.path] })),
    ...found.flatMap(([name, own]) =>
      own.filter((one) => !isShared(one)).map((one) => ({ ...one, path: ["arms", name, ...one.path] })),
    ),
  ];
}

const textOf = ({ path, message }: Refusal): string => JSON.stringify([path, message]);

/** Values at which a setting of PPO asks for nothing that OpenRLHF lacks, and what it lacks else. */
const NEEDED: readonly {
  readonly setting: keyof ArmConfig;
  readonly only: readonly unknown[];
  readonly lack: string;
}[] = [
  { setting: "klKind", only: ["kl", "mse", "k3"], lack: "it has k1, k2 and k3 of the sampled token (kl, mse, k3)" },
  {
    setting: "klController",
    only: ["fixed"],
    lack: "its controller aims at a KL per token, klTarget is one per sequence, and its source calls it incompatible",
  },
  { setting: "movingReference", only: ["fixed"], lack: "its reference stays as it was loaded" },
  { setting: "betaByLength", only: [false], lack: "its penalty knows no lengths" },
  { setting: "whitenRewards", only: [false], lack: "it whitens no rewards" },
  { setting: "whitenAdvantages", only: [true], lack: "it always whitens advantages" },
  { setting: "scoreScaling", only: [false], lack: "it keeps no running statistics of scores" },
  {
    setting: "missingEosPenalty",
    only: [0],
    lack: "it can scale or replace the score of a cut response, not lower it",
  },
  { setting: "minLength", only: [0], lack: "it has no penalty for short responses" },
  { setting: "scorePosition", only: ["lastToken"], lack: "it gives the score to the response's last token" },
  {
    setting: "evaluateEvery",
    only: [0],
    lack: "it compares a policy with nothing while it trains unless a server scores it",
  },
];

function ofArm(arm: ArmConfig): readonly Refusal[] {
  if (arm.method !== "ppo") {
    const message = `is "${arm.method}", and only PPO goes to OpenRLHF`;
    return [{ path: ["method"], message, remedy: `use "ppo", ${OWN}` }];
  }
  const found: Refusal[] = [];
  if (arm.reference.length > 1) {
    const several =
      arm.referenceMix === "logSpace" ? "their mean in log space" : "the mean KL to each (MKL, SALSA equation 5)";
    const message = `has ${arm.reference.length} models, and OpenRLHF loads one reference: ${several} needs them all`;
    found.push({ path: ["reference"], message, remedy: `name one, such as a soup of them, ${OWN}` });
  }
  if (arm.betas.includes(0)) {
    const message = "is 0, at which OpenRLHF loads no reference at all";
    found.push({ path: ["beta"], message, remedy: "use a small one, such as 1e-8" });
  }
  for (const { setting, only, lack } of NEEDED) {
    const value = arm[setting];
    if (only.includes(value)) continue;
    const remedy = `set it to ${only.map((one) => JSON.stringify(one)).join(" or ")}, ${OWN}`;
    found.push({ path: [setting], message: `is ${JSON.stringify(value)}, which OpenRLHF lacks: ${lack}`, remedy });
  }
  return found;
}
