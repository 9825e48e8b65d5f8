import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-progress-ring/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";

/** A button of a notice. */
export interface Action {
  readonly label: string;
  /** A codicon's name. */
  readonly icon?: string;
  readonly isSecondary?: boolean;
  readonly run: () => void;
}

/** Placeholder that a view shows when it has no content. */
export interface Notice {
  readonly icon: string;
  readonly title: string;
  readonly text?: string | TemplateResult;
  readonly actions?: readonly Action[];
}

/** Progress notice for content that is loading; announced to screen readers. */
export function loadingNotice(what: string): TemplateResult {
  return html`<div class="notice" role="status">
    <vscode-progress-ring aria-hidden="true"></vscode-progress-ring>
    <p>${what}</p>
  </div>`;
}

/** Notice for an empty view, with suggestions for what to do next. */
export function emptyNotice({ icon, title, text, actions = [] }: Notice): TemplateResult {
  return html`<div class="notice">
    <vscode-icon name=${icon} size="32"></vscode-icon>
    <h2>${title}</h2>
    ${text === undefined ? nothing : html`<p>${text}</p>`} ${actionRow(actions)}
  </div>`;
}

/** Error notice with the service's own message and a button to try again. */
export function failedNotice(title: string, message: string, retry: () => void): TemplateResult {
  const actions = [{ label: t("Try Again"), icon: "refresh", run: retry }];
  return html`<div class="notice" role="alert">
    <vscode-icon class="error-icon" name="error" size="32"></vscode-icon>
    <h2>${title}</h2>
    <p class="words">${message}</p>
    ${actionRow(actions)}
  </div>`;
}

/** A short warning in a line of text; colour alone would not be seen by all. */
export function warning(text: string): TemplateResult {
  return html`<span class="warning"><vscode-icon name="warning" size="14"></vscode-icon>${text}</span>`;
}

/** Buttons side by side. */
export function actionRow(actions: readonly Action[]): TemplateResult | typeof nothing {
  if (actions.length === 0) return nothing;
  return html`<div class="actions">
    ${actions.map(
      ({ label, icon, isSecondary = false, run }) =>
        html`<vscode-button ?secondary=${isSecondary} icon=${icon ?? nothing} @click=${run}>${label}</vscode-button>`,
    )}
  </div>`;
}
