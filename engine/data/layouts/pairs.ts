import { DataError } from "../../protocol/errors.ts";
import type { Message, Question } from "../../protocol/conversation.ts";
import type { Preference } from "../../storage/datasets.ts";
import type { Row } from "../rows/row.ts";
import { type Layout, has, hasColumns, textOf, valueOf, wrongType } from "./layout.ts";
import { turnsOf } from "./turns.ts";

/**
 * Pairs of responses: this project's own, and UltraFeedback's binarized ones, whose responses are conversations that
 * begin with the prompt's turns. Its scores are no margins: they are another judge's, in another unit.
 */
export const pairs: Layout = {
  name: "pairs",
  description: "prompt, chosen, rejected; UltraFeedback: chosen and rejected are lists of {role, content}",
  fits: (fields) => hasColumns(fields, "chosen", "rejected"),
  sft: (row) => {
    const { prompt, chosen } = pairOf(row);
    if (typeof prompt === "string") return { prompt, response: chosen };
    return { messages: [...prompt, { role: "assistant", content: chosen }] };
  },
  preferences: pairOf,
  prompts: (row) => ({ prompt: pairOf(row).prompt }),
};

function pairOf(row: Row): Preference {
  const { margin, ...pair } = { ...answers(row), margin: valueOf(row.fields, "margin") };
  if (margin === undefined) return pair;
  if (typeof margin === "number") return { ...pair, margin };
  throw wrongType(row, "margin", { wanted: "a number", value: margin });
}

function answers(row: Row): Preference {
  if (typeof (valueOf(row.fields, "chosen") ?? "") === "string") {
    return { prompt: promptOf(row), chosen: textOf(row, "chosen"), rejected: textOf(row, "rejected") };
  }
  const [chosen, rejected] = [turnsOf(row, "chosen"), turnsOf(row, "rejected")];
  const shared = sharedTurns(chosen, rejected);
  const prompt = shared === 0 ? promptOf(row) : chosen.slice(0, shared);
  return {
    prompt,
    chosen: answerOf(row, "chosen", chosen.slice(shared)),
    rejected: answerOf(row, "rejected", rejected.slice(shared)),
  };
}

/** Turns that both begin with; the last of either is its response, also where both are the same. */
function sharedTurns(a: readonly Message[], b: readonly Message[]): number {
  const most = Math.min(a.length, b.length) - 1;
  let shared = 0;
  while (shared < most && a[shared]?.role === b[shared]?.role && a[shared]?.content === b[shared]?.content) shared++;
  return Math.max(0, shared);
}

function answerOf({ place }: Row, field: string, turns: readonly Message[]): string {
  const [only, ...others] = turns;
  if (only === undefined) return ""; // counted as an empty turn
  if (only.role === "assistant" && others.length === 0) return only.content;
  const remedy = "let both begin with the same turns, and end with one turn of the assistant";
  throw new DataError(`field ${field} has more than its last turn to itself`, { ...place, remedy });
}

function promptOf(row: Row): Question {
  return typeof valueOf(row.fields, "prompt") === "string" ? textOf(row, "prompt") : promptTurns(row);
}

function promptTurns(row: Row): readonly Message[] {
  if (has(row.fields, "prompt")) return turnsOf(row, "prompt");
  throw wrongType(row, "prompt", { wanted: "a text, or a list of {role, content}", value: undefined });
}
