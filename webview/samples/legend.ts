import { html, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { heatColour, type HeatScale, type Quantity } from "./heat.ts";
import { quantityLabel } from "./tokenMap.ts";

/** The colours of a heat-map with their numbers: 0 is in the middle, or at the end for log-probabilities. */
export function heatLegend(quantity: Quantity, scale: HeatScale): TemplateResult {
  const { reach, isDiverging } = scale;
  const ends = isDiverging ? [-reach, 0, reach] : [-reach, 0];
  const background = `linear-gradient(to right, ${ends.map((value) => heatColour(value, scale)).join(", ")})`;
  return html`<figure
    class="legend"
    aria-label=${t("{0}: blue is {1}, orange is {2}", quantityLabel(quantity), short(-reach), short(reach))}
  >
    <figcaption>${quantityLabel(quantity)}</figcaption>
    ${
      reach === 0
        ? html`<span class="muted">${t("every value is 0")}</span>`
        : html`<div class="ramp">
            <div class="colours" ${styled({ background })}></div>
            <div class="ends">${ends.map((value) => html`<span>${short(value)}</span>`)}</div>
          </div>`
    }
  </figure>`;
}
