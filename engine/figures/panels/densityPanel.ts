import { rangeOf } from "../points.ts";
import { linearScale } from "../scale.ts";
import { element, short } from "../svg.ts";
import type { FigureTheme } from "../theme.ts";
import { type Box, type DrawnPanel, drawHorizontal, drawVertical, panelTitle, titleRoom, verticalAxis } from "./box.ts";
import { heatColor } from "./colormap.ts";
import type { DensityPanel, PanelSpot, QuantileColumn } from "./spec.ts";
import { axisValue, counted } from "./texts.ts";

/** Steps of the scale of colours: each is one path, however many cells have it. */
const LEVELS = 16;
/** Where many have one value, the cell between two percentiles has no height: pixels that it is drawn with. */
const LEAST_HEIGHT = 1.5;
/** Columns that a panel has pixels for: of more, every so many are drawn. */
const NARROWEST = 3;
/** On any colour of the scale one of the two is seen. */
const [INK, HALO] = ["#10131a", "#ffffff"];

/** How a distribution moves along an axis: between neighbouring percentiles, the more there are the lighter; the median as a line. */
export function drawDensity(panel: DensityPanel, box: Box, theme: FigureTheme): DrawnPanel {
  const frame = { top: box.top + titleRoom(panel.title) + 14, bottom: box.top + box.height - 44 };
  const range = panel.range ?? rangeOf(...panel.columns.map(({ values }) => values)) ?? { min: 0, max: 1 };
  const vertical = verticalAxis(range, panel.y, frame);
  const area = { ...frame, left: box.left + vertical.width, right: box.left + box.width - 8 };
  const columns = thinned(panel.columns, Math.floor((area.right - area.left) / NARROWEST));
  const ends = rangeOf(columns.map(({ x }) => x)) ?? { min: 0, max: 1 };
  const pad = columns.length > 1 ? (ends.max - ends.min) / (columns.length - 1) / 2 : 0.5;
  const along = linearScale({ min: ends.min - pad, max: ends.max + pad }, { from: area.left, to: area.right }, 0);
  const body = [
    panelTitle(panel.title, box),
    drawVertical(vertical, panel.y, area, theme),
    drawHorizontal(along, panel.x, area, theme),
    ...cellPaths(panel, columns, { along: along.at, up: vertical.scale.at }),
    ...medianPaths(panel, columns, { along: along.at, up: vertical.scale.at }),
  ].join("");
  const middle = panel.percents.indexOf(50);
  const spots = columns.map(({ x, values, n }): PanelSpot => {
    const at = values[middle] ?? values[0] ?? 0;
    return { x: along.at(x), y: vertical.scale.at(at), text: columnText(panel, { x, values, n }) };
  });
  return { body, spots };
}

interface Scales {
  readonly along: (x: number) => number;
  readonly up: (y: number) => number;
}

/** The cells of each colour as one path. */
function cellPaths({ percents }: DensityPanel, columns: readonly QuantileColumn[], { along, up }: Scales): string[] {
  const cells = columns.flatMap(({ x, values }, at) => {
    const [before, after] = [columns[at - 1]?.x ?? x - 2 * halfStep(columns, at), columns[at + 1]?.x];
    const left = along((before + x) / 2);
    const right = along(((after ?? x + 2 * halfStep(columns, at)) + x) / 2);
    return percents.slice(1).map((percent, nth) => {
      const [low = 0, high = 0] = [values[nth], values[nth + 1]];
      const [top, bottom] = [up(high), up(low)];
      const height = Math.max(LEAST_HEIGHT, bottom - top);
      const middle = (top + bottom) / 2;
      const density = (percent - (percents[nth] ?? 0)) / height;
      return { left, right, top: middle - height / 2, height, density };
    });
  });
  const most = cells.reduce((max, { density }) => Math.max(max, density), 0);
  // Equal steps of the root are told apart where a few cells hold nearly all.
  const levels = new Map<number, string>();
  for (const { left, right, top, height, density } of cells) {
    const level = Math.round((LEVELS - 1) * Math.sqrt(density / (most || 1)));
    const cell = `M${short(left)},${short(top)}H${short(right)}V${short(top + height)}H${short(left)}Z`;
    levels.set(level, `${levels.get(level) ?? ""}${cell}`);
  }
  return [...levels].map(([level, d]) => element("path", { d, fill: heatColor(level / (LEVELS - 1)) }));
}

/** Half the distance to the nearest neighbour of a column; half a step for one alone. */
function halfStep(columns: readonly QuantileColumn[], at: number): number {
  const x = columns[at]?.x ?? 0;
  const near = [columns[at - 1], columns[at + 1]].flatMap((one) => (one === undefined ? [] : [Math.abs(one.x - x)]));
  return near.length === 0 ? 0.5 : Math.min(...near) / 2;
}

/** The median, within a halo that is seen on light cells. */
function medianPaths({ percents }: DensityPanel, columns: readonly QuantileColumn[], { along, up }: Scales): string[] {
  const middle = percents.indexOf(50);
  if (middle < 0 || columns.length < 2) return [];
  const d = columns.map(({ x, values }, at) => {
    return `${at === 0 ? "M" : "L"}${short(along(x))},${short(up(values[middle] ?? 0))}`;
  });
  const line = { d: d.join(""), fill: "none", "stroke-linejoin": "round" };
  return [
    element("path", { ...line, stroke: INK, "stroke-width": 4 }),
    element("path", { ...line, stroke: HALO, "stroke-width": 1.8 }),
  ];
}

function thinned(columns: readonly QuantileColumn[], most: number): readonly QuantileColumn[] {
  const every = Math.ceil(columns.length / Math.max(1, most));
  // The last one is where it ends.
  return columns.filter((_, at) => (columns.length - 1 - at) % every === 0);
}

/** "Step 40: median 0.5, half from 0.4 to 0.6, 90 % from 0.1 to 0.9, all from −0.2 to 1.1, mean over 4 seeds". */
function columnText({ x: axis, y, percents }: DensityPanel, { x, values, n }: QuantileColumn): string {
  const at = (percent: number): string => axisValue(values[percents.indexOf(percent)] ?? NaN, y);
  const parts = [
    `${axis.label} ${counted(x)}: median ${at(50)}`,
    `half from ${at(25)} to ${at(75)}`,
    `90 % from ${at(5)} to ${at(95)}`,
    `all from ${at(0)} to ${at(100)}`,
  ];
  return [...parts, ...(n > 1 ? [`mean over ${n} seeds`] : [])].join(", ");
}
