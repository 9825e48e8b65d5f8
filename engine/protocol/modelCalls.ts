import type { Message } from "./conversation.ts";

/** A request to a language model behind a server. Everything that its reply depends on, beside the model, is here. */
export interface ModelRequest {
  /** A conversation, or a text to continue. */
  readonly prompt: readonly Message[] | string;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Longest reply, tokens. */
  readonly maxTokens: number;
  readonly topP?: number;
  /** For servers that have one. */
  readonly seed?: number;
  /** At most four texts that end the reply: what every server takes. */
  readonly stop?: readonly string[];
}

/** Why a reply ended: by itself, at its longest, or because the model or a filter refused. */
export type ReplyEnd = "stop" | "length" | "refused";

/** A language model's reply. */
export interface ModelReply {
  /** Without reasoning. */
  readonly text: string;
  /** Its thoughts, where the server or the text tells them apart. */
  readonly reasoning?: string;
  readonly end: ReplyEnd;
  /** The model that replied, by the server's word. */
  readonly model?: string;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
}
