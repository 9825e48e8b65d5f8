import { APART_SAMPLING_MEMORY, cardsOf, trainingCards } from "../trainer/cards.ts";
import {
  type ArmRequest,
  type JobFacts,
  type PpoFacts,
  type SftRequest,
  sharedArmSettings,
  sharedSettings,
} from "../trainer/request.ts";
import type { MoltSettings } from "./flags.ts";
import { SCORES_FILE } from "./scores.ts";

/** Molt counts checkpoints' models apart from what a training resumes from, and keeps all of them at this number. */
const ALL = 0;

/** Settings that both programs have alike. */
function shared(
  facts: JobFacts,
  optimizer: SftRequest | ArmRequest,
  numbers: Parameters<typeof sharedSettings>[2],
): MoltSettings {
  const { schedule, ...rest } = sharedSettings(facts, optimizer, numbers);
  if (schedule === "linear") throw new RangeError("molt: schedule linear was not refused");
  return {
    ...rest,
    schedule,
    lowestRate: 0,
    keptPolicies: ALL,
    gradientCheckpointing: facts.pace.gradientCheckpointing,
    offload: facts.place.offload,
  };
}

/** SFT, as `train_sft` takes it: of conversations alone. */
export function sftSettingsOf(sft: SftRequest, facts: JobFacts & { readonly learnsAllTurns: boolean }): MoltSettings {
  const { chatTemplate, learnsAllTurns, place } = facts;
  const stepSize = sft.batchSize * sft.gradientAccumulation;
  return {
    ...shared(facts, sft, { stepSize, cards: cardsOf(place) }),
    // A number of steps is one pass over as many examples: the data has them.
    epochs: "epochs" in sft.duration ? sft.duration.epochs : 1,
    inputKey: "messages",
    learnsAllTurns,
    ...(chatTemplate !== undefined && { chatTemplate }),
  };
}

/** PPO, as `train_rl_ray` takes it: the reference by its flag, scores by a file of ours. */
export function ppoSettingsOf(arm: ArmRequest, facts: PpoFacts): MoltSettings {
  const { paths, place, reference, reward, areConversations } = facts;
  const stepSize = arm.minibatchSize * arm.gradientAccumulation;
  const cards = trainingCards(place);
  return {
    ...shared(facts, arm, { stepSize, cards }),
    ...sharedArmSettings(arm, facts),
    reference,
    referenceIs: "model",
    critic: arm.critic === "separate" ? reward : paths.model,
    scorer: `${paths.folder}/${SCORES_FILE}`,
    appliesChatTemplate: areConversations,
    whitenAdvantages: arm.whitenAdvantages,
    // Rollouts are sampled from the policy that learns from them.
    waitsForPolicy: true,
    ...{ nodes: 1, cardsPerNode: cards, samplers: 1, tensorParallel: place.tensorParallel },
    samplingMemory: APART_SAMPLING_MEMORY,
  };
}
