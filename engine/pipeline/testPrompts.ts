import type { ModelConfig } from "../models/index.ts";
import { type Question, questionText } from "../protocol/conversation.ts";
import { excerpt } from "../common/json.ts";
import type { Prompt } from "../storage/datasets.ts";
import { ChatTemplateError, type PromptFormat } from "../text/index.ts";
import type { StageContext } from "./stage.ts";

/** Bytes of the longest of some questions. */
export function longestOf(questions: readonly Question[]): number {
  return questions.reduce((most, question) => Math.max(most, Buffer.byteLength(JSON.stringify(question))), 0);
}

/**
 * Test prompts that a model sees as a whole, with room for an answer: the others are left out, with a word about each. They
 * are no part of what the run is for, and must not end it when all is trained.
 */
export function fittingPrompts(
  questions: readonly Question[],
  { config: { maxPositions }, format }: { readonly config: ModelConfig; readonly format: PromptFormat },
  { report }: Pick<StageContext, "report">,
): readonly Prompt[] {
  return questions.flatMap((prompt) => {
    const defect = misfit(prompt, format, maxPositions);
    if (defect === undefined) return [{ prompt }];
    report({ kind: "note", message: `not answered: the test prompt ${excerpt(questionText(prompt))} ${defect}` });
    return [];
  });
}

function misfit(question: Question, format: PromptFormat, maxPositions: number): string | undefined {
  try {
    const { length } = format.encodePrompt(question);
    if (length > 0 && length < maxPositions) return undefined;
    return `has ${length} tokens, where the model takes from 1 to ${maxPositions - 1}`;
  } catch (error) {
    if (error instanceof ChatTemplateError) return error.what;
    throw error;
  }
}
