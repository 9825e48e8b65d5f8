import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { Completion } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";

/** A completion in the grid: its text as far as there is room, its score, and whether it was cut off. */
export function completionCell(completion: Completion | null, show: (text: string) => unknown): TemplateResult {
  if (completion === null) return html`<div role="gridcell" class="cell muted">${t("none yet")}</div>`;
  const { text, ended, score } = completion;
  return html`<div role="gridcell" class="cell">
    <span class="text">${text === "" ? html`<i class="muted">${t("(empty)")}</i>` : show(text)}</span>
    <span class="score number">${short(score)}${ended ? nothing : unended()}</span>
  </div>`;
}

function unended(): TemplateResult {
  return html`<span class="unended" role="img" aria-label=${t("did not end")} title=${t("Cut off at the length limit")}
    ><vscode-icon name="kebab-horizontal" size="14"></vscode-icon
  ></span>`;
}

/** A row that has not come yet. */
export function placeholderCell(nColumns: number): TemplateResult {
  return html`<div role="gridcell" class="cell" aria-colspan=${nColumns}>
    <span class="skeleton"></span><span class="visually-hidden">${t("Loading…")}</span>
  </div>`;
}
