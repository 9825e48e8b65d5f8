import type { Layout } from "./layout.ts";
import { has, optionalText } from "./layout.ts";
import { questionIn, turnsOf } from "./turns.ts";

/** Conversations, as UltraChat and most of today's data sets have them. */
export const messages: Layout = {
  name: "messages",
  description: "UltraChat and others: messages, a list of {role, content}",
  fits: (fields) => has(fields, "messages"),
  sft: (row) => ({ messages: turnsOf(row, "messages") }),
  prompts: (row) => ({
    prompt: questionIn(turnsOf(row, "messages")),
    ...optionalText(row, "category"),
    ...optionalText(row, "reference"),
  }),
};
