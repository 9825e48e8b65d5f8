import * as z from "zod";
import { type Message, ROLES } from "../../protocol/conversation.ts";
import { JsonError, excerpt, parseJson } from "../../common/json.ts";
import { ApiError } from "./apiError.ts";
import { ANY_OBJECT, type ValueShape, shapeOfSchema } from "./grammar/schema.ts";
import type { Sampling } from "./sampling.ts";

/** Bounds of a request. */
export const MOST_BODY_BYTES = 4 * 2 ** 20;
const MOST_VALUES = 400_000;
const MOST_CHOICES = 16;
const MOST_PROMPTS = 64;
const MOST_MESSAGES = 1000;
const MOST_TOP = 20;
/** Tokens of a completion where none are asked for, as in OpenAI's API. */
const COMPLETION_TOKENS = 16;

/** Settings of answers that both kinds of request have. */
export interface AnswerSettings {
  readonly model: string;
  readonly isStreamed: boolean;
  /** In a stream, a last piece with the usage. */
  readonly withUsage: boolean;
  /** Answers to each prompt. */
  readonly n: number;
  /** Undefined for as many as the context holds. */
  readonly maxTokens: number | undefined;
  readonly sampling: Sampling;
  /** Undefined for a random one. */
  readonly seed: number | undefined;
  readonly stops: readonly string[];
  readonly ignoresEnds: boolean;
  /** Alternatives to each token of the answer; undefined where no log-probabilities are wanted. */
  readonly top: number | undefined;
  /** Form of JSON that the answer is to have; undefined for any text. */
  readonly shape: ValueShape | undefined;
  /** Alternatives to each token of the prompt, in a field of their own as vLLM has it. */
  readonly promptTop: number | undefined;
}

/** A request of `/v1/chat/completions`. */
export interface ChatRequest extends AnswerSettings {
  readonly messages: readonly Message[];
}

/** A request of `/v1/completions`. */
export interface CompletionRequest extends AnswerSettings {
  /** Texts, or token ids. */
  readonly prompts: readonly (string | readonly number[])[];
  /** The answer begins with the prompt. */
  readonly echoes: boolean;
}

const count = (least: number, most = Number.MAX_SAFE_INTEGER) => z.number().int().min(least).max(most);

const SETTINGS = {
  model: z.string().min(1).max(1024),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: count(1, MOST_CHOICES).nullish(),
  max_tokens: count(0).nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: count(-1).nullish(),
  seed: z.number().int().nullish(),
  stop: z.union([z.string().max(256), z.array(z.string().max(256)).max(16)]).nullish(),
  ignore_eos: z.boolean().nullish(),
  prompt_logprobs: count(0, MOST_TOP).nullish(),
  response_format: z
    .discriminatedUnion("type", [
      z.looseObject({ type: z.literal("text") }),
      z.looseObject({ type: z.literal("json_object") }),
      z.looseObject({ type: z.literal("json_schema"), json_schema: z.looseObject({ schema: z.unknown() }) }),
    ])
    .nullish(),
};

const part = z.looseObject({ type: z.string(), text: z.string().nullish() });

const chatSchema = z.object({
  ...SETTINGS,
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(part).max(1000)]) }))
    .min(1)
    .max(MOST_MESSAGES),
  max_completion_tokens: count(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: count(0, MOST_TOP).nullish(),
});

const tokens = z.array(count(0, 2 ** 31 - 1)).min(1);

const completionSchema = z.object({
  ...SETTINGS,
  prompt: z.union([
    z.string(),
    tokens,
    z.array(z.string()).min(1).max(MOST_PROMPTS),
    z.array(tokens).min(1).max(MOST_PROMPTS),
  ]),
  echo: z.boolean().nullish(),
  logprobs: count(0, MOST_TOP).nullish(),
});

/** Fields that change no answer. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"],
  ...["parallel_tool_calls", "extra_headers", "timeout"],
]);

const isNumber =
  (...values: readonly number[]) =>
  (value: unknown): boolean =>
    values.includes(value as number);
const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
const isNever = (): boolean => false;

/** Fields that would change answers and are not supported: the values that leave them as they are, and what to do. */
const NEUTRAL: Readonly<Record<string, readonly [isNeutral: (value: unknown) => boolean, remedy: string]>> = {
  frequency_penalty: [isNumber(0), "leave it out"],
  presence_penalty: [isNumber(0), "leave it out"],
  repetition_penalty: [isNumber(1), "leave it out"],
  min_p: [isNumber(0), "use top_p"],
  best_of: [isNumber(1), "use n"],
  logit_bias: [isEmpty, "leave it out"],
  suffix: [(value) => value === "", "leave it out"],
  tools: [isEmpty, "describe them in a message"],
  functions: [isEmpty, "describe them in a message"],
  tool_choice: [(value) => value === "none" || value === "auto", "leave it out"],
  modalities: [(value) => Array.isArray(value) && value.length === 1 && value[0] === "text", "only text is answered"],
  audio: [isNever, "only text is answered"],
  reasoning_effort: [isNever, "leave it out"],
  skip_special_tokens: [(value) => value === true, "leave it out"],
};

/**
 * The JSON object that a body is.
 * @throws {ApiError} 400 when it is none.
 */
export function bodyObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseJson(text, MOST_VALUES);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new ApiError(400, `the body is ${cause.message}`, {}, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ApiError(400, "the body must be a JSON object");
}

/** Reads a request for a chat completion. @throws {ApiError} 400 naming the field. */
export function readChatRequest(body: Readonly<Record<string, unknown>>): ChatRequest {
  const read = checked(chatSchema, body);
  const { messages, logprobs, top_logprobs: top, max_tokens: max, max_completion_tokens: most } = read;
  if (typeof top === "number" && logprobs !== true) {
    throw new ApiError(400, "top_logprobs needs logprobs to be true", { param: "top_logprobs" });
  }
  if (max === 0) throw new ApiError(400, "max_tokens must be at least 1", { param: "max_tokens" });
  return {
    ...settingsOf(read),
    maxTokens: most ?? max ?? undefined,
    top: logprobs === true ? (top ?? 0) : undefined,
    messages: messages.map(({ role, content }, index) => ({
      role: roleOf(role, index),
      content: typeof content === "string" ? content : content.map((one) => textOf(one, index)).join(""),
    })),
  };
}

/** Reads a request for a completion. @throws {ApiError} 400 naming the field. */
export function readCompletionRequest(body: Readonly<Record<string, unknown>>): CompletionRequest {
  const read = checked(completionSchema, body);
  const { prompt, echo, logprobs, max_tokens: maxTokens } = read;
  const isList = Array.isArray(prompt) && typeof prompt[0] !== "number";
  const prompts = (isList ? prompt : [prompt]) as CompletionRequest["prompts"];
  const settings = settingsOf(read);
  if (prompts.length * settings.n > MOST_PROMPTS) {
    throw new ApiError(400, `n times the prompts is more than ${MOST_PROMPTS}`, { param: "n" });
  }
  return {
    ...settings,
    maxTokens: maxTokens ?? COMPLETION_TOKENS,
    top: logprobs ?? undefined,
    prompts,
    echoes: echo ?? false,
  };
}

type Read<S extends z.ZodType> = z.output<S>;

function checked<S extends z.ZodType>(
  schema: S & { readonly shape: object },
  body: Readonly<Record<string, unknown>>,
): Read<S> {
  const known: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(body)) {
    if (Object.hasOwn(schema.shape, name)) known[name] = value;
    else if (!WITHOUT_EFFECT.has(name) && value !== null) refuseUnlessNeutral(name, value);
  }
  const read = schema.safeParse(known);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const param = issue?.path.map(String).join(".");
  throw new ApiError(
    400,
    `${param === "" || param === undefined ? "the request" : param}: ${issue?.message ?? "is wrong"}`,
    { param },
  );
}

function refuseUnlessNeutral(name: string, value: unknown): void {
  const [isNeutral, remedy] = (Object.hasOwn(NEUTRAL, name) ? NEUTRAL[name] : undefined) ?? [];
  if (isNeutral === undefined) {
    const shown = excerpt(name);
    throw new ApiError(400, `${shown} is not a field that this server knows; leave it out`, {
      param: name.slice(0, 100),
    });
  }
  if (isNeutral(value)) return;
  throw new ApiError(400, `${name} is not supported by this server; ${remedy ?? "leave it out"}`, {
    param: name,
    code: "unsupported_parameter",
  });
}

type Common = z.output<z.ZodObject<typeof SETTINGS>>;

function settingsOf(read: Common): Omit<AnswerSettings, "maxTokens" | "top"> {
  const { stop, top_k: topK } = read;
  const stops = typeof stop === "string" ? [stop] : (stop ?? []);
  return {
    model: read.model,
    isStreamed: read.stream ?? false,
    withUsage: read.stream_options?.include_usage ?? false,
    n: read.n ?? 1,
    sampling: { temperature: read.temperature ?? 1, topK: Math.max(0, topK ?? 0), topP: read.top_p ?? 1 },
    seed: read.seed ?? undefined,
    stops: stops.filter((text) => text !== ""),
    ignoresEnds: read.ignore_eos ?? false,
    shape: shapeOf(read.response_format),
    promptTop: read.prompt_logprobs ?? undefined,
  };
}

function shapeOf(format: Common["response_format"]): ValueShape | undefined {
  switch (format?.type) {
    case "json_object":
      return ANY_OBJECT;
    case "json_schema":
      return shapeOfSchema(format.json_schema.schema);
    case "text":
    case undefined:
      return undefined;
  }
}

function roleOf(role: string, index: number): Message["role"] {
  const known = ROLES.find((one) => one === role);
  if (known !== undefined) return known;
  throw new ApiError(400, `the role ${excerpt(role)} is not supported; use ${ROLES.join(", ")}`, {
    param: `messages.${index}.role`,
  });
}

function textOf({ type, text }: z.output<typeof part>, index: number): string {
  if (type === "text" && typeof text === "string") return text;
  throw new ApiError(400, `parts of the type ${excerpt(type)} are not supported; send text`, {
    param: `messages.${index}.content`,
  });
}
