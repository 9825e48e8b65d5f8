import { join } from "node:path";
import type { Graph } from "../../compute/graph/tensor.ts";
import { type DeviceWeights, type ModelConfig, RewardScorer, handOver, withHeads } from "../../models/index.ts";
import { type RewardConfig, type RunConfig, type TaskConfig, splitPairs } from "../../config/index.ts";
import { rewardAccuracy, rewardLoss } from "../../rl/rewardLoss.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { DiskList } from "../../storage/diskList.ts";
import type { Question } from "../../protocol/conversation.ts";
import type { PromptFormat } from "../../text/index.ts";
import {
  type LossNodes,
  type PreferencePair,
  Random,
  pairBatches,
  rewardModelLoss,
  rewardModelStep,
} from "../../training/index.ts";
import type { BaseInput } from "../adapterFolder.ts";
import { heldAs, sequenceLength, trainingCost } from "../cost.ts";
import { type ChatSlice, type TemplateInput, chatSlice } from "../chatChoice.ts";
import { taskSlice } from "../corpus.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type SaveSlice, saveSlice } from "../modelFolder.ts";
import {
  type PairSource,
  type PairSplit,
  type ResponsePart,
  pairTexts,
  promptKey,
  splitByPrompt,
} from "../pairTexts.ts";
import type { Artifact, DataFile, Stage, StageContext } from "../stage.ts";
import { scoredPart } from "../rewarding.ts";
import { SEED_STRIDE } from "./sft.ts";
import { type AdapterSlice, adapterSlice, loadTrainable, saveTrained } from "../trainable.ts";
import { stepChoices, train } from "../training.ts";

/** Names the file with a reward model's held-out accuracy. */
const REWARD_FACTS_FILE = "reward.json";

/**
 * The reward model: an SFT with a scalar head on the last token, trained on pairs.
 *
 * SALSA, section 3.1 and equation 1.
 */
export const rewardModel: Stage<
  { readonly seed: number; readonly rewardSeed?: number },
  RewardSlice & { readonly rewardSeed?: number },
  TemplateInput &
    BaseInput & {
      readonly init: Artifact;
      /** Pairs made by a stage; absent when the config brings a file. */
      readonly pairs: Artifact | undefined;
      readonly data: DataFile | undefined;
    }
> = {
  kind: "reward",
  title: "Reward model",
  makes: "model",
  usesDevice: true,
  batchSetting: ["reward", "batchSize"],
  revision: 5,
  select: (config, { seed, rewardSeed }) => ({
    ...rewardSlice(config, seed),
    // Of several: they differ in the order of their pairs, and in nothing else.
    ...(rewardSeed !== undefined && { rewardSeed }),
  }),
  async run(
    context,
    { reward, seed, rewardSeed, chat, saveAs, task: _task, ...adapters },
    { init, pairs: made, data, template, base },
  ) {
    const { backend } = context;
    const random = Random.of(seed, "reward", "adapter");
    const start = await loadTrainable(init.folder, { ...adapters, random, chat, template, base });
    const { config: model, format } = start;
    const list = new DiskList<PreferencePair>(join(context.workspace, PAIR_LIST));
    try {
      const source = { made, data, count: reward.pairs };
      const { heldOut, learned, length } = await listPairs(list, source, { format, model, reward, seed });
      const shape = { batchSize: reward.batchSize, length };
      const perStep = reward.batchSize * reward.gradientAccumulation;
      const totalSteps = Math.max(1, reward.epochs * Math.ceil(learned.length / perStep));
      const trained = withHeads(start.trained, model, Random.of(seed, "reward", "head"), ["score"]);
      await train(context, {
        weights: handOver(trained),
        frozen: handOver(start.frozen),
        step: rewardModelStep(backend, model, {
          ...shape,
          ...stepChoices(context, reward),
          loss: (chosen, rejected, margin) =>
            rewardLoss(chosen, rejected, { centering: reward.centering, ...(reward.margin ? { margin } : {}) }),
        }),
        optimizer: reward,
        totalSteps,
        data: { count: learned.length, seed: rewardSeed === undefined ? seed : seed * SEED_STRIDE + rewardSeed },
        batch: async (indices) => {
          const pairs = await list.pick(indices.map((index) => learned[index]!));
          const tokens = pairs.reduce((sum, { chosen, rejected }) => sum + chosen.length + rejected.length, 0);
          return { inputs: pairBatches(pairs, shape), tokens };
        },
        metrics: "reward",
        finish: async ({ device, weights }) => {
          const scorer = { model, device, length };
          const accuracy = await measureAccuracy(context, scorer, { list, heldOut, step: totalSteps });
          const how = { base: base?.folder, head: "score" as const, ...(saveAs && { saveAs }) };
          await saveTrained(context.folder, start, weights, how);
          const facts = { heldOutAccuracy: accuracy, heldOutPairs: heldOut.length, trainedOn: learned.length };
          await writeRewardFacts(context.folder, facts);
        },
      });
    } finally {
      await list.release();
    }
  },
  cost({ reward, task, frozenWeights }, { model, recomputation, precision, stored, files: { data } }) {
    const { batchSize, gradientAccumulation, epochs, maxLength } = reward;
    const length = sequenceLength(task, { maxLength, longestRow: data?.longestRow });
    const pairs = Math.min(reward.pairs ?? Infinity, data?.rows ?? Infinity);
    const learned = splitPairs(Number.isFinite(pairs) ? pairs : 0, reward.heldOut).train;
    const shape = { batchSize, length };
    const loss = (graph: Graph): LossNodes =>
      rewardModelLoss(graph, model, {
        ...shape,
        loss: (chosen, rejected) => rewardLoss(chosen, rejected, { centering: 0 }),
      });
    return trainingCost({
      model,
      heads: ["score"],
      shape,
      loss,
      gradientAccumulation,
      recomputation,
      precision,
      tokens: 2 * epochs * learned * length,
      data,
      ...heldAs(frozenWeights, stored),
    });
  },
};

/** How a reward model did on pairs that it was not trained on. */
export interface RewardFacts {
  /** Null without any. */
  readonly heldOutAccuracy: number | null;
  readonly heldOutPairs: number;
  readonly trainedOn: number;
}

/** Writes them beside the checkpoint. */
export async function writeRewardFacts(folder: string, facts: RewardFacts): Promise<void> {
  await atomicWrite(join(folder, REWARD_FACTS_FILE), `${JSON.stringify(facts, undefined, 2)}\n`);
}

export interface RewardSlice extends ChatSlice, SaveSlice, AdapterSlice {
  readonly reward: RewardTraining;
  readonly task: TaskConfig | undefined;
  readonly seed: number;
}

/** Settings of the training itself; the model that it starts from is an input. */
type RewardTraining = Omit<RewardConfig, "init" | "checkpoint" | "seeds">;

/** Everything that a reward model depends on, beside its inputs. */
export function rewardSlice(config: RunConfig, seed: number): RewardSlice {
  const { init: _init, checkpoint: _checkpoint, seeds: _seeds, ...reward } = config.reward;
  return {
    reward,
    task: taskSlice(config.task),
    ...chatSlice(config),
    ...saveSlice(config),
    ...adapterSlice(config),
    seed,
  };
}

/** Name of the file of encoded pairs in a stage's working folder. */
export const PAIR_LIST = "pairs";

/** Choices by which pairs are encoded and split: the same for every reward model of a base seed. */
interface PairEncoding extends Pick<RewardSlice, "reward" | "seed"> {
  readonly format: PromptFormat;
  readonly model: Pick<ModelConfig, "maxPositions" | "specialTokens">;
}

/**
 * Puts pairs onto a list as token sequences, closed by end-of-text where the response was, up to the token that is scored.
 * @returns Numbers of those that are learned from and of those that are not, and the tokens of the longest sequence.
 */
export async function listPairs(
  list: DiskList<PreferencePair>,
  source: PairSource,
  { format, model, reward, seed }: PairEncoding,
): Promise<PairSplit & { readonly length: number }> {
  const maxLength = Math.min(reward.maxLength, model.maxPositions);
  const sequence = (prompt: Question, { text, ended }: ResponsePart): readonly number[] =>
    scoredPart(format.encodeResponse(prompt, text, ended).slice(0, maxLength), model.specialTokens.pad);
  const prompts: bigint[] = [];
  let length = 0;
  for await (const { prompt, chosen: better, rejected: worse, margin } of pairTexts(source)) {
    const [chosen, rejected] = [sequence(prompt, better), sequence(prompt, worse)];
    length = Math.max(length, chosen.length, rejected.length);
    prompts.push(promptKey(prompt));
    await list.add({ chosen, rejected, ...(margin !== undefined && { margin }) });
  }
  await assertUnchanged(source.data);
  const nHeldOut = splitPairs(prompts.length, reward.heldOut).heldOut;
  return { ...splitByPrompt(prompts, nHeldOut, Random.of(seed, "reward", "split")), length };
}

/** A reward model on the device, and its longest sequence in tokens. */
interface Trunk {
  readonly model: ModelConfig;
  readonly device: DeviceWeights;
  readonly length: number;
}

/** Pairs that a reward model is measured on, after a step. */
interface HeldOutPairs {
  readonly list: DiskList<PreferencePair>;
  /** Their numbers. */
  readonly heldOut: readonly number[];
  readonly step: number;
}

/** Share of held-out pairs that the model orders as labelled; null without any. */
export async function measureAccuracy(
  { backend, report }: StageContext,
  { model, device, length }: Trunk,
  { list, heldOut, step }: HeldOutPairs,
): Promise<number | null> {
  if (heldOut.length === 0) return null;
  const batchSize = Math.min(SCORED_AT_ONCE, heldOut.length);
  const scorer = new RewardScorer(backend, model, { batchSize, length });
  const [chosen, rejected] = [new Float64Array(heldOut.length), new Float64Array(heldOut.length)];
  try {
    for (let from = 0; from < heldOut.length; from += batchSize) {
      const pairs = await list.pick(heldOut.slice(from, from + batchSize));
      const scores = (side: "chosen" | "rejected"): Promise<ArrayLike<number>> =>
        scorer.score(
          device,
          pairs.map((pair) => pair[side]),
        );
      chosen.set(await scores("chosen"), from);
      rejected.set(await scores("rejected"), from);
    }
    const accuracy = rewardAccuracy(chosen, rejected);
    report({ kind: "metrics", step, values: { "reward/heldOutAccuracy": accuracy } });
    return accuracy;
  } finally {
    scorer.release();
  }
}

/** Sequences scored side by side. */
const SCORED_AT_ONCE = 128;
