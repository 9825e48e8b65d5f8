import type { SftExample } from "../protocol/conversation.ts";
import type { Preference, Prompt } from "../storage/datasets.ts";

/** Records that rows become, by their purpose. */
export interface RecordsByKind {
  readonly sft: SftExample;
  readonly preferences: Preference;
  readonly prompts: Prompt;
}

export type RecordKind = keyof RecordsByKind;
export type AnyRecord = RecordsByKind[RecordKind];
