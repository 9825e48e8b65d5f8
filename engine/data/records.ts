import type { SftExample } from "../protocol/conversation.ts";
import type { Preference, Prompt } from "../storage/datasets.ts";

/** What rows become, by what they are for. */
export interface RecordsByKind {
  readonly sft: SftExample;
  readonly preferences: Preference;
  readonly prompts: Prompt;
}

export type RecordKind = keyof RecordsByKind;
export type AnyRecord = RecordsByKind[RecordKind];
