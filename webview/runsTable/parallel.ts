import { svg, type TemplateResult } from "lit";
import { dashText } from "../../engine/figures/index.ts";
import { type PlotAxis, axisOf } from "./axis.ts";
import type { RunsColumn } from "./columns.ts";
import type { PlotItem } from "./items.ts";
import { MARGIN, type PlacedItem, type PlotSpace, cut, isSelected } from "./plotParts.ts";

/** Pixels between two axes, at least. */
export const LEAST_BETWEEN = 96;
/** Where the axes begin and end, from the top and from the bottom. */
const [TOP, BOTTOM] = [44, 18];

/** An axis of parallel coordinates in its place. */
export interface StandingAxis extends PlotAxis {
  readonly x: number;
}

/** Parallel coordinates (Inselberg 1985): an axis a column, a line an item. */
export function parallel(
  items: readonly PlotItem[],
  columns: readonly RunsColumn[],
  space: PlotSpace,
): {
  readonly placed: readonly PlacedItem[];
  readonly axes: readonly StandingAxis[];
  readonly picture: TemplateResult;
} {
  const { width, height, lookOf, selected, pointed } = space;
  const step = (width - MARGIN.left - MARGIN.right - 30) / Math.max(1, columns.length - 1);
  const axes = columns.map((column, at): StandingAxis => {
    const values = items.map((item) => item.value(column));
    return { ...axisOf(column, values, [height - BOTTOM, TOP]), x: MARGIN.left + at * step };
  });
  const placed: PlacedItem[] = [];
  const lines = items.map((item, index) => {
    const { color, dash } = lookOf(item.model);
    let path = "";
    let isOpen = false;
    for (const axis of axes) {
      const y = axis.at(item.value(axis.column));
      // A line has a gap where its item has no value.
      if (y !== undefined) path += `${isOpen ? "L" : "M"}${axis.x.toFixed(1)} ${y.toFixed(1)}`;
      isOpen = y !== undefined;
      if (y !== undefined) placed.push({ item, index, x: axis.x, y });
    }
    const state = index === pointed ? "pointed" : isSelected(item, selected) ? "selected" : "";
    return svg`<path
      data-item=${index}
      class=${state}
      d=${path}
      stroke=${color}
      stroke-dasharray=${dashText(dash) ?? "none"}
    ></path>`;
  });
  const picture = svg`<g class=${`lines ${selected.size > 0 ? "some" : ""}`}>${lines}</g>
    ${axes.map((axis, at) => standing(axis, { height, room: step, isHigh: step < 2 * LEAST_BETWEEN && at % 2 === 1 }))}`;
  return { placed, axes, picture };
}

function standing(
  axis: StandingAxis,
  { height, room, isHigh }: { readonly height: number; readonly room: number; readonly isHigh: boolean },
): TemplateResult {
  const { x, column, ticks } = axis;
  // Where axes are close, names stand by turns in two lines.
  const name = cut(column.label, isHigh || room < 2 * LEAST_BETWEEN ? 2 * room - 12 : room - 8);
  return svg`<g class="axis standing" data-column=${column.id}>
    <rect class="grip" x=${x - 12} y=${TOP - 6} width="24" height=${height - TOP - BOTTOM + 12}></rect>
    <line x1=${x} x2=${x} y1=${TOP} y2=${height - BOTTOM}></line>
    ${ticks.map(
      ({ at, text }) => svg`<line x1=${x - 4} x2=${x} y1=${at} y2=${at}></line>
        <text class="onLines" x=${x - 7} y=${at + 4} text-anchor="end">${cut(text, Math.min(58, room - 10))}<title>${text}</title></text>`,
    )}
    <text class="name" x=${x} y=${isHigh ? 12 : 30} text-anchor="middle">${name}<title>${column.label}</title></text>
  </g>`;
}
