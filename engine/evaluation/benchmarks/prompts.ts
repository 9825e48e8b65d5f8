import type { BenchmarkKind } from "./benchmark.ts";

/** Prompts of one's own. */
export const prompts = {
  name: "prompts",
  title: "Prompts",
  description:
    "prompt or messages, or a layout that is recognised; question_id, category and reference where there are any",
  fields: '{"prompt" or "messages", "question_id"?, "category"?, "reference"?}',
  turns: 1,
  takesReferences: false,
} as const satisfies BenchmarkKind;
