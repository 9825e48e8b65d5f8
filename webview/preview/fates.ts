import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, type TemplateResult } from "lit";
import { REASONS } from "../../engine/protocol/dataCounts.ts";
import type { PreviewFate, PreviewRow } from "../../engine/protocol/preview.ts";
import { t } from "../localize.ts";

/** Fate of a row, in a word. */
export function fateText(fate: PreviewFate): string {
  switch (fate) {
    case "used":
      return t("used");
    case "validation":
      return t("kept back");
    case "left out":
      return t("left out");
    case "refused":
      return t("error");
  }
}

const ICONS: Readonly<Record<PreviewFate, string>> = {
  used: "check",
  validation: "eye-closed",
  "left out": "circle-slash",
  refused: "error",
};

/** The same with an icon. */
export function fateLabel(fate: PreviewFate): TemplateResult {
  return html`<span class="fate"><vscode-icon name=${ICONS[fate]} size="14"></vscode-icon>${fateText(fate)}</span>`;
}

/** Why a row is not used, in words; empty where there is nothing to say. */
export function whyText({ problem, reason }: Pick<PreviewRow, "problem" | "reason">): string {
  return problem ?? (reason === undefined ? "" : reasonText(reason));
}

/** A reason, as it is said of several records. */
export function reasonText(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : t("that cannot be read");
}

/** Where a row stands: "12", or "row 12" of files without lines. */
export function placeText({ line, row }: Pick<PreviewRow, "line" | "row">): string {
  if (line !== undefined) return String(line);
  return row === undefined ? "–" : t("row {0}", row);
}
