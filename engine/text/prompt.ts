import type { Tokenizer } from "./tokenizer.ts";

/** Token ids of a prompt, with the tokenizer's prefix of a sequence. */
export function encodePrompt(tokenizer: Tokenizer, prompt: string): number[] {
  return tokenizer.encodeStart(prompt);
}

/**
 * Token ids of a prompt and its response, closed by end-of-text.
 *
 * Both are encoded by themselves, so that the model learns on the very prompt tokens it is later given to continue.
 *
 * @returns `tokens`, of which the first `promptLength` carry no loss.
 */
export function encodeExample(
  tokenizer: Tokenizer,
  { prompt, response }: { readonly prompt: string; readonly response: string },
): { readonly tokens: readonly number[]; readonly promptLength: number } {
  const promptTokens = encodePrompt(tokenizer, prompt);
  return {
    tokens: [...promptTokens, ...tokenizer.encode(response), tokenizer.eos],
    promptLength: promptTokens.length,
  };
}
