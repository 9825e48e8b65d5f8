import { decimate } from "./decimate.ts";
import { type Axis, type LegendEntry, SIZES, axisText, framed, legend } from "./frame.ts";
import { type LineParts, type PointIntervals, curvesOf } from "./curves.ts";
import { type LineLook, dashText, lookAt, markPath } from "./looks.ts";
import { type Points, type Range, rangeOf } from "./points.ts";
import { BAND_DEFINITION, type Bounds } from "./meanBand.ts";
import { SMALLEST, type Scale, linearScale, logScale } from "./scale.ts";
import { element, short, textElement, widthOf } from "./svg.ts";
import { FIGURE_THEMES, type FigureTheme } from "./theme.ts";
import { logTicks, ticks, tickText } from "./ticks.ts";

/** One line: the curve of a run, or those of several seeds. */
export interface Line {
  /** For the legend: "salsa". */
  readonly name: string;
  /** One curve is drawn smoothed over itself as recorded, several as their mean with its band. */
  readonly curves: readonly Points[];
  /** Of one curve, drawn as its band. */
  readonly interval?: PointIntervals | undefined;
  /** Place of its look in the palette; its place among the lines when left out. */
  readonly place?: number | undefined;
  /** Instead of the palette's colour and dash. */
  readonly look?: LineLook;
  /** Shape of marks along it; none when left out. */
  readonly shape?: number | undefined;
}

/** Curves over a common axis. */
export interface LineFigureSpec {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis & { readonly isLog?: boolean };
  readonly lines: readonly Line[];
  /** Least and greatest possible value: bands are cut there. */
  readonly bounds?: Bounds | undefined;
  /** Of the curves, 0 to 1; 0, as recorded, when left out. */
  readonly smoothing?: number;
  /** Precedes the figure's own remarks on smoothing, seeds and the band. */
  readonly caption?: string;
  /** `FIGURE_THEMES.light` when left out. */
  readonly theme?: FigureTheme;
  /** Marks what is of which line, and where the axes are, for a script that reads values off and hides lines. */
  readonly isInteractive?: boolean;
  /** In pixels, without the caption; 760 × 400 when left out. */
  readonly width?: number;
  readonly height?: number;
}

/** A curve with its looks. */
interface Drawn extends LineParts, LegendEntry {}

/** A complete SVG file: the lines with axes, legend and a caption that describes them. */
export function lineFigure(spec: LineFigureSpec): string {
  const { title, theme = FIGURE_THEMES.light, isInteractive = false, width = 760, height = 400 } = spec;
  const ofLine = (at: number, svg: string): string =>
    isInteractive && svg !== "" ? element("g", { "data-line": at }, svg) : svg;
  const isLog = spec.y.isLog === true;
  const drawn = looks(spec.lines, theme).map((look, at): Drawn => {
    const curve = curvesOf(
      spec.lines[at]?.curves ?? [],
      spec.smoothing ?? 0,
      spec.bounds ?? {},
      spec.lines[at]?.interval,
    );
    return { ...look, ...(isLog ? positive(curve) : curve) };
  });
  const names = legend(drawn, width, 50);
  // The lower edge of a band may be at or below 0, where a logarithm has no place: there it runs along the axis.
  const edges = drawn.flatMap(({ low = [], high = [] }) => (isLog ? [high] : [low, high]));
  const y = rangeOf(...drawn.flatMap(({ main, raw }) => [main.y, raw?.y ?? []]), ...edges);
  const x = rangeOf(...drawn.map(({ main }) => main.x)) ?? { min: 0, max: 1 };
  const top = 50 + names.height + SIZES.lineHeight;
  const plot = plotArea({ x, y: y ?? { min: 0, max: 1 }, isLog }, { top, width, height });
  return framed({
    title,
    description: description(spec, drawn),
    caption: captionOf(spec, drawn),
    theme,
    width,
    height,
    ...(isInteractive && { data: placesOf(plot) }),
    body: [
      names.svg,
      axes(plot, spec, theme),
      ...drawn.map((curve, at) => ofLine(at, bandOf(curve, plot))),
      ...drawn.map((curve, at) => ofLine(at, rawOf(curve, plot))),
      ...drawn.map((curve, at) => ofLine(at, mainOf(curve, plot))),
      ...drawn.map((curve, at) => ofLine(at, marksOf(curve, plot, at / Math.max(1, drawn.length)))),
      ...(y === undefined ? [emptyNote(plot, theme)] : []),
    ],
  });
}

/** Where the axes are, in pixels, and the values at the ends of the one along the bottom. */
function placesOf({ left, right, top, bottom, x }: Plot): Readonly<Record<string, string>> {
  const places = { left, right, top, bottom, from: x.range.min, to: x.range.max };
  return Object.fromEntries(Object.entries(places).map(([name, value]) => [`data-${name}`, String(value)]));
}

/** A colour and, once colours come again, a dash for each line. */
function looks(lines: readonly Line[], theme: FigureTheme): LegendEntry[] {
  return lines.map(({ name, place, look, shape }, at) => {
    const { color, dash } = look ?? lookAt(theme, place ?? at);
    return { name, color, dash: dashText(dash), shape };
  });
}

/** The values that have a logarithm: others become gaps. */
function positive(curve: LineParts): LineParts {
  const keep = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(values, (one) => (one > SMALLEST ? one : NaN));
  const points = ({ x, y }: Points): Points => ({ x, y: keep(y) });
  return {
    ...curve,
    main: points(curve.main),
    raw: curve.raw && points(curve.raw),
    low: curve.low?.map((value) => Math.max(value, SMALLEST)),
    high: curve.high && keep(curve.high),
  };
}

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function plotArea(
  ranges: { readonly x: Range; readonly y: Range; readonly isLog: boolean },
  { top, width, height }: { readonly top: number; readonly width: number; readonly height: number },
): Plot {
  const bottom = height - 52;
  const scale = ranges.isLog ? logScale : linearScale;
  const y = scale(ranges.y, { from: bottom - 4, to: top + 4 });
  const yTicks = (ranges.isLog ? logTicks : ticks)(y.range, Math.max(2, Math.round((bottom - top) / 48)));
  const left = SIZES.margin + Math.max(24, ...yTicks.map((one) => widthOf(tickText(one), SIZES.text))) + 8;
  const right = width - SIZES.margin - 8;
  const x = linearScale(ranges.x, { from: left, to: right }, 0);
  return { left, right, top, bottom, x, y, yTicks, xTicks: ticks(x.range, Math.round((right - left) / 90)) };
}

function axes(plot: Plot, { x, y }: LineFigureSpec, theme: FigureTheme): string {
  const { left, right, top, bottom } = plot;
  const label = { fill: theme.muted, "font-size": SIZES.text };
  const across = plot.yTicks.flatMap((value) => {
    const at = plot.y.at(value);
    return [
      element("line", { x1: left, x2: right, y1: at, y2: at, stroke: theme.grid }),
      textElement(tickText(value), { x: left - 8, y: at + 4, "text-anchor": "end", ...label }),
    ];
  });
  const along = plot.xTicks.flatMap((value) => {
    const at = plot.x.at(value);
    return [
      element("line", { x1: at, x2: at, y1: bottom, y2: bottom + 5, stroke: theme.muted }),
      textElement(tickText(value), { x: at, y: bottom + 19, "text-anchor": "middle", ...label }),
    ];
  });
  return [
    ...across,
    ...along,
    element("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: theme.muted }),
    textElement(axisText(y) + (y.isLog === true ? ", log scale" : ""), { x: SIZES.margin, y: top - 10, ...label }),
    textElement(axisText(x), { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle", ...label }),
  ].join("");
}

function bandOf({ main, low, high, color }: Drawn, plot: Plot): string {
  if (low === undefined || high === undefined) return "";
  const stretches: number[][] = [];
  for (let at = 0; at < main.x.length; at++) {
    const isThere = Number.isFinite(low[at] ?? NaN) && Number.isFinite(high[at] ?? NaN);
    if (!isThere) continue;
    const before = stretches.at(-1);
    if (before?.at(-1) === at - 1) before.push(at);
    else stretches.push([at]);
  }
  const corner = (at: number, edge: ArrayLike<number>): string =>
    `${short(plot.x.at(main.x[at] ?? 0))},${short(Math.min(plot.y.at(edge[at] ?? 0), plot.bottom))}`;
  return stretches
    .map((stretch) => {
      const points = [...stretch.map((at) => corner(at, high)), ...stretch.toReversed().map((at) => corner(at, low))];
      return element("polygon", { points: points.join(" "), fill: color, "fill-opacity": 0.18 });
    })
    .join("");
}

function rawOf({ raw, color }: Drawn, plot: Plot): string {
  return raw === undefined ? "" : strokes(raw, plot, { stroke: color, "stroke-width": 1, "stroke-opacity": 0.35 });
}

function mainOf({ main, color, dash }: Drawn, plot: Plot): string {
  return strokes(main, plot, { stroke: color, "stroke-width": 2, "stroke-dasharray": dash });
}

/** Pixels from mark to mark of a line. */
const BETWEEN_MARKS = 90;

/** Marks along a line. `phase`, 0 to 1, moves the first one, so that lines close to each other have theirs side by side. */
function marksOf({ main: { x, y }, color, shape }: Drawn, plot: Plot, phase: number): string {
  if (shape === undefined) return "";
  let marks = "";
  let next = plot.left + phase * BETWEEN_MARKS;
  for (let at = 0; at < x.length; at++) {
    const px = plot.x.at(x[at] ?? NaN);
    if (!(px >= next) || !Number.isFinite(y[at] ?? NaN)) continue;
    marks += markPath(shape, Number(short(px)), Number(short(plot.y.at(y[at] ?? NaN))), 4);
    next = px + BETWEEN_MARKS;
  }
  return marks === "" ? "" : element("path", { d: marks, fill: color });
}

/** A path through the points, broken at gaps; a point between gaps is a dot. */
function strokes(
  points: Points,
  plot: Plot,
  attributes: Readonly<Record<string, string | number | undefined>>,
): string {
  const { x, y } = decimate(points, Math.ceil(plot.right - plot.left));
  let path = "";
  const dots: string[] = [];
  const isThere = (at: number): boolean => Number.isFinite(y[at] ?? NaN);
  for (let at = 0; at < x.length; at++) {
    if (!isThere(at)) continue;
    const [px, py] = [plot.x.at(x[at] ?? 0), plot.y.at(y[at] ?? 0)];
    if (!isThere(at - 1) && !isThere(at + 1)) {
      dots.push(element("circle", { cx: px, cy: py, r: 2.5, fill: attributes["stroke"] }));
    } else {
      path += `${isThere(at - 1) ? "L" : "M"}${short(px)},${short(py)}`;
    }
  }
  const line = path === "" ? "" : element("path", { d: path, fill: "none", "stroke-linejoin": "round", ...attributes });
  return line + dots.join("");
}

function emptyNote({ left, right, top, bottom }: Plot, { muted }: FigureTheme): string {
  const place = { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle", fill: muted };
  return textElement("Nothing recorded", place);
}

function captionOf({ caption, smoothing = 0, y }: LineFigureSpec, drawn: readonly Drawn[]): string {
  const seeds = drawn.filter(({ n }) => n > 1);
  const isFaint = drawn.some(({ raw }) => raw !== undefined);
  const counts = [...new Set(seeds.map(({ n }) => n))];
  return [
    caption ?? "",
    seeds.length === 0 ? "" : `${BAND_DEFINITION}.`,
    drawn.some(({ n, low }) => n === 1 && low !== undefined) ? "Band of one seed: 95 % interval of each point." : "",
    counts.length === 1
      ? `n = ${counts[0] ?? 0} seeds.`
      : seeds.map(({ name, n }) => `${name}: n = ${n} seeds.`).join(" "),
    smoothing === 0
      ? ""
      : `Curves are smoothed with weight ${smoothing} (time-weighted exponential, debiased)${seeds.length > 0 ? ", each seed by itself" : ""}${isFaint ? "; faint: as recorded" : ""}.`,
    y.isLog === true ? "Values of 0 or less are left out of the log scale." : "",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function description({ x, y }: LineFigureSpec, drawn: readonly Drawn[]): string {
  const told = drawn.map(({ name, main }) => {
    const there = Array.from(main.y, (value, at) => ({ value, at })).filter(({ value }) => Number.isFinite(value));
    const [first, last] = [there[0], there.at(-1)];
    if (first === undefined || last === undefined) return `${name}: nothing recorded.`;
    const say = ({ value, at }: typeof first): string => `${Number(value.toPrecision(3))} at ${main.x[at] ?? NaN}`;
    return `${name}: from ${say(first)} to ${say(last)}.`;
  });
  return [`${axisText(y)} by ${axisText(x)}.`, ...told].join(" ");
}
