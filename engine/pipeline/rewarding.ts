import type { RunConfig } from "../config/index.ts";
import type { Generation } from "../models/index.ts";
import { type Question, questionText } from "../protocol/conversation.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { tokenizerDifference } from "../storage/tokenizerJson.ts";
import { PromptFormat } from "../text/index.ts";
import { taskOf, taskTokenizer } from "./corpus.ts";
import { responseTexts } from "./generation.ts";
import { chatChoice, loadFormat } from "./chatChoice.ts";
import { type FrozenModel, loadConfig } from "./modelFolder.ts";

/** A reward model's shape, and how a policy's answers are put to it: given the numbers of their questions, or these themselves. */
export interface Rewarding<Asked = number> extends Pick<FrozenModel, "config"> {
  /**
   * Token ids of answers as the reward model reads them, given each one's question; absent where it reads the policy's
   * own ids.
   */
  readonly sequencesOf?: (questions: readonly Asked[], generation: Generation) => readonly (readonly number[])[];
}

/** The policy that is rewarded. */
export interface Rewarded {
  readonly format: PromptFormat;
  readonly questions: readonly Question[];
}

/**
 * How a policy's answers are put to a reward model: as the policy's own ids where both tokenize and render alike, else
 * as a conversation in text, rendered by the reward model's chat template and tokenized by its tokenizer. Without a
 * template, prompt and answer are one text.
 *
 * @throws {CheckpointError} when it has another tokenizer and no template, and the policy is asked in turns.
 */
export function rewardingOf(reward: Omit<FrozenModel, "weights">, { format, questions }: Rewarded): Rewarding {
  const areTexts = questions.every((one) => typeof one === "string");
  const { sequencesOf, ...model } = rewardingByQuestion(reward, { format, areTexts });
  if (sequencesOf === undefined) return model;
  return {
    ...model,
    sequencesOf: (numbers, generation) =>
      sequencesOf(
        numbers.map((number) => questions[number] ?? ""),
        generation,
      ),
  };
}

/** The same for answers whose questions come with them. */
export function rewardingByQuestion(
  reward: Omit<FrozenModel, "weights">,
  { format, areTexts }: Pick<Rewarded, "format"> & { readonly areTexts: boolean },
): Rewarding<Question> {
  const { config } = reward;
  const { pad } = config.specialTokens;
  if (readDifference(format, reward.format) === undefined) {
    if (pad === undefined || !format.ends.includes(pad)) return { config };
    return { config, sequencesOf: (_, generation) => ownIds(generation).map((ids) => scoredPart(ids, pad)) };
  }
  if (reward.format.source === undefined && (format.makesTurns || !areTexts))
    throw withoutTemplate(reward.carried.folder);
  const sequencesOf: Rewarding<Question>["sequencesOf"] = (questions, generation) => {
    const continued = continuations(generation, format);
    return responseTexts(generation, format).map(({ text, ended }, row) => {
      const question = questions[row] ?? "";
      const ids = idsOf(reward.format, { question, text, continued: continued[row] ?? text, ended });
      return scoredPart(ids, pad).slice(0, config.maxPositions);
    });
  };
  return { config, sequencesOf };
}

/** An answer in words. */
interface Answer {
  readonly question: Question;
  readonly text: string;
  /** The answer with the white space that joins it to its prompt. */
  readonly continued: string;
  readonly ended: boolean;
}

function idsOf(format: PromptFormat, { question, text, continued, ended }: Answer): readonly number[] {
  const conversation = format.encodeConversation(question, text);
  if (conversation !== undefined) return conversation;
  const ids = format.tokenizer.encodeStart(questionText(question) + continued);
  return ended ? [...ids, format.tokenizer.eos] : ids;
}

/**
 * Answers as they continue their prompts: decoded by themselves, they would lose the space before their first word. Marks
 * within them are shown, for they are what the policy has said.
 */
function continuations({ queries, responses, lengths, ended }: Generation, { tokenizer }: PromptFormat): string[] {
  const R = responses.length / queries.count;
  const Q = queries.queryLength;
  return Array.from(lengths, (length, row) => {
    const query = [...queries.tokens.subarray(row * Q + (queries.starts[row] ?? 0), (row + 1) * Q)];
    const response = [...responses.subarray(row * R, row * R + length - (ended[row] ?? 0))];
    const [before, all] = [tokenizer.decodeAll(query), tokenizer.decodeAll([...query, ...response])];
    return all.startsWith(before) ? all.slice(before.length) : tokenizer.decodeAll(response);
  });
}

/** Prompts and answers as the policy has written them, without padding. */
function ownIds({ queries, responses, lengths }: Generation): number[][] {
  const R = responses.length / queries.count;
  const Q = queries.queryLength;
  return Array.from(lengths, (length, row) => [
    ...queries.tokens.subarray(row * Q + (queries.starts[row] ?? 0), (row + 1) * Q),
    ...responses.subarray(row * R, row * R + length),
  ]);
}

/**
 * Up to the last token that is no padding: transformers reads the score there, also where padding ends a turn. What a
 * reward model learns is read there, too, so that its folder gives the same scores elsewhere.
 */
export function scoredPart(ids: readonly number[], pad: number | undefined): readonly number[] {
  const last = ids.findLastIndex((id) => id !== pad);
  return ids.slice(0, Math.max(last, 0) + 1);
}

/**
 * The reason why a reward model reads answers otherwise than the policy writes them; undefined where the ids are the same.
 * One without a template of its own takes the policy's.
 */
export function readDifference(policy: PromptFormat, reward: PromptFormat): string | undefined {
  const [ours, theirs] = [policy.tokenizer, reward.tokenizer];
  const at = tokenizerDifference(ours.files.tokenizer, theirs.files.tokenizer);
  if (at !== undefined) return `its tokenizer.json differs at ${at}`;
  if (ours.bos !== theirs.bos || ours.eos !== theirs.eos) return "it begins or ends texts with other tokens";
  if (ours.encodeStart("").join() !== theirs.encodeStart("").join()) return "its tokenizer puts other tokens in front";
  if (reward.source === undefined || reward.source.text === policy.source?.text) return undefined;
  return policy.source === undefined ? "it has a chat template" : "its chat template is another";
}

function withoutTemplate(folder: string): CheckpointError {
  const remedy = "put its template beside it, as chat_template.jinja, or take a reward model of the policy's tokenizer";
  const what = "has another tokenizer than the policy, and no chat template to put conversations to it";
  return new CheckpointError(what, { file: folder, remedy });
}

/**
 * Looks at the reward model that a config brings, before anything is trained.
 *
 * @returns How answers are put to it, in a sentence for people; undefined where the run trains its own.
 * @throws {CheckpointError} when it is none, or cannot read the answers.
 * @throws {ModelConfigError} when the engine cannot run it.
 */
export async function describeReward(config: RunConfig): Promise<string | undefined> {
  const { checkpoint } = config.reward;
  if (checkpoint === undefined) return undefined;
  await loadConfig(checkpoint, ["score"]);
  const format = await loadFormat(checkpoint, chatChoice(config, "own"));
  const policy = await policyFormat(config);
  const difference = readDifference(policy, format);
  if (difference === undefined) return `rewards: ${checkpoint} reads the tokens of the answers themselves`;
  if (format.source === undefined && policy.makesTurns) throw withoutTemplate(checkpoint);
  const separate = Object.entries(config.arms).find(([, arm]) => arm.critic === "separate");
  if (separate !== undefined) {
    const what = `the critic of arm ${separate[0]} would start as it, and it reads other tokens than the policy: ${difference}`;
    throw new CheckpointError(what, { file: checkpoint, remedy: 'use "critic": "valueHead" or another reward model' });
  }
  const how = format.source === undefined ? "as one text" : `as a conversation, by ${format.source.where}`;
  return `rewards: answers are put to ${checkpoint} ${how}, in its own tokens: ${difference}`;
}

async function policyFormat(config: RunConfig): Promise<PromptFormat> {
  if ("checkpoint" in config.model) return loadFormat(config.model.checkpoint, chatChoice(config));
  const language = taskOf(config.task)?.language;
  if (language === undefined) throw new TypeError("reward: a new base model needs a task with a language of its own");
  return new PromptFormat(taskTokenizer(language));
}
