import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { DifferingSettings } from "../trainer/trainer.ts";

/** Departures of every training of Molt 0.2.1 from this engine's, with the place in its source. */
const ALWAYS = [
  "trained by Molt 0.2.1 with masters in f32 and passes in bf16 under FSDP2: another run of the same config gives other numbers",
  "weights are saved as NeMo AutoModel does, in f32 or in the type of the model that was started from, and config.json says bf16 (checkpoint.py:70)",
  "a training's last batch that is not full is left out (drop_last), where this engine learns from it",
  "chat templates are rendered by transformers, with the day's date, and nothing puts a begin-of-text token before one that writes none",
] as const;

const SFT = [
  "the loss is a mean over all tokens of an optimizer step, whatever its micro-batches (loss.py:67)",
  "the tokens that are learned are found by the marks that the chat template writes around a reply, its end included (sft_dataset.py:58)",
  "where a chat template writes no end of its own, none is learned (sft_dataset.py:97)",
] as const;

const PPO = [
  "losses of policy and critic are means over all tokens of an optimizer step (loss.py:67)",
  "log-ratios of the policy are clamped to ±30 (loss.py:390)",
  "policy and critic learn in turns, each with an optimizer of its own and the same learning rate",
  "the critic's head has no bias and starts at random, with the deviation of a new layer of the model (critic.py:113)",
  "responses are sampled by vLLM, whose probabilities differ a little from those that are learned with",
  "scores are computed in bf16 by transformers, of the token ids that were sampled",
  "a rollout that fails, or has no token, is left out of its iteration (router.py:415)",
  "prompts of all passes are shuffled together (rl_trainer.py:83)",
  "the penalty of whole responses, objective/kl, is not logged: its kl is a mean over tokens",
  "the true score of a built-in task is not measured while it trains",
] as const;

/** Everything that Molt does otherwise in a stage of a kind. */
export function moltDifferences(kind: TrainedKind, { arm }: DifferingSettings = {}): readonly string[] {
  return kind === "sft" ? [...ALWAYS, ...SFT] : [...ALWAYS, ...PPO, ...(arm === undefined ? [] : ofPpo(arm))];
}

function ofPpo(arm: NonNullable<DifferingSettings["arm"]>): readonly string[] {
  const { critic, klKind, ratioThreshold, valueCoefficient, whitenAdvantages } = arm;
  return [
    critic === "valueHead"
      ? 'the critic is a model of its own that starts as the policy does, where critic is "valueHead"'
      : "the critic starts as the reward model, its head left out",
    ...(klKind === "kl" ? [] : ["the KL penalty is clamped to ±10 a token (models/utils.py:98)"]),
    ...(whitenAdvantages
      ? ["advantages are whitened over the whole rollout batch by its biased variance (advantage.py:117)"]
      : []),
    `minibatches whose policy ratio exceeds ratioThreshold ${ratioThreshold} are learned from all the same`,
    `valueCoefficient ${valueCoefficient} has no effect: the critic has a loss of its own`,
  ];
}
