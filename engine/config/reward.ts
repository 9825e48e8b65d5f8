import * as z from "zod";
import { optimizerSettings } from "./optimizer.ts";
import { count, filePath, modelName, nonNegative, optionalSetting, section, seed, setting } from "./setting.ts";
import { byTask } from "./task.ts";

/** Settings of the reward model's pairs, which some arms learn, too. */
export const PAIR_SETTINGS = ["pairs", "heldOut", "maxLength"] as const;

/** The reward model: a scalar head trained on preference pairs. */
export const rewardSchema = section(
  {
    checkpoint: optionalSetting(filePath(), {
      description:
        "Hugging Face folder, or hf:owner/name@revision on the hub, of a reward model (AutoModelForSequenceClassification, one label) in place of one that is trained; one with another tokenizer or chat template reads conversations its own way",
      otherwise: "one is trained on preference pairs",
    }),
    init: optionalSetting(modelName(), {
      description: "Model whose weights the reward model starts from: base or an SFT",
      otherwise: "the first SFT",
    }),
    pairs: optionalSetting(count(), {
      description: "Preference pairs to train on",
      unit: "pairs",
      otherwise: `every line of data.preferences, or ${byTask("pairs")} sampled from an SFT and labelled by the task`,
    }),
    seeds: optionalSetting(z.array(seed()).min(2), {
      description:
        "Seeds of several reward models, which learn the same pairs in other orders; the mean of their weights takes their place (WARM, arXiv:2401.12187)",
      otherwise: "one reward model",
    }),
    epochs: setting(count(), 1, {
      description: "Passes over the pairs",
      unit: "passes",
      source: "this project; the paper does not say",
    }),
    heldOut: setting(z.number().min(0).max(0.5), 0.1, {
      description: "Share of the pairs kept back to measure accuracy",
      source: "this project",
    }),
    maxLength: setting(count(2), 2048, {
      description: "Longer sequences are cut at this length",
      unit: "tokens",
      source: "SALSA, appendix A.1, for SFT",
    }),
    margin: setting(z.boolean(), false, {
      description: "Subtract each pair's margin inside the loss: −log σ(chosen − rejected − margin)",
      source: "TRL 0.11 RewardTrainer",
    }),
    centering: setting(nonNegative(), 0, {
      description: "Weight c of c·mean((chosen + rejected)²), which keeps rewards centred on 0; 0 turns it off",
      source: "TRL 0.11 RewardConfig",
    }),
    ...optimizerSettings({
      learningRate: [2e-5, "SALSA, appendix A.2"],
      schedule: ["linear", "SALSA, appendix A.2"],
      warmupRatio: [0, "PyTorch and TRL 0.11 RewardConfig"],
      weightDecay: [0.001, "SALSA, appendix A.2"],
      maxGradNorm: [1, "TRL 0.11 RewardConfig"],
      batchSize: [8, "SALSA, appendix A.2"],
    }),
  },
  "The reward model, trained on preference pairs",
);
