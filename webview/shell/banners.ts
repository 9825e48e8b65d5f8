import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { RunOutline, RunSummary } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { nameOfStage } from "../parts/stageName.ts";

/** Says why the engine service does not run. */
export function serviceBanner(problem: string | null, showLog: () => void): TemplateResult | typeof nothing {
  if (problem === null) return nothing;
  return html`<div class="banner bad" role="alert">
    <vscode-icon class="tone-bad" name="error"></vscode-icon>
    <p>${t("The engine service has stopped: {0}", problem)}</p>
    <button class="link" @click=${showLog}>${t("Show Log")}</button>
  </div>`;
}

/** Says why a run cannot be read, or how it failed. */
export function runBanner(
  summary: RunSummary | undefined,
  outline: RunOutline | undefined,
  showLog: () => void,
): TemplateResult | typeof nothing {
  const failure = outline?.failure ?? summary?.failure;
  if (summary?.problem !== undefined) {
    return html`<div class="banner" role="status">
      <vscode-icon class="tone-halted" name="warning"></vscode-icon>
      <p>${summary.problem}</p>
    </div>`;
  }
  if (failure === undefined) return nothing;
  const where = failure.stage === null ? "" : `${nameOfStage(outline, failure.stage)}: `;
  return html`<div class="banner bad" role="status">
    <vscode-icon class="tone-bad" name="error"></vscode-icon>
    <p>${where}${failure.message}</p>
    <button class="link" @click=${showLog}>${t("Show Log")}</button>
  </div>`;
}
