import type { Prompt } from "../../storage/datasets.ts";
import type { Row } from "../rows/row.ts";
import { type Layout, hasColumns, optionalText, textOf, valueOf } from "./layout.ts";
import { questionIn, turnsOf } from "./turns.ts";

/** This project's own: a prompt, and a response where it is for SFT. Lists of prompts are this without a response. */
export const promptResponse: Layout = {
  name: "promptResponse",
  description: "prompt and response (or completion); prompts alone for RLHF and benchmarks",
  fits: (fields) => hasColumns(fields, "prompt"),
  sft: (row) => {
    const field =
      hasColumns(row.fields, "completion") && !hasColumns(row.fields, "response") ? "completion" : "response";
    if (Array.isArray(valueOf(row.fields, "prompt"))) {
      return { messages: [...turnsOf(row, "prompt"), { role: "assistant", content: textOf(row, field) }] };
    }
    return { prompt: textOf(row, "prompt"), response: textOf(row, field) };
  },
  prompts: promptOf,
};

function promptOf(row: Row): Prompt {
  const isList = Array.isArray(valueOf(row.fields, "prompt"));
  const prompt = isList ? questionIn(turnsOf(row, "prompt")) : textOf(row, "prompt");
  return { prompt, ...optionalText(row, "category"), ...optionalText(row, "reference") };
}
