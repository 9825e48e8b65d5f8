import type { Generation } from "../models/index.ts";
import type { Tokenizer } from "../text/index.ts";

/** What a model said to one prompt. */
export interface ResponseText {
  readonly text: string;
  /** Whether it closed with end-of-text before the length limit. */
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
