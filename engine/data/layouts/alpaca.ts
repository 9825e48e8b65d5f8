import type { Row } from "../rows/row.ts";
import { type Layout, hasColumns, optionalText, textOf } from "./layout.ts";

/** Instructions with an input maybe, as Stanford's Alpaca has them. */
export const alpaca: Layout = {
  name: "alpaca",
  description: "Alpaca: instruction, input, output",
  fits: (fields) => hasColumns(fields, "instruction"),
  sft: (row) => ({ prompt: instruction(row), response: textOf(row, "output") }),
  prompts: (row) => ({ prompt: instruction(row), ...optionalText(row, "category") }),
};

/** The input stands below its instruction. Alpaca's own frame around both was for models without a chat template. */
function instruction(row: Row): string {
  const input = hasColumns(row.fields, "input") ? textOf(row, "input") : "";
  return input === "" ? textOf(row, "instruction") : `${textOf(row, "instruction")}\n\n${input}`;
}
