import type { Message } from "../protocol/conversation.ts";

/** Something to respond to: a text, or the turns of a conversation. */
export type Question = string | readonly Message[];

/** An example for SFT: a prompt and the response to learn, or a conversation that ends with one. */
export type SftRecord =
  { readonly prompt: string; readonly response: string } | { readonly messages: readonly Message[] };

/** Two responses to a prompt, the first preferred. */
export interface PreferenceRecord {
  readonly prompt: Question;
  readonly chosen: string;
  readonly rejected: string;
  /** By how much the first is better, in reward units. */
  readonly margin?: number;
}

/** A prompt to respond to, with facts that a benchmark may give for judges. */
export interface PromptRecord {
  readonly prompt: Question;
  readonly category?: string;
  /** A response that is known to be right. */
  readonly reference?: string;
}

/** What rows become, by what they are for. */
export interface RecordsByKind {
  readonly sft: SftRecord;
  readonly preferences: PreferenceRecord;
  readonly prompts: PromptRecord;
}

export type RecordKind = keyof RecordsByKind;
export type AnyRecord = RecordsByKind[RecordKind];
