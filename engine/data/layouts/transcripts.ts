import type { Message } from "../../protocol/conversation.ts";
import type { JsonObject } from "../../storage/json.ts";
import type { Row } from "../rows/row.ts";
import { type Layout, has, textOf, valueOf } from "./layout.ts";
import { questionIn } from "./turns.ts";

const HUMAN = "\n\nHuman:";
const ASSISTANT = "\n\nAssistant:";

/**
 * Whole conversations as one text, as Anthropic's HH-RLHF has them (Bai et al. 2022, arXiv:2204.05862). It has no
 * prompts: what both transcripts begin with, up to the last turn of the assistant that both have, is the prompt.
 */
export const transcripts: Layout = {
  name: "transcripts",
  description: "HH-RLHF: chosen and rejected, each a transcript with Human: and Assistant:",
  fits: (fields) => isTranscript(fields, "chosen") && valueOf(fields, "prompt") === undefined,
  sft: (row) => ({ messages: turnsIn(textOf(row, "chosen")) }),
  preferences: (row) => {
    const { prompt, chosen, rejected } = parted(row);
    return { prompt: turnsIn(prompt), chosen, rejected };
  },
  prompts: (row) => ({ prompt: questionIn(turnsIn(parted(row).prompt)) }),
};

function isTranscript(fields: JsonObject, name: string): boolean {
  const value = valueOf(fields, name);
  return typeof value === "string" && (value.startsWith(HUMAN) || value.startsWith(HUMAN.trimStart()));
}

interface Parted {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

function parted(row: Row): Parted {
  const chosen = textOf(row, "chosen");
  const rejected = has(row.fields, "rejected") ? textOf(row, "rejected") : chosen; // prompts need none
  let common = 0;
  while (common < chosen.length && chosen[common] === rejected[common]) common++;
  const end = chosen.slice(0, common).lastIndexOf(ASSISTANT);
  const length = end < 0 ? 0 : end + ASSISTANT.length;
  const answer = (text: string): string => text.slice(length).trim();
  return { prompt: chosen.slice(0, Math.max(end, 0)), chosen: answer(chosen), rejected: answer(rejected) };
}

/** Turns of a transcript; what stands before the first speaker is dropped. */
function turnsIn(text: string): readonly Message[] {
  const turns: Message[] = [];
  const speakers = /(?:^|\n\n)(Human|Assistant):/g;
  const marks = [...text.matchAll(speakers)];
  for (const [index, mark] of marks.entries()) {
    const content = text.slice(mark.index + mark[0].length, marks[index + 1]?.index).trim();
    turns.push({ role: mark[1] === "Human" ? "user" : "assistant", content });
  }
  return turns;
}
