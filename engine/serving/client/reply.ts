import * as z from "zod";
import type { ModelReply, ReplyEnd } from "../../protocol/modelCalls.ts";

/** Text of a message: whole, or in parts as some servers send it. */
const content = z
  .union([z.string(), z.array(z.looseObject({ type: z.string().optional(), text: z.string().nullish() }))])
  .nullish();

const said = z.looseObject({
  content,
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  refusal: z.string().nullish(),
});

const choice = z.looseObject({
  message: said.nullish(),
  delta: said.nullish(),
  /** Of `/completions`. */
  text: z.string().nullish(),
  finish_reason: z.string().nullish(),
});

const usage = z.looseObject({
  prompt_tokens: z.number().min(0).nullish(),
  completion_tokens: z.number().min(0).nullish(),
});

/** An answer to a request, or a piece of one in a stream. */
const answerSchema = z.looseObject({
  model: z.string().nullish(),
  choices: z.array(choice).max(1024),
  usage: usage.nullish(),
});

const problem = z.looseObject({
  message: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
  type: z.string().nullish(),
  param: z.string().nullish(),
});

/** A server's complaint. */
export interface ServerComplaint {
  readonly message: string;
  readonly code: string;
  readonly param: string;
}

/**
 * A complaint in any of the shapes that servers have: OpenAI's within `error`, vLLM's and SGLang's at the top, a text in
 * `error` as of Ollama and TGI, FastAPI's `detail`. Undefined where there is none.
 */
export function complaintOf(value: unknown): ServerComplaint | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const { error, object, detail, message } = fields;
  if (typeof error === "string") return { message: error, code: codeOf(fields), param: "" };
  if (typeof error === "object" && error !== null) return described(error);
  if (object === "error" || (typeof message === "string" && fields["choices"] === undefined)) return described(value);
  if (detail === undefined || fields["choices"] !== undefined) return undefined;
  return { message: typeof detail === "string" ? detail : JSON.stringify(detail).slice(0, 400), code: "", param: "" };
}

function described(value: object): ServerComplaint {
  const read = problem.safeParse(value);
  if (!read.success) return { message: "", code: "", param: "" };
  const { message, param } = read.data;
  return { message: message ?? "", code: codeOf(read.data), param: param ?? "" };
}

function codeOf(fields: Readonly<Record<string, unknown>>): string {
  const { code, type } = fields;
  return [code, type].filter((one) => typeof one === "string" || typeof one === "number").join(" ");
}

/** Puts a reply together from an answer, or from the pieces of a stream. */
export class ReplyParts {
  private readonly text: string[] = [];
  private readonly reasoning: string[] = [];
  private readonly refusal: string[] = [];
  private model: string | undefined;
  private end: string | undefined;
  private hasChoice = false;
  private tokens: z.output<typeof usage> = {};

  /** Adds one; pieces without choices carry usage, or nothing. @returns False for what is no answer of the API. */
  add(value: unknown): boolean {
    const read = answerSchema.safeParse(value);
    if (!read.success) return false;
    const { model, choices, usage: counted } = read.data;
    this.model ??= model ?? undefined;
    if (counted) this.tokens = { ...this.tokens, ...counted };
    const [first] = choices;
    if (first === undefined) return true;
    this.hasChoice = true;
    this.end = first.finish_reason ?? this.end;
    if (typeof first.text === "string") this.text.push(first.text);
    const one = first.message ?? first.delta;
    if (!one) return true;
    this.text.push(textOf(one.content));
    this.reasoning.push(one.reasoning_content ?? one.reasoning ?? "");
    this.refusal.push(one.refusal ?? "");
    return true;
  }

  /** True once there is a reply, an empty one maybe. */
  get isBegun(): boolean {
    return this.hasChoice;
  }

  /** True once the server has said why the reply ended. */
  get isEnded(): boolean {
    return this.end !== undefined;
  }

  /** The whole reply. */
  reply(): ModelReply {
    const { text, thoughts } = withoutThoughts(this.text.join(""));
    const reasoning = [this.reasoning.join(""), thoughts].filter((one) => one !== "").join("\n\n");
    const refusal = this.refusal.join("");
    const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = this.tokens;
    return {
      text: text === "" ? refusal : text,
      ...(reasoning !== "" && { reasoning }),
      end: endOf(this.end, refusal),
      ...(this.model !== undefined && { model: this.model.slice(0, 200) }),
      ...(typeof promptTokens === "number" && { promptTokens }),
      ...(typeof completionTokens === "number" && { completionTokens }),
    };
  }
}

function textOf(value: z.output<typeof content>): string {
  if (typeof value === "string") return value;
  return (value ?? []).map((part) => part.text ?? "").join("");
}

function endOf(reason: string | undefined, refusal: string): ReplyEnd {
  if (reason === "length" || reason === "max_tokens") return "length";
  return reason === "content_filter" || refusal !== "" ? "refused" : "stop";
}

const [OPEN, CLOSE] = ["<think>", "</think>"];

/**
 * A text without the thoughts that reasoning models write into it. Templates may have opened them already, so that only
 * the end is there; where a reply was cut off within them, there is nothing else.
 */
export function withoutThoughts(text: string): { readonly text: string; readonly thoughts: string } {
  const end = text.lastIndexOf(CLOSE);
  const begins = text.trimStart().startsWith(OPEN);
  if (begins && end < 0) return { text: "", thoughts: text.replace(OPEN, "").trim() };
  const isThinking = end >= 0 && (begins || !text.slice(0, end).includes(OPEN));
  if (!isThinking) return { text, thoughts: "" };
  return { text: text.slice(end + CLOSE.length).trim(), thoughts: text.slice(0, end).replace(OPEN, "").trim() };
}
