import type { TokenLogprob } from "./sampling.ts";
import type { AnswerEnd, AnswerPiece, ScoredToken } from "./sequence.ts";

/** Tokens of a request and of its answers. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** Fields that all pieces of one answer to a request have in common. */
export interface AnswerHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** One of the answers to a request, whole. */
export interface WholeAnswer {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
  readonly end: AnswerEnd;
  /** Of the prompt after its first token; undefined where not asked for. */
  readonly promptTokens: readonly ScoredToken[] | undefined;
}

/** Parts of its answers that a request asks for. */
export interface AnswerView {
  /** The text of a token by itself. */
  readonly textOf: (id: number) => string;
  /** Log-probabilities of the answer's tokens. */
  readonly hasLogprobs: boolean;
  /** Log-probabilities of the prompt's tokens, as vLLM gives them. */
  readonly hasPromptLogprobs: boolean;
  /** The first token of the prompt, which nothing foretells; with it, the answer begins with the prompt. */
  readonly echoed?: { readonly text: string; readonly first: number } | undefined;
}

/** A whole answer, and what is shown of it. */
export interface ViewedAnswer extends WholeAnswer {
  readonly view: AnswerView;
}

/** How a kind of request is answered: chat completions, or completions. */
export interface ReplyFormat {
  readonly idPrefix: string;
  whole(head: AnswerHead, answers: readonly ViewedAnswer[], usage: Usage): object;
  /** Event that opens an answer of a stream; undefined for none. */
  opening(
    head: AnswerHead,
    index: number,
    view: AnswerView,
    promptTokens: readonly ScoredToken[] | undefined,
  ): object | undefined;
  piece(head: AnswerHead, index: number, piece: AnswerPiece, view: AnswerView): object;
  closing(head: AnswerHead, index: number, end: AnswerEnd): object;
  /** The last piece of a stream, where it is asked for. */
  usage(head: AnswerHead, usage: Usage): object;
}

/** Of `/v1/chat/completions`. */
export const CHAT_FORMAT: ReplyFormat = {
  idPrefix: "chatcmpl",
  whole: (head, answers, usage) => ({
    ...headOf(head, "chat.completion"),
    choices: answers.map(({ text, tokens, end, promptTokens, view }, index) => ({
      index,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: view.hasLogprobs ? { content: chatLogprobs(tokens, view), refusal: null } : null,
      finish_reason: end.reason,
      ...promptField(promptTokens, view),
    })),
    usage: usageOf(usage),
  }),
  opening: (head, index, view, promptTokens) => ({
    ...headOf(head, "chat.completion.chunk"),
    choices: [
      {
        ...{ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null },
        ...promptField(promptTokens, view),
      },
    ],
  }),
  piece: (head, index, { text, tokens }, view) => ({
    ...headOf(head, "chat.completion.chunk"),
    choices: [
      {
        ...{ index, delta: { content: text }, finish_reason: null },
        logprobs: view.hasLogprobs ? { content: chatLogprobs(tokens, view), refusal: null } : null,
      },
    ],
  }),
  closing: (head, index, { reason }) => ({
    ...headOf(head, "chat.completion.chunk"),
    choices: [{ index, delta: {}, logprobs: null, finish_reason: reason }],
  }),
  usage: (head, usage) => ({ ...headOf(head, "chat.completion.chunk"), choices: [], usage: usageOf(usage) }),
};

/** Of `/v1/completions`. */
export const COMPLETION_FORMAT: ReplyFormat = {
  idPrefix: "cmpl",
  whole: (head, answers, usage) => ({
    ...headOf(head, "text_completion"),
    choices: answers.map(({ text, tokens, end, promptTokens, view }, index) => ({
      index,
      text: (view.echoed?.text ?? "") + text,
      logprobs: view.hasLogprobs ? listedLogprobs(tokens, view, promptTokens) : null,
      finish_reason: end.reason,
      ...promptField(promptTokens, view),
    })),
    usage: usageOf(usage),
  }),
  opening(head, index, view, promptTokens) {
    const { echoed } = view;
    if (echoed === undefined && !view.hasPromptLogprobs) return undefined;
    const logprobs = view.hasLogprobs && echoed !== undefined ? listedLogprobs([], view, promptTokens) : null;
    const choice = { index, text: echoed?.text ?? "", logprobs, finish_reason: null };
    return { ...headOf(head, "text_completion"), choices: [{ ...choice, ...promptField(promptTokens, view) }] };
  },
  piece(head, index, { text, tokens }, view) {
    const logprobs = view.hasLogprobs ? listedLogprobs(tokens, { ...view, echoed: undefined }, undefined) : null;
    return { ...headOf(head, "text_completion"), choices: [{ index, text, logprobs, finish_reason: null }] };
  },
  closing: (head, index, { reason }) => ({
    ...headOf(head, "text_completion"),
    choices: [{ index, text: "", logprobs: null, finish_reason: reason }],
  }),
  usage: (head, usage) => ({ ...headOf(head, "text_completion"), choices: [], usage: usageOf(usage) }),
};

function headOf({ id, created, model }: AnswerHead, object: string): object {
  return { id, object, created, model };
}

function usageOf({ prompt, completion }: Usage): object {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function chatLogprobs(tokens: readonly ScoredToken[], { textOf }: AnswerView): readonly object[] {
  const shown = ([id, logprob]: TokenLogprob): object => {
    const token = textOf(id);
    return { token, logprob: finite(logprob), bytes: token.includes("\ufffd") ? null : [...Buffer.from(token)] };
  };
  return tokens.map(({ id, logprob, top }) => ({ ...shown([id, logprob]), top_logprobs: top.map(shown) }));
}

/** The older shape: lists side by side; the prompt's first token has no log-probability. */
function listedLogprobs(
  tokens: readonly ScoredToken[],
  { textOf, echoed }: AnswerView,
  promptTokens: readonly ScoredToken[] | undefined,
): object {
  const all = [...((echoed && promptTokens) ?? []), ...tokens];
  const texts = all.map(({ id }) => textOf(id));
  const firsts = echoed === undefined ? [] : [textOf(echoed.first)];
  const before = firsts.map(() => null);
  let offset = 0;
  return {
    tokens: [...firsts, ...texts],
    token_logprobs: [...before, ...all.map(({ logprob }) => finite(logprob))],
    top_logprobs: [
      ...before,
      ...all.map(({ top }) => Object.fromEntries(top.map(([id, logprob]) => [textOf(id), finite(logprob)]))),
    ],
    text_offset: [...firsts, ...texts].map((text) => (offset += text.length) - text.length),
  };
}

function promptField(tokens: readonly ScoredToken[] | undefined, { hasPromptLogprobs, textOf }: AnswerView): object {
  if (!hasPromptLogprobs || tokens === undefined) return {};
  const entry = (id: number, logprob: number, rank: number): readonly [string, object] => [
    String(id),
    { logprob: finite(logprob), rank, decoded_token: textOf(id) },
  ];
  const listed = tokens.map(({ id, logprob, rank = 0, top }) => {
    const others = top.map(([other, its], place) => entry(other, its, place + 1));
    return Object.fromEntries([entry(id, logprob, rank), ...others.filter(([other]) => other !== String(id))]);
  });
  return { prompt_logprobs: [null, ...listed] };
}

/** JSON has no infinities. */
const finite = (logprob: number): number => Math.max(-9999, logprob);
