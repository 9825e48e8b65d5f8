import type { PromptFormat } from "../../text/index.ts";
import { ChatTemplateError } from "../../text/index.ts";
import { Random } from "../../training/index.ts";
import { ApiError } from "./apiError.ts";
import { Guide, TokenTexts } from "./grammar/guide.ts";
import type { AnswerSettings, ChatRequest, CompletionRequest } from "./requests.ts";
import { type ScheduledModel, Scheduler } from "./scheduler.ts";
import { type AnswerSink, Sequence } from "./sequence.ts";

/** A checkpoint that is ready to answer. */
export interface ServedModelSettings extends ScheduledModel {
  /** The name that requests ask for it by. */
  readonly id: string;
  readonly format: PromptFormat;
  /** Longest sequence, prompt and answer together, in tokens. */
  readonly context: number;
  /** Answers that may wait for a slot. */
  readonly mostWaiting: number;
  /** Seconds since 1970. */
  readonly created: number;
}

/** One prompt's tokens, and how its answers are made. */
export interface AnswerJob {
  readonly prompt: readonly number[];
  readonly settings: AnswerSettings;
  readonly continues: boolean;
  /** Alternatives to each of the prompt's tokens; undefined where nothing is to be known of them. */
  readonly promptTop: number | undefined;
  readonly seed: number;
  /** Number of the answer among those of the request. */
  readonly index: number;
  readonly sink: AnswerSink;
}

/** One model of the server. */
export class ServedModel {
  readonly id: string;
  readonly settings: ServedModelSettings;
  readonly scheduler: Scheduler;
  readonly texts: TokenTexts;

  constructor(settings: ServedModelSettings) {
    this.texts = new TokenTexts(settings.format.tokenizer, settings.vocabularySize);
    this.id = settings.id;
    this.settings = settings;
    this.scheduler = new Scheduler(settings, settings);
  }

  /** Its entry in the list of models. */
  get listing(): object {
    const { id, created, context } = this.settings;
    return { id, object: "model", created, owned_by: "salsa", max_model_len: context };
  }

  /** Tokens of a conversation. @throws {ApiError} 400 when the chat template refuses it, or it is too long. */
  chatTokens({ messages }: ChatRequest): readonly number[] {
    const { format } = this.settings;
    const [first, ...others] = messages;
    // A model without a template has no turns: what a user says alone is its prompt.
    const isPlain = format.source === undefined && first?.role === "user" && others.length === 0;
    return this.fitting(() => format.encodePrompt(isPlain ? first.content : messages), "messages");
  }

  /** Tokens of a prompt as it stands. @throws {ApiError} 400 when it is empty, too long, or names tokens that are not there. */
  promptTokens(prompt: CompletionRequest["prompts"][number]): readonly number[] {
    const { vocabularySize: V, format } = this.settings;
    if (typeof prompt === "string") return this.fitting(() => format.tokenizer.encodeStart(prompt), "prompt");
    const beyond = prompt.find((id) => id >= V);
    if (beyond !== undefined) {
      throw new ApiError(400, `token ${beyond} is not in the vocabulary of ${V}`, { param: "prompt" });
    }
    return this.fitting(() => prompt, "prompt");
  }

  /** An answer to be queued. */
  sequence({ prompt, settings, continues, promptTop, seed, index, sink }: AnswerJob): Sequence {
    const { format, context } = this.settings;
    const room = context - prompt.length;
    const request = {
      ...{ prompt, continues, promptTop, sink, stops: settings.stops, sampling: settings.sampling, top: settings.top },
      // As much as fits: the answer says that it was cut.
      maxTokens: Math.min(settings.maxTokens ?? room, room),
      // The first is what `salsa generate` draws with that seed.
      random: index === 0 ? Random.of(seed, "generate") : Random.of(seed, "generate", index),
      ends: settings.ignoresEnds && settings.shape === undefined ? [] : format.ends,
      guide: settings.shape && new Guide(settings.shape, this.texts, format.ends),
    };
    return new Sequence(request, format.tokenizer);
  }

  private fitting(encode: () => readonly number[], param: string): readonly number[] {
    const { context, vocabularySize } = this.settings;
    let ids: readonly number[];
    try {
      ids = encode();
    } catch (cause) {
      if (!(cause instanceof ChatTemplateError)) throw cause;
      throw new ApiError(400, `${param}: ${cause.what}; ${cause.remedy}`, { param }, { cause });
    }
    if (ids.length === 0) throw new ApiError(400, `${param}: there are no tokens to answer`, { param });
    const lacking = ids.find((id) => id >= vocabularySize);
    if (lacking !== undefined) {
      const what = `${param}: the tokenizer gives token ${lacking}, and the model has ${vocabularySize}`;
      throw new ApiError(400, what, { param });
    }
    if (ids.length < context) return ids;
    const what = `${param}: ${ids.length} tokens leave no room for an answer; this model's context length is ${context}`;
    throw new ApiError(400, what, { param, code: "context_length_exceeded" });
  }
}
