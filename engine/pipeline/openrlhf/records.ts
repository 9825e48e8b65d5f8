import { splitPairs } from "../../config/index.ts";
import type { Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { Random } from "../../training/index.ts";
import type { PromptFormat } from "../../text/index.ts";
import { sftTexts, trainPrompts } from "../corpus.ts";
import { type PairText, pairTexts, promptKey, splitByPrompt } from "../pairTexts.ts";
import { writePairsFile, writePromptsFile, writeSftFile } from "./dataFiles.ts";
import type { OpenRlhfStage } from "./trainedStage.ts";

type Of<K extends OpenRlhfStage["kind"]> = Extract<OpenRlhfStage, { readonly kind: K }>;

/** Records that a stage learns from, before they are ordered. */
interface Learned<R> {
  readonly records: readonly R[];
  /** Where they come from, for messages. */
  readonly from: string;
}

/** Examples of an SFT. @throws {DataError} when there are fewer than a step takes. */
export async function sftRecords({ slice, inputs }: Of<"sft">): Promise<Learned<SftExample>> {
  const { sft, seed, learnedTurns: _turns, chat: _chat, sftSeed: _own, ...source } = slice;
  const from = inputs.data?.path ?? "sft";
  const records = await Array.fromAsync(sftTexts({ ...source, file: inputs.data?.path }, seed));
  // Steps go over the examples as often as they take.
  if (!("steps" in sft.duration)) checkEnough(records.length, sft.batchSize * sft.gradientAccumulation, from);
  return { records, from };
}

/** Pairs of a reward model, and those that are kept back: the same that this engine would. @throws {DataError} */
export async function pairRecords({
  slice: { reward, seed },
  inputs: { pairs: made, data },
}: Of<"reward">): Promise<Learned<PairText> & { readonly heldOut: readonly PairText[] }> {
  const from = data?.path ?? "pairs";
  const pairs = await Array.fromAsync(pairTexts({ made, data, count: reward.pairs }));
  const kept = splitPairs(pairs.length, reward.heldOut).heldOut;
  const prompts = pairs.map(({ prompt }) => promptKey(prompt));
  const { heldOut, learned } = splitByPrompt(prompts, kept, Random.of(seed, "reward", "split"));
  checkEnough(learned.length, reward.batchSize * reward.gradientAccumulation, from);
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
 *
 * @param stage - Whose models may be yet to be made.
 * @param format - How the base model is put to them, and so all that are made of it.
 * @throws {DataError} naming the first that OpenRLHF does not take, or that there are too few.
 */
export async function checkRecords(stage: OpenRlhfStage, format: PromptFormat): Promise<void> {
  if (stage.kind === "sft") {
    await writeSftFile(undefined, { ...(await sftRecords(stage)), format });
  } else if (stage.kind === "rlhf") {
    await writePromptsFile(undefined, { ...(await promptRecords(stage)), format });
  } else if (stage.inputs.pairs === undefined) {
    const { heldOut, ...learned } = await pairRecords(stage);
    await writePairsFile(undefined, { ...learned, records: [...learned.records, ...heldOut], format });
  }
}

function checkEnough(count: number, stepSize: number, file: string): void {
  if (count >= stepSize) return;
  const remedy = `give at least ${stepSize}, or lower batchSize or gradientAccumulation`;
  throw new DataError(`${count} examples are fewer than one step of OpenRLHF takes, ${stepSize}`, { file, remedy });
}
