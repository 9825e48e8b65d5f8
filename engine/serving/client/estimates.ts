import type { ModelReply, ModelRequest } from "../../protocol/modelCalls.ts";

/** Characters a token stands for, to estimate one; English takes some 4. */
const CHARACTERS_PER_TOKEN = 4;

/** Milliseconds that a server asks to wait: seconds, a date, or OpenAI's own milliseconds. */
export function askedWait(headers: Readonly<Record<string, unknown>>, now: number): number | undefined {
  const exact = Number(headers["retry-after-ms"] ?? NaN);
  if (exact >= 0 && Number.isFinite(exact)) return exact;
  const text = headers["retry-after"];
  if (typeof text !== "string" || text.trim() === "") return undefined;
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Tokens of a request and its longest reply, roughly. */
export function estimatedTokens({ prompt, maxTokens }: ModelRequest): number {
  return estimatedPromptTokens(prompt) + maxTokens;
}

/** Tokens of a prompt, roughly: no tokenizer of the server's is at hand. */
export function estimatedPromptTokens(prompt: ModelRequest["prompt"]): number {
  const texts = typeof prompt === "string" ? [prompt] : prompt.map(({ content }) => content);
  return Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / CHARACTERS_PER_TOKEN) + 4 * texts.length;
}

/** Tokens of a reply and its prompt; undefined where the server does not count. */
export function tokensOf({ promptTokens, completionTokens }: ModelReply): number | undefined {
  return promptTokens === undefined ? undefined : promptTokens + (completionTokens ?? 0);
}
