import { html, type TemplateResult } from "lit";
import type { Look } from "./looks.ts";

/** A short piece of a line, as it is drawn in the plots. */
export function swatch({ color, dash }: Look): TemplateResult {
  return html`<svg width="18" height="10" aria-hidden="true">
    <line
      x1="0"
      x2="18"
      y1="5"
      y2="5"
      stroke=${color}
      stroke-width="2.5"
      stroke-dasharray=${dash.join(" ") || "none"}
    ></line>
  </svg>`;
}
