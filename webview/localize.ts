import { filledIn } from "../engine/protocol/format.ts";

let strings: Readonly<Record<string, string>> = {};

/** Takes over the translations that the extension sends at first. */
export function setStrings(translations: Readonly<Record<string, string>>): void {
  strings = translations;
}

/** A text in the editor's language: the English one names it, and `{0}` stands for the first value. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return fromCatalogue(text, ...values);
}

/** As `t`, for a text that is not written out at the place: translators have it from one of the engine's catalogues. */
export function fromCatalogue(text: string, ...values: readonly (string | number)[]): string {
  return filledIn(strings[text] ?? text, values);
}
