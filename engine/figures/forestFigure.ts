import { type Axis, SIZES, axisText, framed } from "./frame.ts";
import { rangeOf } from "./points.ts";
import { type Scale, linearScale } from "./scale.ts";
import { element, textElement, widthOf } from "./svg.ts";
import { FIGURE_THEMES, type FigureTheme } from "./theme.ts";
import { ticks, tickText } from "./ticks.ts";

/** An estimate with its interval. */
export interface ForestRow {
  /** "salsa vs ppo". */
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Number of comparisons that it rests on. */
  readonly n: number;
  /** Behind the value: "Holm p < 0.0001". */
  readonly note?: string;
}

/** Estimates with intervals, one below the other. */
export interface ForestFigureSpec {
  readonly title: string;
  readonly x: Axis;
  /** Benchmarks, each with its pairs. */
  readonly groups: readonly { readonly name: string; readonly rows: readonly ForestRow[] }[];
  /** The value of no difference: 0.5 for win rates. */
  readonly reference?: number;
  /** Kind of the intervals: "95 % Wilson interval". */
  readonly interval: string;
  /** Values are fractions, written as percentages, when "percent"; as they are when left out. */
  readonly format?: "percent" | "number";
  /** Precedes the figure's own remarks on intervals and marks. */
  readonly caption?: string;
  /** `FIGURE_THEMES.light` when left out. */
  readonly theme?: FigureTheme;
  /** In pixels; 760 when left out. */
  readonly width?: number;
}

const ROW = 24;

/** A complete SVG file: a mark with its interval for each estimate, and its numbers beside it. */
export function forestFigure(spec: ForestFigureSpec): string {
  const { title, theme = FIGURE_THEMES.light, width = 760 } = spec;
  const plot = layout(spec, width);
  let y = plot.top;
  const rows = spec.groups.flatMap(({ name, rows: estimates }) => {
    y += ROW;
    const heading = textElement(name, { x: SIZES.margin, y: y - 7, "font-weight": 600 });
    const marks = estimates.map((row) => {
      y += ROW;
      return rowOf(row, y - ROW / 2, { spec, plot, theme });
    });
    y += 6;
    return [heading, ...marks];
  });
  const body = [axisOf(plot, y, { spec, theme }), ...rows];
  const caption = captionOf(spec);
  return framed({ title, description: description(spec), caption, theme, width, height: y + 54, body });
}

interface Layout {
  readonly top: number;
  readonly left: number;
  readonly right: number;
  readonly x: Scale;
}

interface Drawing {
  readonly spec: ForestFigureSpec;
  readonly plot: Layout;
  readonly theme: FigureTheme;
}

function layout(spec: ForestFigureSpec, width: number): Layout {
  const rows = spec.groups.flatMap((group) => group.rows);
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => widthOf(text, SIZES.text)));
  const left = SIZES.margin + 12 + Math.min(widest(rows.map(({ label }) => label)), width * 0.3) + 16;
  const right = width - SIZES.margin - Math.min(widest(rows.map((row) => valueText(row, spec))), width * 0.42) - 16;
  const { reference } = spec;
  const range = rangeOf(
    rows.flatMap(({ value, low, high }) => [value, low, high]),
    reference === undefined ? [] : [reference],
  );
  return { top: 44, left, right, x: linearScale(range ?? { min: 0, max: 1 }, { from: left, to: right }) };
}

/** True if the interval excludes the reference, so that the estimate differs from it, or if there is no reference. */
function isTold({ low, high }: ForestRow, reference: number | undefined): boolean {
  return reference === undefined || low > reference || high < reference;
}

function rowOf(row: ForestRow, y: number, { spec, plot, theme }: Drawing): string {
  const { label, value, low, high } = row;
  const told = isTold(row, spec.reference);
  // On which side of the reference it lies says who is better; colours are the arms' own.
  const color = told ? theme.foreground : theme.muted;
  const [from, to, at] = [low, high, value].map((one) => plot.x.at(one)) as [number, number, number];
  const line = { stroke: color, "stroke-width": 2 };
  const isThere = [value, low, high].every(Number.isFinite);
  return [
    textElement(label, { x: SIZES.margin + 12, y: y + 4 }),
    ...(isThere
      ? [
          element("line", { x1: from, x2: to, y1: y, y2: y, ...line }),
          ...[from, to].map((end) => element("line", { x1: end, x2: end, y1: y - 4, y2: y + 4, ...line })),
          element("circle", { cx: at, cy: y, r: 4.5, fill: told ? color : theme.background, ...line }),
        ]
      : []),
    textElement(valueText(row, spec), { x: plot.right + 16, y: y + 4 }),
  ].join("");
}

function axisOf(plot: Layout, bottom: number, { spec, theme }: Omit<Drawing, "plot">): string {
  const { left, right, top, x } = plot;
  const label = { fill: theme.muted, "text-anchor": "middle" };
  const marks = ticks(x.range, Math.max(2, Math.round((right - left) / 70))).flatMap((value) => [
    element("line", { x1: x.at(value), x2: x.at(value), y1: top, y2: bottom, stroke: theme.grid }),
    textElement(spec.format === "percent" ? `${tickText(Number((100 * value).toPrecision(6)))} %` : tickText(value), {
      x: x.at(value),
      y: bottom + 18,
      ...label,
    }),
  ]);
  const { reference } = spec;
  const dashed = { stroke: theme.foreground, "stroke-dasharray": "4 3" };
  const at = reference === undefined ? NaN : x.at(reference);
  return [
    ...marks,
    element("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: theme.muted }),
    ...(reference === undefined ? [] : [element("line", { x1: at, x2: at, y1: top, y2: bottom, ...dashed })]),
    textElement(axisText(spec.x), { x: (left + right) / 2, y: bottom + 38, ...label }),
  ].join("");
}

/** "58.0 % (56.2 to 59.7), n = 1,024". */
function valueText({ value, low, high, n, note }: ForestRow, { format }: ForestFigureSpec): string {
  if (![value, low, high].every(Number.isFinite)) return `no estimate, n = ${tickText(n)}`;
  const say = (one: number): string => (format === "percent" ? (100 * one).toFixed(1) : one.toPrecision(3));
  const unit = format === "percent" ? " %" : "";
  const estimate = `${say(value)}${unit} (${say(low)} to ${say(high)}), n = ${tickText(n)}`;
  return note === undefined ? estimate : `${estimate}, ${note}`;
}

function captionOf({ caption, interval, reference, format }: ForestFigureSpec): string {
  const place =
    format === "percent" && reference !== undefined ? `${tickText(100 * reference)} %` : tickText(reference ?? 0);
  return [
    caption ?? "",
    `Bars: ${interval}; n: comparisons.`,
    reference === undefined ? "" : `Hollow marks cannot be told from ${place}: their interval holds it.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function description(spec: ForestFigureSpec): string {
  const told = spec.groups.flatMap(({ name, rows }) =>
    rows.map((row) => `${name}, ${row.label}: ${valueText(row, spec)}.`),
  );
  return [`${axisText(spec.x)}.`, ...told].join(" ");
}
