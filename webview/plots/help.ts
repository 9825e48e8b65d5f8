import { html, type TemplateResult } from "lit";
import { t } from "../localize.ts";

/** Help on mouse and keyboard control of a plot, shown on request. */
export function plotHelp(): TemplateResult {
  const gestures = [
    t("Drag: zoom to a stretch, in all plots. Double-click or 0: see all again."),
    t("Ctrl or ⌘ and wheel, two fingers, + and −: zoom at the cursor."),
    t("Shift and drag, middle button, Shift and wheel: move along the axis."),
    t("Arrow keys, Home and End: move the cursor from point to point, with Shift further at a time."),
  ];
  return html`<details class="help">
    <summary>${t("Mouse and keys")}</summary>
    <ul>
      ${gestures.map((gesture) => html`<li>${gesture}</li>`)}
    </ul>
  </details>`;
}
