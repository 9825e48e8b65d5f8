import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { LayoutBook } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";

/** Problems beside the rows, and what to do about them. */
export interface Banners {
  /** With files that cannot be used. */
  readonly book: LayoutBook;
  /** Why the last wish was not granted. */
  readonly failure: string | undefined;
  readonly serviceProblem: string | null;
  readonly open: (place: { readonly file: string; readonly line: number }) => void;
  readonly dismiss: () => void;
}

/** A line for each of the problems. */
export function banners({ book, failure, serviceProblem, open, dismiss }: Banners): TemplateResult {
  const failed = (text: string, more?: TemplateResult): TemplateResult =>
    html`<div class="banner" role="alert">
      <vscode-icon name="error"></vscode-icon><span>${text}</span> ${more ?? nothing}
    </div>`;
  return html`${book.problems.map(
    ({ file, line, message }) =>
      html`<div class="banner" role="alert">
        <vscode-icon name="warning"></vscode-icon>
        <span>${t("Layouts, tags and notes of a file are not used: {0}:{1} {2}", file, line, message)}</span>
        <button class="link" @click=${() => open({ file, line })}>${t("Open")}</button>
      </div>`,
  )}
  ${
    failure === undefined
      ? nothing
      : failed(failure, html`<button class="link" @click=${dismiss}>${t("Dismiss")}</button>`)
  }
  ${serviceProblem === null ? nothing : failed(serviceProblem)}`;
}
