import type { Trainer } from "../../cluster/trainer/trainer.ts";
import { splitPairs } from "../../config/index.ts";
import type { Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { Random } from "../../training/index.ts";
import type { PromptFormat } from "../../text/index.ts";
import { sftTexts, trainPrompts } from "../corpus.ts";
import { type PairText, pairTexts, promptKey, splitByPrompt } from "../pairTexts.ts";
import { writePairsFile, writePromptsFile, writeSftFile } from "./dataFiles.ts";
import type { TrainedStage } from "./trainedStage.ts";

type Of<K extends TrainedStage["kind"]> = Extract<TrainedStage, { readonly kind: K }>;

/** Records that a stage learns from, before they are ordered. */
interface Learned<R> {
  readonly records: readonly R[];
  /** Where they come from, for messages. */
  readonly from: string;
}

/** Examples of an SFT. @throws {DataError} when there are fewer than a step takes. */
export async function sftRecords(
  { slice, inputs }: Of<"sft">,
  by: Pick<Trainer, "title">,
): Promise<Learned<SftExample>> {
  const { sft, seed, learnedTurns: _turns, chat: _chat, sftSeed: _own, ...source } = slice;
  const from = inputs.data?.path ?? "sft";
  const records = await Array.fromAsync(sftTexts({ ...source, file: inputs.data?.path }, seed));
  // Steps go over the examples as often as they take.
  if (!("steps" in sft.duration)) checkEnough(records.length, sft.batchSize * sft.gradientAccumulation, { from, by });
  return { records, from };
}

/** Pairs of a reward model, and those that are kept back: the same that this engine would. @throws {DataError} */
export async function pairRecords(
  { slice: { reward, seed }, inputs: { pairs: made, data } }: Of<"reward">,
  by: Pick<Trainer, "title">,
): Promise<Learned<PairText> & { readonly heldOut: readonly PairText[] }> {
  const from = data?.path ?? "pairs";
  const pairs = await Array.fromAsync(pairTexts({ made, data, count: reward.pairs }));
  const kept = splitPairs(pairs.length, reward.heldOut).heldOut;
  const prompts = pairs.map(({ prompt }) => promptKey(prompt));
  const { heldOut, learned } = splitByPrompt(prompts, kept, Random.of(seed, "reward", "split"));
  checkEnough(learned.length, reward.batchSize * reward.gradientAccumulation, { from, by });
  const of = (numbers: readonly number[]): readonly PairText[] => numbers.map((number) => pairs[number]!);
  return { records: of(learned), heldOut: of(heldOut), from };
}

/** Prompts of PPO. */
export async function promptRecords({ slice, inputs: { data } }: Of<"rlhf">): Promise<Learned<Question>> {
  const { task, validationPrompts, seed } = slice;
  const records = await Array.fromAsync(trainPrompts({ task, file: data?.path, validationPrompts }, seed));
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
    await writeSftFile(undefined, { ...(await sftRecords(stage, by)), format, by });
  } else if (stage.kind === "rlhf") {
    await writePromptsFile(undefined, { ...(await promptRecords(stage)), format, by });
  } else if (stage.inputs.pairs === undefined) {
    const { heldOut, ...learned } = await pairRecords(stage, by);
    await writePairsFile(undefined, { ...learned, records: [...learned.records, ...heldOut], format, by });
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
