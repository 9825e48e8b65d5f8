import { randomInt, randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { ApiError } from "./apiError.ts";
import type { ReplyFormat, AnswerHead, AnswerView, ViewedAnswer, WholeAnswer } from "./formats.ts";
import type { AnswerSettings } from "./requests.ts";
import type { AnswerEnd, AnswerSink, ScoredToken, Sequence } from "./sequence.ts";
import type { ServedModel } from "./servedModel.ts";

/** Bytes that a stream may be ahead of its reader. */
const MOST_UNREAD = 4 * 2 ** 20;

/** A prompt of a request. */
export interface AskedPrompt {
  readonly tokens: readonly number[];
  /** Text that its answers begin with. */
  readonly echo?: string | undefined;
}

/** A request that was read, to be answered by a model. */
export interface Exchange {
  readonly model: ServedModel;
  readonly settings: AnswerSettings;
  readonly prompts: readonly AskedPrompt[];
  readonly format: ReplyFormat;
  /** Called after answers were queued. */
  readonly wake: () => void;
}

/** An answer as it grows. */
interface Growing {
  readonly texts: string[];
  readonly tokens: ScoredToken[];
  promptTokens: readonly ScoredToken[] | undefined;
}

/**
 * Answers a request: whole, or as a stream of events. What nobody waits for any more is cancelled.
 * @throws {ApiError} before anything was sent.
 */
export async function answer(exchange: Exchange, response: ServerResponse): Promise<void> {
  const { model, settings, prompts, format } = exchange;
  const asked = prompts.flatMap((prompt) => Array.from({ length: settings.n }, () => prompt));
  const head: AnswerHead = {
    id: `${format.idPrefix}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: model.id,
  };
  const stream = settings.isStreamed ? new EventStream(response) : undefined;
  const seed = settings.seed ?? randomInt(2 ** 47);
  const begun = asked.map((prompt, index) => {
    const view = viewOf(exchange, prompt);
    const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
    const sink = stream
      ? streaming(stream, { head, index, view, format }, resolve, reject)
      : collecting(resolve, reject);
    const { tokens, echo } = prompt;
    const promptTop = echo !== undefined && settings.top !== undefined ? settings.top : settings.promptTop;
    const continues = format.idPrefix === "cmpl";
    const sequence = model.sequence({ prompt: tokens, settings, continues, promptTop, seed, index, sink });
    return { sequence, whole: promise.then((answered) => ({ ...answered, view })) };
  });
  const sequences = begun.map(({ sequence }) => sequence);
  model.scheduler.submit(sequences);
  cancelOnClose(response, sequences);
  exchange.wake();
  let answers: readonly ViewedAnswer[];
  try {
    answers = await Promise.all(begun.map(({ whole }) => whole));
  } catch (error) {
    for (const sequence of sequences) sequence.isCancelled = true;
    if (stream?.isBegun !== true) throw error;
    stream.send(bodyOf(error));
    stream.end();
    return;
  }
  const usage = {
    prompt: prompts.reduce((sum, { tokens }) => sum + tokens.length, 0),
    completion: answers.reduce((sum, { end }) => sum + end.nTokens, 0),
  };
  if (stream === undefined) {
    sendJson(response, 200, format.whole(head, answers, usage));
    return;
  }
  if (settings.withUsage) stream.send(format.usage(head, usage));
  stream.end();
}

/** Sends a JSON answer. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response
    .writeHead(status, {
      ...SAFE_HEADERS,
      ...headers,
      "content-type": "application/json",
      "content-length": body.length,
    })
    .end(body);
}

const SAFE_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** The body of an error's answer; what is not meant for callers stays here. */
export function bodyOf(error: unknown): object {
  return asApiError(error).body;
}

/** An error as a caller may see it. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const what = error instanceof Error && error.name === "LogitsError" ? error.message : "the model failed to answer";
  return new ApiError(500, what, { code: "internal_error" }, { cause: error });
}

function viewOf({ model, settings, format }: Exchange, { echo, tokens }: AskedPrompt): AnswerView {
  return {
    textOf: (id) => model.texts.shown(id),
    hasLogprobs: settings.top !== undefined,
    hasPromptLogprobs: settings.promptTop !== undefined,
    echoed: echo === undefined || format.idPrefix !== "cmpl" ? undefined : { text: echo, first: tokens[0] ?? 0 },
  };
}

function cancelOnClose(response: ServerResponse, sequences: readonly Sequence[]): void {
  const cancel = (): void => {
    for (const sequence of sequences) sequence.isCancelled = true;
  };
  // It may have gone while the request was read.
  if (response.destroyed || response.closed) cancel();
  response.once("close", cancel);
}

type Resolve = (answer: WholeAnswer) => void;
type Reject = (error: unknown) => void;

function collecting(resolve: Resolve, reject: Reject): AnswerSink {
  const growing: Growing = { texts: [], tokens: [], promptTokens: undefined };
  return {
    prompt: (tokens) => (growing.promptTokens = tokens),
    piece({ text, tokens }) {
      growing.texts.push(text);
      growing.tokens.push(...tokens);
    },
    end: (end) => resolve(wholeOf(growing, end)),
    fail: reject,
  };
}

function wholeOf({ texts, tokens, promptTokens }: Growing, end: AnswerEnd): WholeAnswer {
  return { text: texts.join(""), tokens, promptTokens, end };
}

interface Streamed {
  readonly head: AnswerHead;
  readonly index: number;
  readonly view: AnswerView;
  readonly format: ReplyFormat;
}

function streaming(
  stream: EventStream,
  { head, index, view, format }: Streamed,
  resolve: Resolve,
  reject: Reject,
): AnswerSink {
  let promptTokens: readonly ScoredToken[] | undefined;
  let isOpen = false;
  const open = (): void => {
    if (isOpen) return;
    isOpen = true;
    const opening = format.opening(head, index, view, promptTokens);
    if (opening !== undefined) stream.send(opening);
  };
  return {
    prompt: (tokens) => (promptTokens = tokens),
    piece(piece) {
      open();
      stream.send(format.piece(head, index, piece, view));
    },
    end(end) {
      open();
      stream.send(format.closing(head, index, end));
      resolve(wholeOf({ texts: [], tokens: [], promptTokens: undefined }, end));
    },
    fail: reject,
  };
}

/** Server-sent events. Nothing is sent before there is something to say, so that a refusal still is an answer of its own. */
class EventStream {
  isBegun = false;
  private readonly response: ServerResponse;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  send(value: object): void {
    this.write(`data: ${JSON.stringify(value)}\n\n`);
  }

  end(): void {
    this.write("data: [DONE]\n\n");
    this.response.end();
  }

  private write(text: string): void {
    const { response } = this;
    if (response.destroyed) return;
    if (!this.isBegun) {
      this.isBegun = true;
      response.writeHead(200, { ...SAFE_HEADERS, "content-type": "text/event-stream; charset=utf-8" });
    }
    response.write(text);
    // A client that does not read is gone.
    if (response.writableLength > MOST_UNREAD) response.destroy();
  }
}
