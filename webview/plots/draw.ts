import { decimate, markPath, type Points, type Range } from "../../engine/figures/index.ts";
import type { LineEnd } from "./labels.ts";
import type { Prepared } from "./prepared.ts";
import type { Look } from "./looks.ts";

/** A line with its looks. */
export interface DrawnLine {
  readonly key: string;
  /** "salsa", or "salsa · demo-2" beside other runs. */
  readonly title: string;
  readonly look: Look;
  readonly prepared: Prepared;
}

/** A place worth a line across the plot. */
export interface Marker {
  readonly x: number;
  readonly color: string;
  readonly isDashed: boolean;
}

/** A line thinned out: no more points than can be seen. */
interface Thinned {
  readonly main: Points;
  readonly raw: Points | undefined;
  readonly low: Points | undefined;
  readonly high: Points | undefined;
}

/** Visible part of a line. */
export interface SeenLine extends Thinned {
  readonly title: string;
  readonly look: Look;
}

/** More lines than these are thin, and their peaks are looked for in columns twice as wide: they cover each other. */
const MANY = 8;

/** Thins lines out to a stretch of an axis; a line that stays as it is, on the same stretch, is thinned once. */
export class Thinner {
  private readonly known = new WeakMap<Prepared, { readonly key: string; readonly thinned: Thinned }>();

  /** Visible parts of lines on a range of the axis that is drawn `width` pixels wide. */
  seen(lines: readonly DrawnLine[], range: Range, width: number): readonly SeenLine[] {
    const columns = Math.round(lines.length > MANY ? width / 2 : width);
    const key = `${range.min} ${range.max} ${columns}`;
    return lines.map(({ title, look, prepared }) => {
      const last = this.known.get(prepared);
      const thinned = last?.key === key ? last.thinned : thin(prepared, range, columns);
      if (last?.key !== key) this.known.set(prepared, { key, thinned });
      return { title, look, ...thinned };
    });
  }
}

function thin({ main, raw, low, high }: Prepared, range: Range, columns: number): Thinned {
  const of = (points: Points | undefined): Points | undefined => points && decimate(points, columns, range);
  return { main: decimate(main, columns, range), raw: of(raw), low: of(low), high: of(high) };
}

/** Mapping from values to pixels of the canvas. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Range;
  readonly y: Range;
  readonly isLog: boolean;
  /** Pixels of the canvas a pixel of the page. */
  readonly ratio: number;
}

/** Draws bands, then faded curves, then lines, then the marks on them. */
export function drawLines(context: CanvasRenderingContext2D, lines: readonly SeenLine[], frame: Frame): void {
  const { left, top, width, height, ratio } = frame;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.lineJoin = "bevel";
  for (const line of lines) fillBand(context, line, frame);
  for (const { raw, look } of lines) {
    if (raw !== undefined) stroke(context, raw, frame, { color: look.color, alpha: 0.3, width: ratio, dash: [] });
  }
  // Many lines are distinguishable, and drawn in time, only if they are thin.
  const thickness = (lines.length > MANY ? 1 : 1.75) * ratio;
  for (const { main, look } of lines) {
    const dash = look.dash.map((length) => length * ratio);
    stroke(context, main, frame, { color: look.color, alpha: 1, width: thickness, dash });
  }
  for (const [at, line] of lines.entries()) fillMarks(context, line, { frame, phase: at / lines.length });
  context.restore();
}

/** Pixels of the page from mark to mark of a line. */
const BETWEEN_MARKS = 72;

/** Draws marks along a line. `phase`, 0 to 1, moves the first one: lines close to each other have theirs side by side. */
function fillMarks(
  context: CanvasRenderingContext2D,
  { main: { x, y }, look }: SeenLine,
  { frame, phase }: { readonly frame: Frame; readonly phase: number },
): void {
  if (look.shape === undefined) return;
  const [toX, toY] = [xScale(frame), yScale(frame)];
  const between = BETWEEN_MARKS * frame.ratio;
  let path = "";
  let next = frame.left + (0.2 + 0.8 * phase) * between;
  for (let at = 0, { length } = x; at < length; at++) {
    const [px, py] = [toX(x[at] ?? NaN), toY(y[at] ?? NaN)];
    if (!(px >= next) || !Number.isFinite(py)) continue;
    path += markPath(look.shape, px, py, 3 * frame.ratio);
    next = px + between;
  }
  context.fillStyle = look.color;
  context.fill(new Path2D(path));
}

interface Pen {
  readonly color: string;
  readonly alpha: number;
  readonly width: number;
  readonly dash: readonly number[];
}

function stroke(context: CanvasRenderingContext2D, { x, y }: Points, frame: Frame, pen: Pen): void {
  const [toX, toY] = [xScale(frame), yScale(frame)];
  const dots: (readonly [x: number, y: number])[] = [];
  const isThere = (at: number): boolean => Number.isFinite(toY(y[at] ?? NaN));
  context.beginPath();
  let isDown = false;
  for (let at = 0, { length } = x; at < length; at++) {
    const [px, py] = [toX(x[at] ?? NaN), toY(y[at] ?? NaN)];
    if (!Number.isFinite(py)) {
      isDown = false;
      continue;
    }
    if (isDown) context.lineTo(px, py);
    else if (isThere(at + 1)) context.moveTo(px, py);
    else dots.push([px, py]);
    isDown = true;
  }
  context.globalAlpha = pen.alpha;
  context.strokeStyle = pen.color;
  context.lineWidth = pen.width;
  context.setLineDash([...pen.dash]);
  context.stroke();
  context.fillStyle = pen.color;
  for (const [px, py] of dots)
    context.fillRect(px - 2 * frame.ratio, py - 2 * frame.ratio, 4 * frame.ratio, 4 * frame.ratio);
  context.globalAlpha = 1;
}

/** The band is the area between its edges, stretch by stretch where there are gaps. */
function fillBand(context: CanvasRenderingContext2D, { low, high, look }: SeenLine, frame: Frame): void {
  if (low === undefined || high === undefined) return;
  const [toX, toY] = [xScale(frame), yScale(frame)];
  const edge = ({ x, y }: Points): (readonly [number, number])[] =>
    Array.from(x, (place, at) => [toX(place), toY(y[at] ?? NaN)] as const).filter(([, py]) => Number.isFinite(py));
  const outline = [...edge(high), ...edge(low).reverse()];
  if (outline.length === 0) return;
  context.globalAlpha = 0.18;
  context.fillStyle = look.color;
  context.beginPath();
  for (const [px, py] of outline) context.lineTo(px, py);
  context.fill();
  context.globalAlpha = 1;
}

/** Where lines end, at the last of their points in sight; those that have none are left out. */
export function endsOf(lines: readonly SeenLine[], frame: Frame): readonly LineEnd[] {
  const [toX, toY] = [xScale(frame), yScale(frame)];
  const right = frame.left + frame.width + 0.5;
  return lines.flatMap(({ title, look, main: { x, y } }) => {
    for (let at = x.length - 1; at >= 0; at--) {
      const height = toY(y[at] ?? NaN);
      if (toX(x[at] ?? NaN) <= right && Number.isFinite(height)) return [{ title, look, y: height }];
    }
    return [];
  });
}

/** Draws lines across the plot. */
export function drawMarkers(context: CanvasRenderingContext2D, markers: readonly Marker[], frame: Frame): void {
  const { left, top, width, height, ratio } = frame;
  const toX = xScale(frame);
  context.save();
  context.lineWidth = ratio;
  for (const { x, color, isDashed } of markers) {
    const px = Math.round(toX(x));
    if (px < left || px > left + width) continue;
    context.strokeStyle = color;
    context.fillStyle = color;
    context.setLineDash(isDashed ? [4 * ratio, 3 * ratio] : []);
    context.beginPath();
    context.moveTo(px, top);
    context.lineTo(px, top + height);
    context.stroke();
    context.beginPath();
    context.moveTo(px - 4 * ratio, top);
    context.lineTo(px + 4 * ratio, top);
    context.lineTo(px, top + 6 * ratio);
    context.fill();
  }
  context.restore();
}

function xScale({ left, width, x: { min, max } }: Frame): (value: number) => number {
  const per = width / (max - min || 1);
  return (value) => left + (value - min) * per;
}

/** Maps values to pixels; NaN for values that a logarithmic scale cannot show. */
function yScale({ top, height, y: { min, max }, isLog }: Frame): (value: number) => number {
  if (!isLog) {
    const per = height / (max - min || 1);
    return (value) => top + height - (value - min) * per;
  }
  const [low, per] = [Math.log(min), height / (Math.log(max) - Math.log(min) || 1)];
  return (value) => (value > 0 ? top + height - (Math.log(value) - low) * per : NaN);
}
