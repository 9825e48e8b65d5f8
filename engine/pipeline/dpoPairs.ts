import { type ResponsePair, responseCount } from "../rl/dpoStep.ts";
import type { PromptFormat } from "../text/index.ts";
import type { TokenizedExample } from "../training/index.ts";
import { type PairText, type ResponsePart, promptKey } from "./pairTexts.ts";

/** A pair of responses, and the prompt that they share with others. */
export interface PromptedResponses extends ResponsePair {
  readonly prompt: string;
}

/** Token ids of a pair, cut where the reward model's are. What both of a prompt and its response begin with is the prompt. */
export function encodedPair(
  { prompt, chosen, rejected }: PairText,
  format: PromptFormat,
  maxLength: number,
): PromptedResponses {
  const asked = format.encodePrompt(prompt);
  const example = ({ text, ended }: ResponsePart): TokenizedExample => {
    const tokens = format.encodeResponse(prompt, text, ended).slice(0, maxLength);
    const differs = tokens.findIndex((token, at) => token !== asked[at]);
    // Nothing comes before the first token, which so is never predicted.
    return { tokens, promptLength: Math.max(1, differs < 0 ? tokens.length : differs) };
  };
  return { prompt: promptKey(prompt), chosen: example(chosen), rejected: example(rejected) };
}

/** Pairs with something to learn in both responses. */
export function usable(pairs: readonly PromptedResponses[]): readonly PromptedResponses[] {
  return pairs.filter(({ chosen, rejected }) => responseCount(chosen) > 0 && responseCount(rejected) > 0);
}

/** Tokens of the longest sequence. */
export function longestOf(pairs: readonly ResponsePair[]): number {
  return pairs.reduce((most, { chosen, rejected }) => Math.max(most, chosen.tokens.length, rejected.tokens.length), 2);
}

/** Tokens of both responses of each pair, with their prompts. */
export function tokensOf(pairs: readonly ResponsePair[]): number {
  return pairs.reduce((sum, { chosen, rejected }) => sum + chosen.tokens.length + rejected.tokens.length, 0);
}
