import type { Generation, ModelConfig } from "../models/index.ts";
import { DataError } from "../protocol/errors.ts";
import type { Question } from "../protocol/conversation.ts";
import type { DiskList } from "../storage/diskList.ts";
import { ChatTemplateError, type PromptFormat } from "../text/index.ts";

/** A model's response to one prompt. */
export interface ResponseText {
  readonly text: string;
  /** True if it closed with end-of-text before the length limit. */
  readonly ended: boolean;
  /** End-of-text included. */
  readonly nTokens: number;
}

/** Responses as text, in the order of the queries. */
export function responseTexts(generation: Generation, { tokenizer }: PromptFormat): ResponseText[] {
  const { responses, lengths, ended, queries } = generation;
  const R = responses.length / queries.count;
  return Array.from(lengths, (nTokens, row) => ({
    // Marks that end an answer are no part of it, also those that the tokenizer does not call special.
    text: tokenizer.decode([...responses.subarray(row * R, row * R + nTokens - (ended[row] ?? 0))]).trim(),
    ended: ended[row] === 1,
    nTokens,
  }));
}

/** Prompts as token ids, and how much room they and their responses take. */
export interface EncodedPrompts {
  readonly queries: readonly (readonly number[])[];
  /** Tokens of the longest prompt, Q. */
  readonly queryLength: number;
  /** Tokens of the longest response, R: as requested, or fewer where the model's positions end before. */
  readonly responseLength: number;
}

/**
 * Encodes prompts that a model is to respond to.
 *
 * `from` says where the prompts stand, for error messages.
 * @throws {DataError} when the model's chat template refuses a prompt, one is empty, or leaves no room for a response in the model's positions.
 */
export function encodePrompts(
  questions: readonly Question[],
  { config, format }: PromptSettings,
  { maxNewTokens, from }: RoomSettings,
): EncodedPrompts {
  const queries = questions.map((question, index) => encoded(question, index, { format, from }));
  const queryLength = queries.reduce((most, { length }) => Math.max(most, length), 0);
  return { queries, ...roomFor(queryLength, config, { maxNewTokens, from }) };
}

/** A prompt that a policy is asked, and its token ids. */
export interface EncodedPrompt {
  readonly question: Question;
  readonly query: readonly number[];
}

/**
 * Encodes prompts as {@link encodePrompts} does, onto a list.
 * @throws {DataError} as it does, or when a file is full.
 */
export async function listPrompts(
  questions: AsyncIterable<Question>,
  list: DiskList<EncodedPrompt>,
  { config, format, maxNewTokens, from }: PromptSettings & RoomSettings,
): Promise<Omit<EncodedPrompts, "queries"> & { readonly areTexts: boolean }> {
  let queryLength = 0;
  let areTexts = true;
  for await (const question of questions) {
    const query = encoded(question, list.length, { format, from });
    queryLength = Math.max(queryLength, query.length);
    areTexts &&= typeof question === "string";
    await list.add({ question, query });
  }
  return { areTexts, ...roomFor(queryLength, config, { maxNewTokens, from }) };
}

interface PromptSettings {
  readonly config: ModelConfig;
  readonly format: PromptFormat;
}

interface RoomSettings {
  readonly maxNewTokens: number;
  readonly from: string;
}

function roomFor(
  queryLength: number,
  { maxPositions }: ModelConfig,
  { maxNewTokens, from }: RoomSettings,
): Omit<EncodedPrompts, "queries"> {
  if (queryLength < maxPositions) {
    return { queryLength, responseLength: Math.min(maxNewTokens, maxPositions - queryLength) };
  }
  const remedy = `use prompts of fewer than ${maxPositions} tokens, which is as far as the model sees`;
  throw new DataError(`the longest prompt has ${queryLength} tokens`, { file: from, remedy });
}

/** A note for people where long prompts leave responses less room than they were to have; else undefined. */
export function shortenedMessage(
  { queryLength, responseLength }: Pick<EncodedPrompts, "queryLength" | "responseLength">,
  maxNewTokens: number,
): string | undefined {
  if (responseLength >= maxNewTokens) return undefined;
  const room = `the longest prompt takes ${queryLength} of the ${queryLength + responseLength} that the model sees`;
  return `responses have at most ${responseLength} tokens instead of ${maxNewTokens}: ${room}`;
}

function encoded(
  question: Question,
  index: number,
  { format, from }: { readonly format: PromptFormat; readonly from: string },
): readonly number[] {
  try {
    const query = format.encodePrompt(question);
    if (query.length > 0) return query;
    throw new DataError(`prompt ${index + 1} has no tokens`, { file: from, remedy: "remove it, or give it words" });
  } catch (cause) {
    if (!(cause instanceof ChatTemplateError)) throw cause;
    throw new DataError(`prompt ${index + 1}: ${cause.what}`, { file: from, remedy: cause.remedy }, { cause });
  }
}
