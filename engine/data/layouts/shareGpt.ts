import type { Layout } from "./layout.ts";
import { has } from "./layout.ts";
import { questionIn, turnsOf } from "./turns.ts";

/** Conversations as ShareGPT and those after it have them. */
export const shareGpt: Layout = {
  name: "shareGpt",
  description: "ShareGPT: conversations, a list of {from, value}",
  fits: (fields) => has(fields, "conversations"),
  sft: (row) => ({ messages: turnsOf(row, "conversations") }),
  prompts: (row) => ({ prompt: questionIn(turnsOf(row, "conversations")) }),
};
