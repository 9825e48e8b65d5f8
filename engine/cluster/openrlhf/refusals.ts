import type { RunConfig } from "../../config/resolved.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import { type NeededValue, type Refusal, OWN, armRefusals } from "../trainer/refusals.ts";
import type { RefusedConfig } from "../trainer/trainer.ts";

/**
 * Everything in a config that OpenRLHF 0.11.2 cannot do: to be refused before anything starts.
 *
 * @param config - As resolved.
 * @param kinds - Of the stages that it is to train.
 */
export function openRlhfRefusals(config: RefusedConfig, kinds: readonly TrainedKind[]): readonly Refusal[] {
  if (kinds.length === 0) return [];
  return [
    ...ofModel(config),
    ...(kinds.includes("reward") ? ofReward(config) : []),
    ...(kinds.includes("rlhf") ? armRefusals(config.arms, { title: "OpenRLHF", needed: NEEDED }) : []),
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

/** Values at which a setting of PPO asks for nothing that OpenRLHF lacks, and what it lacks else. */
const NEEDED: readonly NeededValue[] = [
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
