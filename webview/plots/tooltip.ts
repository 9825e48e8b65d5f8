import { html, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import type { DrawnLine } from "./draw.ts";
import type { XAxis } from "./prepared.ts";
import { placeText, type Reading, readingsAt } from "./readings.ts";
import type { SharedCursor } from "./shared.ts";
import { swatch } from "./swatch.ts";

/** Lines that the tooltip lists at most, highest first. */
const MOST_READINGS = 16;

/** Values of the lines at the cursor, shown on the side that has room. */
export function tooltip(
  cursor: SharedCursor | undefined,
  lines: readonly DrawnLine[],
  axis: XAxis,
): TemplateResult | typeof nothing {
  if (cursor === undefined || lines.length === 0) return nothing;
  const readings = readingsAt(lines, cursor.x);
  const shown = readings.slice(0, MOST_READINGS);
  const isRight = cursor.left > window.innerWidth / 2;
  const isLow = cursor.top > window.innerHeight * 0.6;
  const style = {
    [isRight ? "right" : "left"]: `${isRight ? window.innerWidth - cursor.left + 14 : cursor.left + 14}px`,
    [isLow ? "bottom" : "top"]: `${isLow ? window.innerHeight - cursor.top + 10 : cursor.top + 10}px`,
  };
  const rest = readings.length - shown.length;
  return html`<div class="tooltip" aria-hidden="true" ${styled(style)}>
    <strong>${placeText(readings[0]?.at ?? cursor.x, axis)}</strong>
    <table>
      <tbody>
        ${shown.map(row)}
      </tbody>
    </table>
    ${rest > 0 ? html`<span class="muted">${t("and {0} more", rest)}</span>` : nothing}
  </div>`;
}

function row({ title, look, value }: Reading): TemplateResult {
  return html`<tr>
    <td>${swatch(look)}</td>
    <td>${title}</td>
    <td>${short(value)}</td>
  </tr>`;
}
