import { css, html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { markPath } from "../../engine/figures/index.ts";
import { t } from "../localize.ts";
import { percent } from "../parts/format.ts";
import { type Forest, forest, type ForestEntry, type ForestMark } from "./forest.ts";

const SIZE = 5;
const SEED_SIZE = 3.5;

/** Styles of the forest plot and its legend. */
export const forestStyles = css`
  figcaption salsa-menu {
    margin-left: auto;
  }
  .forest {
    display: block;
    overflow: visible;
    font-size: 12px;
  }
  .forest text {
    fill: var(--vscode-foreground);
    dominant-baseline: middle;
  }
  .forest .group {
    font-weight: 600;
  }
  .forest .tick,
  .forest .axis-name {
    fill: var(--vscode-descriptionForeground);
    text-anchor: middle;
    font-size: 11px;
  }
  .forest .grid-line {
    stroke: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, currentColor));
    stroke-opacity: 0.5;
  }
  .forest .reference {
    stroke: var(--vscode-foreground);
    stroke-dasharray: 4 3;
  }
  .whisker {
    stroke: var(--vscode-foreground);
    stroke-width: 1.5;
  }
  .point {
    fill: var(--vscode-foreground);
    stroke: var(--vscode-foreground);
    stroke-width: 1.5;
  }
  .point.seed {
    fill: var(--vscode-editor-background);
  }
`;

/** A forest plot of win rates; the table gives the same numbers. */
export function forestPlot(entries: readonly ForestEntry[], width: number): TemplateResult {
  const { height, left, right, reference, bottom, ticks, labels, marks } = forest(entries, width);
  const name = t("Adjusted win rates with 95 % intervals; the table has the same numbers");
  return html`<svg class="forest" role="img" aria-label=${name} width=${width} height=${height}>
    ${axis({ reference, bottom, ticks })}
    ${labels.map(
      ({ y, text, isGroup }) => svg`<text class=${isGroup ? "group" : ""} x=${isGroup ? 0 : 12} y=${y}>${text}</text>`,
    )}
    ${marks.map(drawMark)}
    ${marks.length === 0 ? svg`<text x=${(left + right) / 2} y=${bottom / 2}>${t("no interval to draw")}</text>` : nothing}
  </svg>`;
}

/** Ticks of an axis below, and the line that all is compared with. */
export function axis({ reference, bottom, ticks }: Pick<Forest, "reference" | "bottom" | "ticks">): SVGTemplateResult {
  return svg`${ticks.map(
    ({ x, label }) =>
      svg`<line class="grid-line" x1=${x} x2=${x} y1="0" y2=${bottom}></line>
        <text class="tick" x=${x} y=${bottom + 12}>${label}</text>`,
  )}
    <line class="reference" x1=${reference} x2=${reference} y1="0" y2=${bottom}></line>`;
}

/** An interval as a line with ends; nothing where there is none. */
export function whiskers({
  low,
  high,
  y,
}: {
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly y: number;
}): SVGTemplateResult | typeof nothing {
  if (low === undefined || high === undefined) return nothing;
  return svg`<line class="whisker" x1=${low} x2=${high} y1=${y} y2=${y}></line>
    ${[low, high].map((end) => svg`<line class="whisker" x1=${end} x2=${end} y1=${y - 3} y2=${y + 3}></line>`)}`;
}

function drawMark({ entry, x, y, low, high, isSeed }: ForestMark): SVGTemplateResult {
  const { row, label } = entry;
  const interval = `${percent(row.low)} – ${percent(row.high)}`;
  const title = `${label}${isSeed ? `, ${t("seed {0}", row.seed)}` : ""}: ${percent(row.adjusted)} % (${interval}), n = ${row.n}`;
  return svg`<g>
    <title>${title}</title>
    ${whiskers({ low, high, y })}
    <path class=${isSeed ? "point seed" : "point"} d=${markPath(entry.run, x, y, isSeed ? SEED_SIZE : SIZE)}></path>
  </g>`;
}

/** The mark of a run, as in the plot: colours are the arms' own, and runs have shapes. */
export function runMark(run: number): TemplateResult {
  return html`<svg width="14" height="14" aria-hidden="true">
    <path class="point" d=${markPath(run, 7, 7, SIZE)}></path>
  </svg>`;
}
