import { html, type TemplateResult } from "lit";
import { t } from "../localize.ts";

/** Help on mouse and keyboard control of a plot, shown on request. */
export function plotHelp(): TemplateResult {
  const gestures = [
    t("Drag: zoom in, in all plots. Double-click or 0: reset the zoom."),
    t("Ctrl or ⌘ and wheel, two fingers, or + and −: zoom at the cursor."),
    t("Shift and drag, middle button, or Shift and wheel: pan along the axis."),
    t("Arrow keys, Home and End: move the cursor from point to point, with Shift in larger steps."),
  ];
  return html`<details class="help">
    <summary>${t("Mouse and keys")}</summary>
    <ul>
      ${gestures.map((gesture) => html`<li>${gesture}</li>`)}
    </ul>
  </details>`;
}
