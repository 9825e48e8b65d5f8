import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { DifferingSettings } from "../trainer/trainer.ts";

/** Departures of every training of OpenRLHF 0.11.2 from this engine's, with the place in its source. */
const ALWAYS = [
  "trained by OpenRLHF 0.11.2 in bf16 under DeepSpeed: another run of the same config gives other numbers",
  "weights are saved in bf16, whatever the base has (--ds.param_dtype)",
  "a training's last batch that is not full is left out (drop_last), where this engine learns from it",
  "chat templates are rendered by transformers, with the day's date, and nothing puts a begin-of-text token before one that writes none",
  "a response is always closed by end-of-text, with a blank before it where the chat template ends in something else (sft_dataset.py:176, reward_dataset.py:143)",
] as const;

const SFT = [
  "the loss is a mean over all tokens of an optimizer step, whatever its micro-batches (loss_utils.py)",
  "prompts that leave no room for a response in maxLength are left out (sft_dataset.py:154)",
  "in conversations of several turns, what the template writes behind a turn is learned with it (sft_dataset.py:98)",
] as const;

const REWARD = [
  "the score stands at end-of-text, also where that is the padding token (model.py:214)",
  "the head is called score, has no bias, and starts at random with deviation 1/(width + 1) (model.py:172)",
  "mean and deviation of held-out rewards stand in config.json, and nothing uses them (rm_trainer.py:296)",
  "held-out accuracy counts ties as wrong (rm_trainer.py:280)",
] as const;

const PPO = [
  "the score is read at end-of-text, also where that is the reward model's padding, before which this engine reads it (model.py:214)",
  "the KL penalty is clamped to ±10 a token (models/utils.py:563)",
  "log-ratios of the policy are clamped to ±20 (loss.py:187)",
  "advantages are whitened over the whole rollout batch by its biased variance (experience_maker.py:332)",
  "policy and critic learn in turns, each with an optimizer of its own and the same learning rate",
  "responses are sampled by vLLM, whose probabilities differ a little from those that are learned with",
  "prompts of all passes are shuffled together (ppo_trainer.py:42)",
  "the true score of a built-in task is not measured while it trains",
] as const;

/** Everything that OpenRLHF does otherwise in a stage of a kind. */
export function openRlhfDifferences(kind: TrainedKind, { arm, reward }: DifferingSettings = {}): readonly string[] {
  if (kind === "sft") return [...ALWAYS, ...SFT];
  if (kind === "reward") {
    const heads = "each of several reward models draws a head of its own, where WARM starts all from one";
    return [...ALWAYS, ...REWARD, ...(reward?.seeds === undefined ? [] : [heads])];
  }
  return [...ALWAYS, ...PPO, ...(arm === undefined ? [] : ofPpo(arm))];
}

function ofPpo({ critic, ratioThreshold, valueCoefficient }: NonNullable<DifferingSettings["arm"]>): readonly string[] {
  const own =
    critic === "valueHead"
      ? 'the critic is a model of its own that starts as the reward model, where critic is "valueHead"'
      : "the critic starts as the reward model, its head's bias left out";
  return [
    own,
    `minibatches whose policy ratio exceeds ratioThreshold ${ratioThreshold} are learned from all the same`,
    `valueCoefficient ${valueCoefficient} has no effect: the critic has a loss of its own`,
  ];
}
