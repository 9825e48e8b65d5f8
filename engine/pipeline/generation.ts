import type { Generation, ModelConfig } from "../models/index.ts";
import { DataError } from "../protocol/errors.ts";
import { type Tokenizer, encodePrompt } from "../text/index.ts";

/** A model's response to one prompt. */
export interface ResponseText {
  readonly text: string;
  /** True if it closed with end-of-text before the length limit. */
  readonly ended: boolean;
  /** End-of-text included. */
  readonly nTokens: number;
}

/** Responses as text, in the order of the queries. */
export function responseTexts(generation: Generation, tokenizer: Tokenizer): ResponseText[] {
  const { responses, lengths, ended, queries } = generation;
  const R = responses.length / queries.count;
  return Array.from(lengths, (nTokens, row) => ({
    text: tokenizer.decode([...responses.subarray(row * R, row * R + nTokens)]).trim(),
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
 * @throws {DataError} when a prompt is empty, or leaves no room for a response in the model's positions.
 */
export function encodePrompts(
  texts: readonly string[],
  { config, tokenizer }: { readonly config: ModelConfig; readonly tokenizer: Tokenizer },
  { maxNewTokens, from }: { readonly maxNewTokens: number; readonly from: string },
): EncodedPrompts {
  const queries = texts.map((text) => encodePrompt(tokenizer, text));
  const empty = queries.findIndex(({ length }) => length === 0);
  if (empty >= 0) {
    throw new DataError(`prompt ${empty + 1} has no tokens`, { file: from, remedy: "remove it, or give it words" });
  }
  const queryLength = queries.reduce((most, { length }) => Math.max(most, length), 0);
  const { maxPositions } = config;
  if (queryLength >= maxPositions) {
    const remedy = `use prompts of fewer than ${maxPositions} tokens, which is as far as the model sees`;
    throw new DataError(`the longest prompt has ${queryLength} tokens`, { file: from, remedy });
  }
  return { queries, queryLength, responseLength: Math.min(maxNewTokens, maxPositions - queryLength) };
}
