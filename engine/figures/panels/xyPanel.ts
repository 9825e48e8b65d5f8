import { SIZES } from "../frame.ts";
import { type Range, rangeOf } from "../points.ts";
import { type Pixels, SMALLEST, type Scale, linearScale, logScale } from "../scale.ts";
import { element, short, textElement, widthOf } from "../svg.ts";
import type { FigureTheme } from "../theme.ts";
import {
  type Box,
  type DrawnPanel,
  type PlotArea,
  colorAt,
  dashAt,
  drawHorizontal,
  drawVertical,
  panelTitle,
  titleRoom,
  verticalAxis,
} from "./box.ts";
import type { PanelMark, PanelSpot, XYPanel, XYPoint, XYSeries } from "./spec.ts";
import { axisValue, estimateText } from "./texts.ts";

interface Drawing {
  readonly panel: XYPanel;
  readonly frame: PlotArea;
  readonly x: Scale;
  readonly y: Scale;
  readonly theme: FigureTheme;
}

/** Room below the frame for ticks and the axis's name, and above it for the name of the other. */
const [BELOW, ABOVE] = [42, 16];

/** Estimates over an axis, with their intervals; of a part of the axis where it is zoomed in. */
export function drawXY(
  panel: XYPanel,
  box: Box,
  { theme, zoom }: { readonly theme: FigureTheme; readonly zoom: Range | undefined },
): DrawnPanel {
  const top = box.top + titleRoom(panel.title) + ABOVE;
  const bottom = box.top + box.height - BELOW;
  const shown = { ...panel, series: panel.series.map((series) => drawable(series, panel)) };
  const vertical = verticalAxis(yRange(shown, zoom), panel.y, { top, bottom });
  const frame = { left: box.left + vertical.width, right: box.left + box.width - 8, top, bottom };
  const isLog = panel.x.isLog === true;
  const pixels = { from: frame.left, to: frame.right };
  // A range that is zoomed in on is shown from edge to edge.
  const x =
    zoom === undefined ? (isLog ? logScale : linearScale)(xRange(shown), pixels) : exactScale(zoom, pixels, isLog);
  const drawing: Drawing = { panel: shown, frame, x, y: vertical.scale, theme };
  const labels = new Labels(frame);
  const body = [
    panelTitle(panel.title, box),
    drawVertical(vertical, panel.y, frame, theme),
    drawHorizontal(x, panel.x, frame, theme),
    ...(panel.marks ?? []).map((mark) => drawMark(mark, drawing)),
    ...shown.series.map((series) => drawSeries(series, drawing)),
    ...shown.series.flatMap((series) => series.points.map((point) => drawLabel(point, drawing, labels))),
    ...(shown.series.every(({ points }) => points.length === 0) ? [emptyNote(drawing)] : []),
  ].join("");
  const spots = shown.series.flatMap((series) => spotsOf(series, drawing)).filter((spot) => isWithin(spot.x, frame));
  return { body, spots, frame: { ...frame, ...x.range, isLog } };
}

function exactScale({ min, max }: Range, { from, to }: Pixels, isLog: boolean): Scale {
  const of = isLog ? Math.log : (value: number): number => value;
  return { range: { min, max }, at: (value) => from + ((of(value) - of(min)) / (of(max) - of(min))) * (to - from) };
}

/** With a pixel for rounding. */
function isWithin(x: number, { left, right }: PlotArea): boolean {
  return x >= left - 1 && x <= right + 1;
}

/** Without what has no place on a logarithmic scale. */
function drawable(series: XYSeries, { x, y }: XYPanel): XYSeries {
  const isThere = (value: number, isLog = false): boolean => Number.isFinite(value) && (!isLog || value > SMALLEST);
  const points = series.points.filter((point) => isThere(point.x, x.isLog) && isThere(point.value, y.isLog));
  return { ...series, points };
}

function xRange({ series, marks = [] }: XYPanel): Range {
  const places = marks.flatMap(({ axis, at }) => (axis === "x" ? [at] : []));
  return rangeOf(places, ...series.map(({ points }) => points.map(({ x }) => x))) ?? { min: 0, max: 1 };
}

function yRange({ series, marks = [], y }: XYPanel, zoom: Range | undefined): Range {
  const isNear = (points: readonly XYPoint[], at: number): boolean => {
    if (zoom === undefined) return true;
    // Neighbours count as well: lines lead to them.
    const near = points.slice(Math.max(0, at - 1), at + 2).map((point) => point.x);
    return Math.min(...near) <= zoom.max && Math.max(...near) >= zoom.min;
  };
  const places = marks.flatMap(({ axis, at }) => (axis === "y" ? [at] : []));
  const isThere = (value: number): boolean => y.isLog !== true || value > SMALLEST;
  const values = series.flatMap(({ points }) =>
    points.filter((_, at) => isNear(points, at)).flatMap(({ value, low = value, high = value }) => [value, low, high]),
  );
  const ground = y.isLog !== true && series.some(({ look }) => look === "steps") ? [0] : [];
  return rangeOf([...places, ...ground], values.filter(isThere)) ?? { min: 0, max: 1 };
}

function drawMark({ axis, at, label, color }: PanelMark, { frame, x, y, theme }: Drawing): string {
  const { left, right, top, bottom } = frame;
  const stroke = { stroke: color === undefined ? theme.foreground : colorAt(theme, color), "stroke-dasharray": "4 3" };
  const [px, py] = [x.at(at), y.at(at)];
  const isVertical = axis === "x";
  if (isVertical && !isWithin(px, frame)) return "";
  const line = isVertical ? { x1: px, x2: px, y1: top, y2: bottom } : { x1: left, x2: right, y1: py, y2: py };
  const text = { fill: theme.muted, "font-size": SIZES.caption };
  const place = isVertical ? { x: px + 4, y: top + 10 } : { x: right - 4, y: py - 5, "text-anchor": "end" };
  return (
    element("line", { ...line, ...stroke, "stroke-width": color === undefined ? 1 : 2 }) +
    (label === undefined ? "" : textElement(label, { ...place, ...text }))
  );
}

function drawSeries(series: XYSeries, drawing: Drawing): string {
  if (series.look === "steps") return drawSteps(series, drawing);
  const { theme, x, y, frame } = drawing;
  const color = colorAt(theme, series.color);
  const path = pathWithin(
    series.points.map((point) => [x.at(point.x), y.at(point.value)] as const),
    frame,
  );
  const line =
    series.look === "line" && path !== ""
      ? element("path", {
          d: path,
          fill: "none",
          stroke: color,
          "stroke-width": 2,
          "stroke-linejoin": "round",
          "stroke-dasharray": dashAt(theme, series.color, series.isDashed),
        })
      : "";
  // Many points in a row are small, so that the line is seen.
  const radius = series.points.length > 30 ? 2 : 4;
  const dots = series.points
    .filter((point) => isWithin(x.at(point.x), frame))
    .map((point) => {
      const own = point.color === undefined ? color : colorAt(theme, point.color);
      return drawWhisker(point, own, drawing) + drawDot(point, own, radius, drawing);
    });
  return line + dots.join("");
}

/** Straight lines from point to point, as far as they are between the frame's left and right. */
function pathWithin(points: readonly (readonly [number, number])[], { left, right }: PlotArea): string {
  let path = "";
  let [lastX, lastY] = [NaN, NaN];
  for (let at = 0; at + 1 < points.length; at++) {
    const [from = [0, 0], to = [0, 0]] = [points[at], points[at + 1]];
    const [low, high] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
    if (high < left || low > right) continue;
    const cut = (end: readonly [number, number]): readonly [number, number] => {
      const x = Math.min(Math.max(end[0], left), right);
      if (x === end[0]) return end;
      return [x, from[1] + ((x - from[0]) / (to[0] - from[0])) * (to[1] - from[1])];
    };
    const [[x1, y1], [x2, y2]] = [cut(from), cut(to)];
    if (x1 !== lastX || y1 !== lastY) path += `M${short(x1)},${short(y1)}`;
    path += `L${short(x2)},${short(y2)}`;
    [lastX, lastY] = [x2, y2];
  }
  return path;
}

function drawDot(point: XYPoint, color: string, r: number, { x, y, theme }: Drawing): string {
  return element("circle", {
    cx: x.at(point.x),
    cy: y.at(point.value),
    r,
    fill: color,
    ...(r > 2 && { stroke: theme.background === "none" ? color : theme.background, "stroke-width": 1 }),
  });
}

function drawWhisker({ x: at, low, high }: XYPoint, color: string, { panel, frame, x, y }: Drawing): string {
  const isLog = panel.y.isLog === true;
  if (low === undefined || high === undefined || (isLog && high <= SMALLEST)) return "";
  const px = x.at(at);
  // The lower end may have no logarithm: there it runs to the axis.
  const lowest = isLog && low <= SMALLEST ? frame.bottom : y.at(low);
  const line = { stroke: color, "stroke-width": 1.5 };
  return [
    element("line", { x1: px, x2: px, y1: lowest, y2: y.at(high), ...line }),
    ...[lowest, y.at(high)].map((end) => element("line", { x1: px - 4, x2: px + 4, y1: end, y2: end, ...line })),
  ].join("");
}

/** A histogram: `x` is the lower edge of a bin, and the last point its end. */
function drawSteps({ points, color: at }: XYSeries, { panel, x: axis, y, theme, frame }: Drawing): string {
  const x = { at: (value: number): number => Math.min(Math.max(axis.at(value), frame.left), frame.right) };
  const [first] = points;
  if (first === undefined) return "";
  const color = colorAt(theme, at);
  const ground = panel.y.isLog === true ? frame.bottom : y.at(0);
  const corners: (readonly [number, number])[] = [[x.at(first.x), ground]];
  for (const [index, point] of points.entries()) {
    const end = points[index + 1];
    corners.push([x.at(point.x), y.at(point.value)]);
    if (end !== undefined) corners.push([x.at(end.x), y.at(point.value)]);
  }
  corners.push([x.at(points.at(-1)?.x ?? first.x), ground]);
  const text = corners.map(([px, py]) => `${short(px)},${short(py)}`);
  const outline = text.map((corner, index) => `${index === 0 ? "M" : "L"}${corner}`).join("");
  return (
    element("polygon", { points: text.join(" "), fill: color, "fill-opacity": 0.1 }) +
    element("path", {
      d: outline,
      fill: "none",
      stroke: color,
      "stroke-width": 1.8,
      "stroke-dasharray": dashAt(theme, at),
    })
  );
}

/** Labels that do not lie over each other: a later one is left out, and hovering says it. */
class Labels {
  private readonly taken: PlotArea[] = [];
  readonly frame: PlotArea;

  constructor(frame: PlotArea) {
    this.frame = frame;
  }

  /** Takes the room of a label if it is free. */
  take(room: PlotArea): boolean {
    const { frame } = this;
    const isInside =
      room.left >= frame.left && room.right <= frame.right && room.top >= frame.top && room.bottom <= frame.bottom;
    const isFree = this.taken.every(
      (other) =>
        room.right < other.left || room.left > other.right || room.bottom < other.top || room.top > other.bottom,
    );
    if (isInside && isFree) this.taken.push(room);
    return isInside && isFree;
  }
}

/** Beyond the ends of the whisker, where no line of the series runs; else beside the mark. */
function drawLabel(
  { x: at, value, low = value, high = value, label }: XYPoint,
  { panel, x, y, theme }: Drawing,
  labels: Labels,
): string {
  if (label === undefined || !isWithin(x.at(at), labels.frame)) return "";
  const width = widthOf(label, SIZES.caption);
  const [px, py] = [x.at(at), y.at(value)];
  const attributes = { "font-size": SIZES.caption, fill: theme.foreground };
  const hasEnds = panel.y.isLog !== true || low > SMALLEST;
  const [over, under] = hasEnds ? [y.at(high), y.at(low)] : [py, py];
  const middle = Math.max(labels.frame.left, Math.min(px - width / 2, labels.frame.right - width));
  const places = [
    [middle, over - 7],
    [middle, under + 15],
    [px + 8, py - 6],
    [px - 8 - width, py - 6],
    [px + 8, py + 15],
    [px - 8 - width, py + 15],
  ] as const;
  const place = places.find(([left, base]) =>
    labels.take({ left, right: left + width, top: base - SIZES.caption, bottom: base + 2 }),
  );
  return place === undefined ? "" : textElement(label, { x: place[0], y: place[1], ...attributes });
}

function spotsOf({ name, points, look }: XYSeries, { panel, x, y }: Drawing): readonly PanelSpot[] {
  const edges = look === "steps" ? points.slice(0, -1) : points;
  return edges.map((point, at) => {
    const end = look === "steps" ? points[at + 1]?.x : undefined;
    const middle = end === undefined ? x.at(point.x) : (x.at(point.x) + x.at(end)) / 2;
    const place =
      end === undefined ? axisValue(point.x, panel.x) : `${axisValue(point.x, panel.x)} to ${axisValue(end, panel.x)}`;
    const text = `${name}, ${panel.x.label} ${place}: ${estimateText(point, panel.y)}`;
    return { x: middle, y: y.at(point.value), text };
  });
}

function emptyNote({ frame: { left, right, top, bottom }, theme }: Drawing): string {
  const place = { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle", fill: theme.muted };
  return textElement("Nothing to draw", place);
}
