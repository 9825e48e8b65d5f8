import { css, html, nothing, type TemplateResult } from "lit";
import { describeMetric } from "../../engine/protocol/catalogue.ts";
import { fromCatalogue, t } from "../localize.ts";
import type { Curve } from "../model.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { sparkline } from "./sparkline.ts";

const SIZE = { width: 180, height: 40 };

/** Styles of a small curve that is a button. */
export const sparklineStyles = css`
  .spark {
    display: block;
    max-width: 100%;
    overflow: hidden;
    padding: 4px 8px;
    color: inherit;
    background: none;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    font: inherit;
    text-align: left;
    cursor: pointer;
  }
  .spark:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .spark span {
    display: flex;
    justify-content: space-between;
    gap: 12px;
    font-size: 0.92em;
  }
  .spark path {
    fill: none;
    stroke: var(--line);
    stroke-width: 1.5;
  }
  .spark line {
    stroke: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
    stroke-dasharray: 3 2;
  }
  .spark circle {
    fill: var(--line);
  }
`;

/** A metric around the step of an alarm; a click shows it in full. */
export function sparklinePlot(
  metric: string,
  step: number,
  {
    curve,
    color,
    show,
  }: {
    readonly curve: Curve | undefined;
    /** Of the stage's arm, as in every view. */
    readonly color: string;
    readonly show: () => void;
  },
): TemplateResult | typeof nothing {
  const spark = curve && sparkline(curve, step, SIZE);
  if (spark === undefined) return nothing;
  const { label } = describeMetric(metric, fromCatalogue);
  const { x, y, value, path, first, last, least, most } = spark;
  const name = t(
    "{0} {2} at step {1}; between {3} and {4} from step {5} to {6}. Show in Metrics",
    label,
    step,
    value === undefined ? t("not a number") : short(value),
    short(least),
    short(most),
    first,
    last,
  );
  return html`<button class="spark" aria-label=${name} title=${name} @click=${show}>
    <span>${label} <b class="number">${value === undefined ? t("not a number") : short(value)}</b></span>
    <svg width=${SIZE.width} height=${SIZE.height} aria-hidden="true" ${styled({ "--line": color })}>
      <line x1=${x} x2=${x} y1="0" y2=${SIZE.height}></line>
      <path d=${path}></path>
      <circle cx=${x} cy=${y ?? SIZE.height / 2} r=${y === undefined ? 0 : 3}></circle>
    </svg>
  </button>`;
}
