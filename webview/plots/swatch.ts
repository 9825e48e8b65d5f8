import { html, nothing, svg, type TemplateResult } from "lit";
import { dashText, markPath } from "../../engine/figures/index.ts";
import type { Look } from "./looks.ts";

/** A short piece of a line, as it is drawn in the plots. */
export function swatch({ color, dash, shape }: Look): TemplateResult {
  return html`<svg width="18" height="10" aria-hidden="true">
    <line
      x1="0"
      x2="18"
      y1="5"
      y2="5"
      stroke=${color}
      stroke-width="2.5"
      stroke-dasharray=${dashText(dash) ?? "none"}
    ></line>
    ${shape === undefined ? nothing : svg`<path d=${markPath(shape, 9, 5, 3.5)} fill=${color}></path>`}
  </svg>`;
}
