import type { Trainer } from "../../cluster/trainer/trainer.ts";
import { splitPairs } from "../../config/index.ts";
import type { Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { Random } from "../../training/index.ts";
import type { PromptFormat } from "../../text/index.ts";
import { sftTexts, trainPrompts } from "../corpus.ts";
import { type PairSplit, type PairText, pairTexts, promptKey, splitByPrompt } from "../pairTexts.ts";
import { writePairsFile, writePromptsFile, writeSftFile } from "./dataFiles.ts";
import type { TrainedStage } from "./trainedStage.ts";

type Of<K extends TrainedStage["kind"]> = Extract<TrainedStage, { readonly kind: K }>;

/** Records that a stage learns from, before they are ordered: one in memory at a time. */
interface Learned<R> {
  readonly records: AsyncIterable<R>;
  /** Where they come from, for messages. */
  readonly from: string;
}

/** Examples of an SFT. */
interface LearnedExamples extends Learned<SftExample> {
  /** @throws {DataError} when so many are fewer than a step takes. */
  readonly checkCount: (count: number) => void;
}

/** Examples of an SFT. */
export function sftRecords({ slice, inputs }: Of<"sft">, by: Pick<Trainer, "title">): LearnedExamples {
  const { sft, seed, learnedTurns: _turns, chat: _chat, sftSeed: _own, ...source } = slice;
  const from = inputs.data?.path ?? "sft";
  // Steps go over the examples as often as they take.
  const stepSize = "steps" in sft.duration ? 0 : sft.batchSize * sft.gradientAccumulation;
  const records = sftTexts({ ...source, file: inputs.data?.path }, seed);
  return { records, from, checkCount: (count) => checkEnough(count, stepSize, { from, by }) };
}

/** Pairs of a reward model, those that are kept back among them. */
interface LearnedPairs extends Learned<PairText> {
  /** The split that this engine makes, once all have been read. @throws {DataError} when too few are left to learn from. */
  readonly split: () => PairSplit;
}

/** Pairs of a reward model. */
export function pairRecords(
  { slice: { reward, seed }, inputs: { pairs: made, data } }: Of<"reward">,
  by: Pick<Trainer, "title">,
): LearnedPairs {
  const from = data?.path ?? "pairs";
  const stepSize = reward.batchSize * reward.gradientAccumulation;
  const prompts: bigint[] = [];
  async function* records(): AsyncGenerator<PairText, undefined> {
    for await (const pair of pairTexts({ made, data, count: reward.pairs })) {
      prompts.push(promptKey(pair.prompt));
      yield pair;
    }
  }
  const split = (): PairSplit => {
    const kept = splitPairs(prompts.length, reward.heldOut).heldOut;
    const parts = splitByPrompt(prompts, kept, Random.of(seed, "reward", "split"));
    checkEnough(parts.learned.length, stepSize, { from, by });
    return parts;
  };
  return { records: records(), from, split };
}

/** Prompts of PPO. */
export function promptRecords({ slice, inputs: { data } }: Of<"rlhf">): Learned<Question> {
  const { task, validationPrompts, seed } = slice;
  const records = trainPrompts({ task, file: data?.path, validationPrompts }, seed);
  return { records, from: data?.path ?? "train" };
}

/**
 * Looks at a stage's records as its job would be given them, where they are there before the run begins.
 * Its models may be yet to be made: the format is that of the base model, and so of all that are made of it.
 *
 * @throws {DataError} naming the first that it does not take, or that there are too few.
 */
export async function checkRecords(
  stage: TrainedStage,
  how: { readonly format: PromptFormat; readonly trainer: Pick<Trainer, "title" | "data"> },
): Promise<void> {
  const { format, trainer: by } = how;
  if (stage.kind === "sft") {
    const { checkCount, ...learned } = sftRecords(stage, by);
    checkCount((await writeSftFile(undefined, { ...learned, format, by })).count);
  } else if (stage.kind === "rlhf") {
    await writePromptsFile(undefined, { ...promptRecords(stage), format, by });
  } else if (stage.inputs.pairs === undefined) {
    const { split, records, from } = pairRecords(stage, by);
    await writePairsFile(undefined, { records, from, format, by });
    split();
  }
}

function checkEnough(
  count: number,
  stepSize: number,
  { from: file, by }: { readonly from: string; readonly by: Pick<Trainer, "title"> },
): void {
  if (count >= stepSize) return;
  const remedy = `give at least ${stepSize}, or lower batchSize or gradientAccumulation`;
  throw new DataError(`${count} examples are fewer than one step of ${by.title} takes, ${stepSize}`, { file, remedy });
}
