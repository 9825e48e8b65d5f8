import { type Translate, inEnglish } from "../engine/common/format.ts";

let translate: Translate = inEnglish;

/** Has texts translated from here on; without it they stay English, as in tests outside of the editor. */
export function setTranslate(by: Translate): void {
  translate = by;
}

/** Translates user-facing text in code that runs without the editor; the rest of the extension uses `vscode.l10n.t`. */
export function t(message: string, ...values: (string | number)[]): string {
  return translate(message, ...values);
}

/** Like `t`, for text that is not a literal at the call site: translators get it from the engine's catalogues. */
export function fromCatalogue(message: string, ...values: (string | number)[]): string {
  return translate(message, ...values);
}
