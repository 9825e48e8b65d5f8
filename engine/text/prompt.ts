import type { Tokenizer } from "./tokenizer.ts";

/** How a prompt is put to the model: text with the placeholder `{prompt}`. */
export interface PromptTemplate {
  readonly prompt: string;
}

/** The prompt as it is. */
const PLAIN_TEMPLATE: PromptTemplate = { prompt: "{prompt}" };

const PLACEHOLDER = "{prompt}";

/** Text that the model is to continue. */
export function renderPrompt(prompt: string, template: PromptTemplate = PLAIN_TEMPLATE): string {
  // A replacer function, because "$&" in a prompt must stay what it is.
  return template.prompt.replace(PLACEHOLDER, () => prompt);
}

/** Token ids of a rendered prompt, with what the tokenizer puts in front of a sequence. */
export function encodePrompt(
  tokenizer: Tokenizer,
  prompt: string,
  template: PromptTemplate = PLAIN_TEMPLATE,
): number[] {
  return tokenizer.encodeStart(renderPrompt(prompt, template));
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
  template: PromptTemplate = PLAIN_TEMPLATE,
): { readonly tokens: readonly number[]; readonly promptLength: number } {
  const promptTokens = encodePrompt(tokenizer, prompt, template);
  return {
    tokens: [...promptTokens, ...tokenizer.encode(response), tokenizer.eos],
    promptLength: promptTokens.length,
  };
}
