import type { Slot } from "../../models/index.ts";
import type { Random } from "../../training/index.ts";
import { AnswerText, StopTexts } from "./answerText.ts";
import { ApiError } from "./apiError.ts";
import type { Guide } from "./grammar/guide.ts";
import type { Tokenizer } from "../../text/index.ts";
import { type Sampling, type TokenLogprob, Distribution, draw } from "./sampling.ts";

/** A token with its log-probability and, if asked for, those of the likeliest in its place. */
export interface ScoredToken {
  readonly id: number;
  readonly logprob: number;
  /** Place among all tokens, the likeliest being 1; of tokens of a prompt. */
  readonly rank?: number;
  readonly top: readonly TokenLogprob[];
}

/** Some of an answer, as it comes. */
export interface AnswerPiece {
  readonly text: string;
  /** Those since the last piece; empty unless log-probabilities are wanted. */
  readonly tokens: readonly ScoredToken[];
}

/** How an answer ended. */
export interface AnswerEnd {
  readonly reason: "stop" | "length";
  /** Drawn, the one that ends the answer included. */
  readonly nTokens: number;
}

/** The receiver of an answer. */
export interface AnswerSink {
  /** Tokens of the prompt after the first, once it has been read; only if asked for. */
  prompt?(tokens: readonly ScoredToken[]): void;
  piece(piece: AnswerPiece): void;
  end(end: AnswerEnd): void;
  /** In place of `end`. */
  fail(error: unknown): void;
}

/** One answer to be made. */
export interface SequenceRequest {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly random: Pick<Random, "uniform">;
  readonly stops: readonly string[];
  /** Tokens that end the answer. */
  readonly ends: readonly number[];
  /** Keeps the answer to a kind of JSON value. */
  readonly guide?: Guide | undefined;
  /** Alternatives to each token of the answer; undefined for no log-probabilities. */
  readonly top: number | undefined;
  /** The same of the prompt's tokens. */
  readonly promptTop: number | undefined;
  /** The answer's text goes on that of the prompt, rather than begin a turn. */
  readonly continues: boolean;
  readonly sink: AnswerSink;
}

const NO_TOKEN = "response_format: the model has no token that such an answer could go on with";

/** An answer being made: what was drawn, and what of its text can be shown. */
export class Sequence {
  readonly request: SequenceRequest;
  slot: Slot | undefined;
  isCancelled = false;
  /** The token drawn last, to be read next. */
  lastToken = 0;
  private readonly text: AnswerText;
  private readonly stops: StopTexts;
  private nTokens = 0;
  private unsent: ScoredToken[] = [];
  private readonly promptTokens: ScoredToken[] = [];
  private nPromptRead = 0;

  constructor(request: SequenceRequest, tokenizer: Pick<Tokenizer, "decode">) {
    this.request = request;
    this.text = new AnswerText(tokenizer, request.continues ? request.prompt : []);
    this.stops = new StopTexts(request.stops);
  }

  /** True if the logits behind each token of the prompt are needed. */
  get wantsPrompt(): boolean {
    return this.request.promptTop !== undefined;
  }

  /**
   * Notes the logits behind tokens of the prompt, which foretell the ones after them.
   *
   * @param logits - `[n, V]`, in the order of the prompt.
   */
  readPrompt(logits: Float32Array, V: number): void {
    const { prompt, promptTop = 0 } = this.request;
    for (let row = 0; row < logits.length / V; row++) {
      const next = prompt[(this.nPromptRead += 1)];
      if (next === undefined) return;
      const distribution = new Distribution(logits.subarray(row * V, (row + 1) * V));
      const [logprob, rank] = [distribution.logprob(next), distribution.rank(next)];
      this.promptTokens.push({ id: next, logprob, rank, top: distribution.top(promptTop) });
    }
  }

  /** Called once the prompt was read. @returns False where nothing is to be drawn. */
  begin(): boolean {
    const { sink, maxTokens } = this.request;
    if (this.wantsPrompt) sink.prompt?.(this.promptTokens);
    if (maxTokens > 0) return true;
    sink.end({ reason: "length", nTokens: 0 });
    return false;
  }

  /**
   * Draws the next token.
   * @param logits - `[V]`.
   * @returns True if the answer goes on.
   */
  next(logits: Float32Array): boolean {
    const { sampling, random, ends, top, maxTokens, sink, guide } = this.request;
    // Numbers of its own, whatever else is decoded: so the same seed gives the same answer.
    const token = guide === undefined ? draw(logits, sampling, random.uniform()) : guide.draw(logits, sampling, random);
    if (token === undefined) throw new ApiError(400, NO_TOKEN, { param: "response_format" });
    this.lastToken = token;
    this.nTokens += 1;
    if (top !== undefined) {
      const distribution = new Distribution(logits);
      this.unsent.push({ id: token, logprob: distribution.logprob(token), top: distribution.top(top) });
    }
    if (ends.includes(token)) return this.end("stop");
    const { text, isStopped } = this.stops.add(this.text.add(token));
    if (isStopped) {
      this.send(text);
      sink.end({ reason: "stop", nTokens: this.nTokens });
      return false;
    }
    if (guide?.isWhole === true) return this.end("stop", text);
    if (this.nTokens >= maxTokens) return this.end("length", text);
    if (text !== "") this.send(text);
    return true;
  }

  private end(reason: AnswerEnd["reason"], before = ""): false {
    const last = this.stops.add(this.text.end());
    this.send(before + last.text + (last.isStopped ? "" : this.stops.end()));
    this.request.sink.end({ reason: last.isStopped ? "stop" : reason, nTokens: this.nTokens });
    return false;
  }

  private send(text: string): void {
    if (text === "" && this.unsent.length === 0) return;
    this.request.sink.piece({ text, tokens: this.unsent });
    this.unsent = [];
  }
}
