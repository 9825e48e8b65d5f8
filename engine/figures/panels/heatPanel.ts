import { SIZES, axisText } from "../frame.ts";
import { rangeOf } from "../points.ts";
import { element, short, textElement, widthOf } from "../svg.ts";
import type { FigureTheme } from "../theme.ts";
import { ticks } from "../ticks.ts";
import { type Box, type DrawnPanel, colorAt, panelTitle, titleRoom } from "./box.ts";
import { heatColor } from "./colormap.ts";
import { contour } from "./contours.ts";
import type { HeatPanel, PanelSpot } from "./spec.ts";
import { axisTick, estimateText } from "./texts.ts";

/** Contours between the least and the largest value. */
const LEVELS = 7;
/** Room of the scale of colours at the right, of the plane's name below, and of the scale's above. */
const [SCALE, BELOW, ABOVE] = [96, 26, 14];
/** Cells overlap by this much, so that no seams show. */
const SEAM = 0.3;
/** On any colour of the scale one of the two is seen. */
const [INK, HALO] = ["#10131a", "#ffffff"];

/** Estimates over a plane as colours, with contours, the triangle of the models that span it, and others projected. */
export function drawHeat(panel: HeatPanel, box: Box, theme: FigureTheme): DrawnPanel {
  const { columns, rows, step, left, bottom } = panel;
  const [width, height] = [columns * step, rows * step];
  const room = { width: box.width - SCALE, height: box.height - titleRoom(panel.title) - ABOVE - BELOW };
  // Both axes have one scale: distances of weights are the same in all directions.
  const scale = Math.min(room.width / width, room.height / height);
  const start = { x: box.left + (room.width - width * scale) / 2, y: box.top + titleRoom(panel.title) + ABOVE };
  const place = (x: number, y: number): readonly [number, number] => [
    start.x + (x - (left - step / 2)) * scale,
    start.y + (height - (y - (bottom - step / 2))) * scale,
  ];
  const values = new Float64Array(columns * rows).fill(NaN);
  for (const point of panel.points) values[cellOf(point, panel)] = point.value;
  const range = rangeOf(values) ?? { min: 0, max: 1 };
  const share = (value: number): number =>
    range.max > range.min ? (value - range.min) / (range.max - range.min) : 0.5;
  const cell = step * scale;
  const cells = panel.points.map((point) => {
    const [x, y] = place(point.x, point.y);
    return polygon(
      [
        [x - cell / 2 - SEAM, y - cell / 2 - SEAM],
        [x + cell / 2 + SEAM, y - cell / 2 - SEAM],
        [x + cell / 2 + SEAM, y + cell / 2 + SEAM],
        [x - cell / 2 - SEAM, y + cell / 2 + SEAM],
      ],
      { fill: heatColor(share(point.value)) },
    );
  });
  const lines = Array.from(
    { length: LEVELS },
    (_, at) => range.min + ((at + 1) / (LEVELS + 1)) * (range.max - range.min),
  ).map((level) => {
    const path = contour({ columns, rows, values }, level)
      .map(([x1, y1, x2, y2]) => {
        const [from, to] = [place(left + x1 * step, bottom + y1 * step), place(left + x2 * step, bottom + y2 * step)];
        return `M${short(from[0])},${short(from[1])}L${short(to[0])},${short(to[1])}`;
      })
      .join("");
    const color = share(level) < 0.55 ? HALO : INK;
    return path === ""
      ? ""
      : element("path", { d: path, fill: "none", stroke: color, "stroke-opacity": 0.55, "stroke-width": 1 });
  });
  const triangle = panel.corners.map(({ x, y }) => place(x, y));
  const [first] = triangle;
  const outline = [...triangle, ...(first === undefined ? [] : [first])]
    .map(([x, y], at) => `${at === 0 ? "M" : "L"}${short(x)},${short(y)}`)
    .join("");
  const dashes = { d: outline, fill: "none", "stroke-width": 1.6, "stroke-dasharray": "5 4" };
  const body = [
    panelTitle(panel.title, box),
    ...cells,
    ...lines,
    ...(outline === "" ? [] : [element("path", { ...dashes, stroke: HALO })]),
    ...panel.corners.map((corner) => drawCorner(corner.name, place(corner.x, corner.y), centreOf(triangle))),
    ...panel.projected.map(({ color, x, y }) => drawProjected(colorAt(theme, color), place(x, y))),
    drawScale(panel, { x: box.left + box.width - SCALE + 22, top: start.y, height: height * scale, range }, theme),
    textElement(axisText(panel.plane), {
      x: start.x + (width * scale) / 2,
      y: start.y + height * scale + 18,
      "text-anchor": "middle",
      "font-size": SIZES.caption,
      fill: theme.muted,
    }),
  ].join("");
  const measured = panel.points.map((point): PanelSpot => {
    const [x, y] = place(point.x, point.y);
    return { x, y, text: `${panel.measure.label}: ${estimateText(point, panel.measure)}` };
  });
  const projected = panel.projected.map(({ name, note, ...at }): PanelSpot => {
    const [x, y] = place(at.x, at.y);
    return { x, y, text: `${name}: ${note}` };
  });
  return { body, spots: [...projected, ...measured] };
}

function cellOf(
  { x, y }: { readonly x: number; readonly y: number },
  { columns, left, bottom, step }: HeatPanel,
): number {
  return Math.round((y - bottom) / step) * columns + Math.round((x - left) / step);
}

function polygon(
  corners: readonly (readonly [number, number])[],
  attributes: Readonly<Record<string, string>>,
): string {
  return element("polygon", { points: corners.map(([x, y]) => `${short(x)},${short(y)}`).join(" "), ...attributes });
}

function centreOf(corners: readonly (readonly [number, number])[]): readonly [number, number] {
  const n = Math.max(1, corners.length);
  return [corners.reduce((sum, [x]) => sum + x, 0) / n, corners.reduce((sum, [, y]) => sum + y, 0) / n];
}

/** A corner's dot, and its name on the outer side of it. */
function drawCorner(name: string, [x, y]: readonly [number, number], [cx, cy]: readonly [number, number]): string {
  const width = widthOf(name, SIZES.text);
  const side = x < cx - 1 ? -1 : x > cx + 1 ? 1 : 0;
  const left = side === 0 ? x - width / 2 : side > 0 ? x + 8 : x - 8 - width;
  const base = y + (side === 0 ? (y < cy ? -10 : 20) : 4);
  const ground = polygon(
    [
      [left - 3, base - SIZES.text],
      [left + width + 3, base - SIZES.text],
      [left + width + 3, base + 4],
      [left - 3, base + 4],
    ],
    { fill: INK, "fill-opacity": "0.6" },
  );
  return (
    element("circle", { cx: x, cy: y, r: 4.5, fill: HALO, stroke: INK, "stroke-width": 1.2 }) +
    ground +
    textElement(name, { x: left + width / 2, y: base, fill: HALO, "text-anchor": "middle", "font-weight": 600 })
  );
}

/** Its colour within a light and a dark ring, which are seen on every ground. */
function drawProjected(color: string, [x, y]: readonly [number, number]): string {
  return (
    element("circle", { cx: x, cy: y, r: 7, fill: INK }) +
    element("circle", { cx: x, cy: y, r: 6, fill: HALO }) +
    element("circle", { cx: x, cy: y, r: 4.2, fill: color })
  );
}

function drawScale(
  { measure }: HeatPanel,
  {
    x,
    top,
    height,
    range,
  }: {
    readonly x: number;
    readonly top: number;
    readonly height: number;
    readonly range: { readonly min: number; readonly max: number };
  },
  theme: FigureTheme,
): string {
  const N = 48;
  const bands = Array.from({ length: N }, (_, at) => {
    const [y1, y2] = [top + height * (1 - (at + 1) / N) - SEAM, top + height * (1 - at / N) + SEAM];
    return polygon(
      [
        [x, y1],
        [x + 14, y1],
        [x + 14, y2],
        [x, y2],
      ],
      { fill: heatColor((at + 0.5) / N) },
    );
  });
  const span = range.max - range.min;
  const texts = (span > 0 ? ticks(range, 5) : [range.min]).map((value) => {
    const y = span > 0 ? top + height * (1 - (value - range.min) / span) : top + height / 2;
    return textElement(axisTick(value, measure), {
      x: x + 20,
      y: y + 4,
      "font-size": SIZES.caption,
      fill: theme.muted,
    });
  });
  const name = textElement(measure.label, {
    x: x + 14 + 46,
    y: top - 8,
    "text-anchor": "end",
    "font-size": SIZES.caption,
    fill: theme.muted,
  });
  return [...bands, ...texts, name].join("");
}
