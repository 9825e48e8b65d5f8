import { isRecord } from "../../common/dictionary.ts";
import type { Json } from "../../storage/json.ts";
import type { Row } from "../rows/row.ts";
import { type Layout, has, optionalText, valueOf, wrongType } from "./layout.ts";

/**
 * Questions of benchmarks: MT-Bench's, whose turns are texts, and Arena-Hard's before April 2025, whose turns are
 * `{content}`. The first turn is the prompt: a second one needs the answer to the first.
 */
export const questions: Layout = {
  name: "questions",
  description: "MT-Bench and Arena-Hard: turns, category",
  fits: (fields) => has(fields, "turns"),
  prompts: (row) => ({ prompt: firstTurn(row), ...optionalText(row, "category") }),
};

function firstTurn(row: Row): string {
  const value = valueOf(row.fields, "turns");
  const first = Array.isArray(value) ? (value as readonly Json[])[0] : undefined;
  const text = isRecord(first) ? valueOf(first, "content") : first;
  if (typeof text === "string") return text;
  throw wrongType(row, "turns[0]", { wanted: "a text, or {content}", value: text ?? undefined });
}
