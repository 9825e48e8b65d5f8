import { memoryByRole } from "../../common/memory.ts";
import { loraSlice } from "../adapterFolder.ts";
import { alternation } from "../alternation.ts";
import { armWithBeta, hasMovingReference } from "../armSettings.ts";
import { chatSlice } from "../chatChoice.ts";
import { shortensTraining, taskSlice } from "../corpus.ts";
import { belowAdapterBytes, heldAs, readingCost, responseLengths, trainingCost } from "../cost.ts";
import { frozenSlice, saveSlice } from "../modelFolder.ts";
import { trainPpo } from "../ppoTraining.ts";
import type { RlhfInputs, RlhfSlice } from "../rlhfSlice.ts";
import type { Stage } from "../stage.ts";
import { watchSlice } from "../winRatePanel.ts";
import { sftLoss } from "../../training/index.ts";

/**
 * PPO against any reference. With the first SFT as reference it is the paper's PPO (equation 2), with a soup it is
 * SALSA (equation 4), with several models MKL (equation 5).
 *
 * Arms of one base seed, and candidates for β, draw alike: the same fresh value head, prompts in the same order and,
 * with batches and responses of one size, the same uniform number for each token and the same minibatches. So they
 * differ by their settings, less by luck.
 */
export const rlhf: Stage<
  { readonly arm: string; readonly beta: number; readonly seed: number },
  RlhfSlice,
  RlhfInputs
> = {
  kind: "rlhf",
  title: "RLHF",
  makes: "model",
  usesDevice: true,
  batchSetting: ["rlhf", "minibatchSize"],
  revision: 2,
  select: (config, { arm, beta, seed }) => ({
    arm: armWithBeta(config, arm, beta),
    ...watchSlice(config, arm),
    task: taskSlice(config.task),
    validationPrompts: shortensTraining(config) ? config.evaluation.validationPrompts : 0,
    seed,
    ...frozenSlice(config),
    ...loraSlice(config),
    ...chatSlice(config),
    ...saveSlice(config),
  }),
  run: (context, slice, inputs) => trainPpo(context, slice, inputs),
  cost(
    { arm, watch, task, lora: _lora, ...frozen },
    { model, recomputation, precision, stored, files: { data }, counts: { reference = 1 } },
  ) {
    const lengths = responseLengths(task, model, { longestRow: data?.longestRow, maxNewTokens: arm.maxNewTokens });
    const length = lengths.queryLength + lengths.responseLength;
    const shape = { batchSize: arm.minibatchSize, length };
    const perIteration = arm.batchSize * length;
    const isSeparate = arm.critic === "separate";
    const held = heldAs(frozen.frozenWeights, stored);
    const learned = trainingCost({
      model,
      heads: ["language", "value"],
      shape,
      loss: (graph) => sftLoss(graph, model, shape),
      gradientAccumulation: arm.gradientAccumulation,
      recomputation,
      precision,
      tokens: arm.iterations * arm.ppoEpochs * perIteration * (isSeparate ? 2 : 1),
      data,
      ...held,
    });
    // Sampling, the policy's log-probs, the reward, and each reference's log-probs.
    // Of the comparisons with the start, which answers once, sampling and the reward.
    const looks = watch === undefined ? 0 : 1 + Math.ceil(arm.iterations / watch.every);
    const compared = looks * (watch?.prompts ?? 0) * length;
    const tokens = arm.iterations * perIteration * (3 + reference) + 2 * compared;
    const read = readingCost(model, {
      ...{ models: 1 + reference, tokens, areAdapters: model.adapter !== undefined, precision, ...held },
      generated: { batchSize: arm.batchSize, ...lengths },
      scored: { batchSize: arm.minibatchSize, ...lengths },
    });
    // All of them share the weights below their adapters.
    const below = belowAdapterBytes(model, held.frozenWeights, precision);
    const ofCritic = isSeparate ? learned.memoryBytes - learned.arenaBytes - below : 0;
    const ofCriticOnCard = isSeparate ? learned.cardBytes - learned.cardArenaBytes - below : 0;
    const nTrained = isSeparate ? 2 : 1;
    const isMoving = hasMovingReference(arm);
    // One program learns both: it holds what the one has computed, but for its logits, while the other is at work.
    const learning = {
      arenaBytes: nTrained * learned.arenaBytes,
      cardArenaBytes: nTrained * learned.cardArenaBytes,
    };
    const isTogether = arm.klKind === "full" || arm.referenceMix === "logSpace";
    const { resident, most, mostOnCard } = alternation({
      ...{ read, scoring: 1 + reference, others: [learning] },
      atOnce: isTogether ? reference : 1,
    });
    const trained = learned.memoryBytes - learned.arenaBytes + ofCritic;
    const memoryBytes = trained + resident.memoryBytes + most.memoryBytes;
    const ofModel = resident.weightBytes / (1 + reference);
    return {
      parameters: learned.parameters,
      memoryBytes,
      memoryByRole: memoryByRole(memoryBytes, {
        ...{ policy: learned.weightBytes, critic: isSeparate ? learned.weightBytes - below : 0 },
        // Of those that take turns, the ones at the worst moment.
        ...{ reference: reference * ofModel + most.weightBytes, reward: ofModel },
        optimizer: nTrained * learned.optimizerBytes,
        activations: resident.memoryBytes - resident.weightBytes + most.memoryBytes - most.weightBytes,
      }),
      cardBytes:
        learned.cardBytes - learned.cardArenaBytes + ofCriticOnCard + resident.cardBytes + mostOnCard.cardBytes,
      // A reference that moves has no moments.
      savepointBytes: learned.savepointBytes * (nTrained + (isMoving ? 1 / 3 : 0)),
      flops: learned.flops + read.flops,
    };
  },
};
