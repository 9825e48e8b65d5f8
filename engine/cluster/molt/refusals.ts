import type { TrainedKind } from "../../config/trainedKinds.ts";
import { type NeededValue, type Refusal, OWN, armRefusals } from "../trainer/refusals.ts";
import type { RefusedConfig } from "../trainer/trainer.ts";

/**
 * Everything in a config that Molt 0.2.1 cannot do: to be refused before anything starts.
 *
 * @param config - As resolved.
 * @param kinds - Of the stages that it is to train.
 */
export function moltRefusals(config: RefusedConfig, kinds: readonly TrainedKind[]): readonly Refusal[] {
  if (kinds.length === 0) return [];
  return [
    ...ofModel(config),
    ...(kinds.includes("sft") ? ofSft(config) : []),
    ...(kinds.includes("rlhf") ? [...armRefusals(config.arms, LIMITS), ...ofCritic(config)] : []),
  ];
}

function ofModel({ model, chat, runtime }: Pick<RefusedConfig, "model" | "chat" | "runtime">): readonly Refusal[] {
  const found: Refusal[] = [];
  const refuse = (path: readonly string[], message: string, remedy: string): void =>
    void found.push({ path, message, remedy });
  if ("checkpoint" in model && model.lora !== undefined) {
    refuse(["model", "lora"], "adapters are not handed to Molt", `leave it out, ${OWN}`);
  }
  if (model.saveAs !== undefined) {
    const message = `is "${model.saveAs}", and Molt has no say in how NeMo AutoModel saves weights`;
    refuse(["model", "saveAs"], message, 'use "asBase"');
  }
  if (runtime.precision === "f32") {
    refuse(["runtime", "precision"], 'is "f32", and Molt trains in bf16', `leave it out, ${OWN}`);
  }
  if (chat?.date !== undefined) {
    const message = "is fixed, and transformers renders chat templates with the day's date";
    refuse(["chat", "date"], message, "leave it out, or name a chat.template that writes no date");
  }
  return found;
}

/** Molt gives every schedule an end above 0, which transformers' straight line does not take (strategy.py:373). */
const NO_LINE = 'its trainings end with an error at "linear"';

function ofSft({ sft, chat }: Pick<RefusedConfig, "sft" | "chat">): readonly Refusal[] {
  const found: Refusal[] = [];
  if (sft.schedule === "linear") {
    const message = `is "linear", which Molt lacks: ${NO_LINE}`;
    found.push({ path: ["sft", "schedule"], message, remedy: `set it to "constant" or "cosine", ${OWN}` });
  }
  if (chat?.plainPrompts === "asIs") {
    const message = 'is "asIs", and Molt\'s SFT renders every example by the chat template';
    found.push({ path: ["chat", "plainPrompts"], message, remedy: `use "userTurn", ${OWN}` });
  }
  return found;
}

function ofCritic({ runtime }: Pick<RefusedConfig, "runtime">): readonly Refusal[] {
  if (runtime.cluster?.trainer.saveCritic !== true) return [];
  const message = "is true, and Molt saves a critic only to go on from";
  return [{ path: ["runtime", "cluster", "trainer", "saveCritic"], message, remedy: "leave it out" }];
}

const SCORES_ALONE = "its rewards are what SALSA's own program hands it there, the reward model's scores";

/** Values at which a setting of PPO asks for nothing that Molt lacks, and what it lacks else. */
const NEEDED: readonly NeededValue[] = [
  { setting: "schedule", only: ["constant", "cosine"], lack: NO_LINE },
  { setting: "klKind", only: ["kl", "mse", "k3"], lack: "it has k1, k2 and k3 of the sampled token (kl, mse, k3)" },
  {
    setting: "klController",
    only: ["fixed"],
    lack: "its controller aims at a KL per token, and klTarget is one per sequence",
  },
  { setting: "movingReference", only: ["fixed"], lack: "its reference stays as it was loaded" },
  { setting: "betaByLength", only: [false], lack: "its penalty knows no lengths" },
  { setting: "whitenRewards", only: [false], lack: "it whitens no rewards" },
  { setting: "scoreScaling", only: [false], lack: "it keeps no running statistics of scores" },
  { setting: "missingEosPenalty", only: [0], lack: SCORES_ALONE },
  { setting: "minLength", only: [0], lack: SCORES_ALONE },
  { setting: "scorePosition", only: ["lastToken"], lack: "it gives the score to the response's last token" },
  { setting: "evaluateEvery", only: [0], lack: "it compares a policy with nothing while it trains" },
];

const LIMITS = { title: "Molt", needed: NEEDED } as const;
