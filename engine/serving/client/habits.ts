import type { ModelRequest } from "../../protocol/modelCalls.ts";
import type { ServerComplaint } from "./reply.ts";

/** Of a request that some servers do not take: left out once one has said so. */
const OPTIONAL = ["temperature", "top_p", "seed", "stop", "stream_options"] as const;
/** Most that is learned about one model. */
export const MOST_LEARNED = OPTIONAL.length + 1;

/** Habits of a server that were learned, for one model. */
export interface Habits {
  longest: "max_tokens" | "max_completion_tokens";
  readonly omitted: Set<string>;
}

/** Those that are assumed at first: every server but OpenAI's newest models takes them. */
export function firstHabits(): Habits {
  return { longest: "max_tokens", omitted: new Set() };
}

/** The body of a request, with every field of sampling: servers fill in others from the model's own settings. */
export function bodyOf(
  model: string,
  request: ModelRequest,
  { longest, omitted }: Habits,
  isStreaming: boolean,
): Record<string, unknown> {
  const { prompt, temperature, topP = 1, maxTokens, seed, stop } = request;
  const all: Record<string, unknown> = {
    model,
    ...(typeof prompt === "string" ? { prompt } : { messages: prompt.map(({ role, content }) => ({ role, content })) }),
    temperature,
    // Servers fill in what is left out from the model's own generation settings.
    top_p: topP,
    n: 1,
    // `/completions` has only this word.
    [typeof prompt === "string" ? "max_tokens" : longest]: maxTokens,
    ...(seed !== undefined && { seed }),
    ...(stop !== undefined && { stop }),
    stream: isStreaming,
    ...(isStreaming && { stream_options: { include_usage: true } }),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !omitted.has(name)));
}

/** Takes what a complaint asks for. @returns False if it asks for nothing that can be done. */
export function learns(
  habits: Habits,
  complaint: ServerComplaint | undefined,
  sent: Readonly<Record<string, unknown>>,
): boolean {
  if (complaint === undefined) return false;
  const { message, param, code } = complaint;
  if ("max_tokens" in sent && habits.longest === "max_tokens" && message.includes("max_completion_tokens")) {
    habits.longest = "max_completion_tokens";
    return true;
  }
  const isUnsupported = /unsupported|not support|unrecognized|unknown|unexpected|extra|not permitted/i;
  if (!isUnsupported.test(`${message} ${code}`)) return false;
  const name = OPTIONAL.find((one) => one in sent && (param === one || new RegExp(`\\b${one}\\b`).test(message)));
  if (name === undefined) return false;
  habits.omitted.add(name);
  return true;
}
