import { svg, type TemplateResult } from "lit";
import { heatColor } from "../../engine/figures/panels/colormap.ts";
import { rangeOf } from "../../engine/figures/index.ts";
import type { TableValue } from "../../engine/protocol/runsTable.ts";
import { t } from "../localize.ts";
import { intervalText, spreadText } from "./cells.ts";
import { type RunsColumn, cellText } from "./columns.ts";
import { type Spread, groupRows, spreadOf, valuesOf } from "./groups.ts";
import type { PlotItem } from "./items.ts";
import { MARGIN, type PlacedItem, type PlotSpace, cut, isSelected } from "./plotParts.ts";
import type { ModelRow } from "./rows.ts";

/** Share of the colours from which on they are light. */
const LIGHT_FROM = 0.55;

/** The mean of a result for each pair of values of two settings. */
export function heatMap(
  rows: readonly ModelRow[],
  { x, y, value }: { readonly x: RunsColumn; readonly y: RunsColumn; readonly value: RunsColumn },
  space: PlotSpace,
): { readonly items: readonly PlotItem[]; readonly placed: readonly PlacedItem[]; readonly picture: TemplateResult } {
  const { width, height, selected, pointed } = space;
  const cells = groupRows(rows, [x.id, y.id]).flatMap(({ rows: own }) => {
    const [spread, [across], [up]] = [spreadOf(own, value), valuesOf(own, x.id), valuesOf(own, y.id)];
    return spread === undefined || across === undefined || up === undefined ? [] : [{ own, spread, across, up }];
  });
  const columns = ordered(cells.map(({ across }) => across));
  const lines = ordered(cells.map(({ up }) => up)).reverse(); // values grow upwards
  const box = {
    width: (width - MARGIN.left - MARGIN.right) / Math.max(1, columns.length),
    height: (height - MARGIN.top - MARGIN.bottom) / Math.max(1, lines.length),
  };
  const range = rangeOf(cells.map(({ spread }) => spread.mean)) ?? { min: 0, max: 1 };
  const items = cells.map(({ own, spread, across, up }): PlotItem => {
    const about = `${x.label} ${cellText(x, across)} · ${y.label} ${cellText(y, up)}`;
    return {
      keys: own.map(({ key }) => key),
      name: `${about} · ${value.label} ${spreadText(value, spread)} · ${t("n = {0}", spread.n)}`,
      model: undefined,
      value: ({ id }) => (id === x.id ? across : id === y.id ? up : spread.mean),
    };
  });
  const placed = items.map((item, index): PlacedItem => {
    const [across, up] = [item.value(x), item.value(y)];
    const left = MARGIN.left + columns.findIndex((one) => one === across) * box.width;
    const top = MARGIN.top + lines.findIndex((one) => one === up) * box.height;
    return { item, index, x: left + box.width / 2, y: top + box.height / 2 };
  });
  const picture = svg`${placed.map(({ item, index, x: px, y: py }) => {
    const spread = cells[index]?.spread;
    const share =
      spread === undefined || range.max === range.min ? 0.5 : (spread.mean - range.min) / (range.max - range.min);
    const ink = share > LIGHT_FROM ? "#000000" : "#ffffff";
    return svg`<g data-item=${index} class=${index === pointed ? "pointed" : isSelected(item, selected) ? "selected" : ""}>
      <rect
        data-item=${index}
        class="box"
        x=${px - box.width / 2 + 1}
        y=${py - box.height / 2 + 1}
        width=${Math.max(1, box.width - 2)}
        height=${Math.max(1, box.height - 2)}
        fill=${heatColor(share)}
      ></rect>
      <text class="in" x=${px} y=${py} text-anchor="middle" fill=${ink}>${cut(cellText(value, spread?.mean), box.width)}</text>
      <text class="in small" x=${px} y=${py + 15} text-anchor="middle" fill=${ink}>${cut(underText(value, spread), box.width)}</text>
    </g>`;
  })}
  <g class="axis">
    ${columns.map(
      (one, at) =>
        svg`<text x=${MARGIN.left + (at + 0.5) * box.width} y=${height - MARGIN.bottom + 18} text-anchor="middle">${cut(cellText(x, one), box.width)}</text>`,
    )}
    ${lines.map(
      (one, at) =>
        svg`<text x=${MARGIN.left - 8} y=${MARGIN.top + (at + 0.5) * box.height + 4} text-anchor="end">${cut(cellText(y, one), MARGIN.left - 12)}</text>`,
    )}
    <text class="name" x="4" y="11">${y.label}</text>
    <text class="name" x=${(MARGIN.left + width - MARGIN.right) / 2} y=${height - 8} text-anchor="middle">${x.label}</text>
  </g>`;
  return { items, placed, picture };
}

/** The interval of a box, else of how many rows it is the mean. */
function underText(value: RunsColumn, spread: Spread | undefined): string {
  const interval = spread === undefined ? "" : intervalText(value, spread);
  return interval === "" ? t("n = {0}", spread?.n ?? 0) : interval;
}

function ordered(values: readonly TableValue[]): TableValue[] {
  return [...new Set(values)].sort((a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)),
  );
}
