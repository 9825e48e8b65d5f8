import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "../../../engine/protocol/conversation.ts";
import { type FormatChoices, type TokenizerFiles, PromptFormat, Tokenizer } from "../../../engine/text/index.ts";

/** A rendering by transformers, or the template's refusal. */
export type Outcome = { readonly text: string; readonly ids: readonly number[] } | { readonly raises: string | null };

/** A conversation, rendered in all ways. */
export interface GoldenCase {
  readonly messages: readonly Message[];
  readonly plain: Outcome;
  readonly prompt: Outcome;
  readonly continued: Outcome;
  /** Tokens that transformers counts to the assistant. */
  readonly mask?: readonly number[];
}

/** A template in the manner of a family, its tokenizer's settings, and what transformers makes of conversations. */
export interface Family {
  readonly settings: TokenizerFiles["settings"];
  readonly postProcessor: TokenizerFiles["settings"] | null;
  readonly cases: readonly GoldenCase[];
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), "utf8"));
}

export const { families } = read("golden.json") as { readonly families: Readonly<Record<string, Family>> };
const tokenizer = read("tokenizer.json") as TokenizerFiles["tokenizer"];

/** A family's tokenizer files; all have one vocabulary. */
export function filesOf(name: string): TokenizerFiles {
  const { settings, postProcessor } = families[name] ?? { settings: {}, postProcessor: null };
  return { tokenizer: { ...tokenizer, post_processor: postProcessor }, settings };
}

/** A family's template. */
export function templateOf(name: string): string {
  return readFileSync(join(import.meta.dirname, "templates", `${name}.jinja`), "utf8");
}

/** How prompts are put to a model of a family. */
export function formatOf(name: string, choices: FormatChoices = {}): PromptFormat {
  const source = { text: templateOf(name), where: `${name}.jinja` };
  return new PromptFormat(new Tokenizer(filesOf(name)), source, { choices });
}
