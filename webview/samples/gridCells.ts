import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { SampledResponse } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";

/**
 * A response in the grid: its text as far as there is room, its score, and whether it was cut off.
 *
 * It is undefined until it is loaded, and null where there is none. All cells share one structure: replacing elements
 * would take longer than a frame while the thumb is dragged.
 */
export function completionCell(
  response: SampledResponse | null | undefined,
  show: (text: string) => unknown,
): TemplateResult {
  const score = response ? html`${short(response.score)}${response.ended ? nothing : unended()}` : "";
  return html`<div role="gridcell" class=${response === null ? "cell muted" : "cell"}>
    <span class="text">${textOf(response, show)}</span>
    <span class="score number">${score}</span>
  </div>`;
}

function textOf(response: SampledResponse | null | undefined, show: (text: string) => unknown): unknown {
  if (response === undefined) return "";
  if (response === null) return t("none yet");
  return response.text === "" ? html`<i class="muted">${t("(empty)")}</i>` : show(response.text);
}

function unended(): TemplateResult {
  return html`<span class="unended" role="img" aria-label=${t("did not end")} title=${t("Cut off at the length limit")}
    ><vscode-icon name="kebab-horizontal" size="14"></vscode-icon
  ></span>`;
}
