import {
  type ArmRequest,
  type JobFacts,
  type PpoFacts,
  type RewardRequest,
  type SftRequest,
  sharedArmSettings,
  sharedSettings,
} from "../trainer/request.ts";
import { cardsOf } from "../trainer/cards.ts";
import type { OpenRlhfSettings } from "./flags.ts";

/** Settings that every program has alike. */
function shared(
  facts: JobFacts,
  optimizer: SftRequest | RewardRequest | ArmRequest,
  stepSize: number,
): OpenRlhfSettings {
  const { place, trainer, pace, areConversations } = facts;
  return {
    ...sharedSettings(facts, optimizer, { stepSize, cards: cardsOf(place) }),
    appliesChatTemplate: areConversations,
    gradientCheckpointing: pace.gradientCheckpointing,
    zeroStage: 3,
    offload: place.offload,
    packs: trainer.attention.includes("flash_attention"),
  };
}

/** SFT, as `train_sft` takes it. */
export function sftSettingsOf(
  sft: SftRequest,
  facts: JobFacts & { readonly learnsAllTurns: boolean },
): OpenRlhfSettings {
  const { areConversations, chatTemplate } = facts;
  return {
    ...shared(facts, sft, sft.batchSize * sft.gradientAccumulation),
    // A number of steps is one pass over as many examples: the data has them.
    epochs: "epochs" in sft.duration ? sft.duration.epochs : 1,
    ...(areConversations
      ? {
          inputKey: "messages",
          learnsAllTurns: facts.learnsAllTurns,
          ...(chatTemplate !== undefined && { chatTemplate }),
        }
      : { inputKey: "prompt", outputKey: "response", inputTemplate: "" }),
  };
}

/** A reward model, as `train_rm` takes it. */
export function rewardSettingsOf(
  reward: RewardRequest,
  facts: JobFacts & { readonly heldOutData?: string | undefined },
): OpenRlhfSettings {
  const { areConversations, chatTemplate, heldOutData } = facts;
  return {
    ...shared(facts, reward, reward.batchSize * reward.gradientAccumulation),
    epochs: reward.epochs,
    margin: reward.margin,
    lossInF32: true,
    ...(heldOutData !== undefined && { heldOutData }),
    ...(areConversations && chatTemplate !== undefined && { chatTemplate }),
  };
}

/** PPO, as `train_ppo_ray` takes it; the reference has no flag, and goes in by the wrapper. */
export function ppoSettingsOf(arm: ArmRequest, facts: PpoFacts): OpenRlhfSettings {
  const { place, trainer, reward } = facts;
  return {
    ...shared(facts, arm, arm.minibatchSize * arm.gradientAccumulation),
    ...sharedArmSettings(arm, facts),
    reward,
    saveCritic: trainer.saveCritic,
    ...{ nodes: place.nodes, cardsPerNode: place.cardsPerNode, tensorParallel: place.tensorParallel },
    sleeps: true,
    samplers: cardsOf(place) / place.tensorParallel,
    samplingMemory: trainer.samplingMemory,
  };
}
