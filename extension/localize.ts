import { type Translate, inEnglish } from "../engine/protocol/format.ts";

let translate: Translate = inEnglish;

/** Has texts translated from here on; without it they stay English, as in tests outside of the editor. */
export function setTranslate(by: Translate): void {
  translate = by;
}

/** A text for people, from code that runs without the editor: `vscode.l10n.t` for the rest of the extension. */
export function t(message: string, ...values: (string | number)[]): string {
  return translate(message, ...values);
}

/** As `t`, for a text that is not written out at the place: translators have it from one of the engine's catalogues. */
export function fromCatalogue(message: string, ...values: (string | number)[]): string {
  return translate(message, ...values);
}
