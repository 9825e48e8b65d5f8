import { filledIn } from "../engine/common/format.ts";

let strings: Readonly<Record<string, string>> = {};

/** Stores the translations, which the extension sends first. */
export function setStrings(translations: Readonly<Record<string, string>>): void {
  strings = translations;
}

/** A text in the editor's language: the English one names it, and `{0}` stands for the first value. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return fromCatalogue(text, ...values);
}

/** Like `t`, for text that is not a literal at the call site: translators get it from the engine's catalogues. */
export function fromCatalogue(text: string, ...values: readonly (string | number)[]): string {
  return filledIn(strings[text] ?? text, values);
}
