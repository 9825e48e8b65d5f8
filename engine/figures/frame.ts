import { markPath } from "./looks.ts";
import { element, escaped, textElement, widthOf, wrapped } from "./svg.ts";
import type { FigureTheme } from "./theme.ts";

/** Sizes common to all figures, in pixels. */
export const SIZES = { margin: 16, title: 16, text: 12, caption: 11, lineHeight: 16 } as const;

/** An axis of a figure. */
export interface Axis {
  readonly label: string;
  /** "nats per sequence"; left out, or empty, for pure numbers. */
  readonly unit?: string;
}

/** Text at an axis: "KL to reference (nats per sequence)". */
export function axisText({ label, unit = "" }: Axis): string {
  return unit === "" || unit.toLowerCase() === label.toLowerCase() ? label : `${label} (${unit})`;
}

/** A figure without its frame. */
export interface Content {
  readonly title: string;
  /** Alternative text, for readers who do not see the figure. */
  readonly description: string;
  /** Below the figure; broken into lines. */
  readonly caption: string;
  readonly theme: FigureTheme;
  readonly width: number;
  /** Without the caption. */
  readonly height: number;
  readonly body: readonly string[];
  /** Further attributes of the whole. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A whole SVG file: ground, title, body and caption. It has no ids and no styles, so that many fit on one page. */
export function framed({ title, description, caption, theme, width, height, body, data = {} }: Content): string {
  const lines = wrapped(caption, width - 2 * SIZES.margin, SIZES.caption);
  const total = height + (lines.length === 0 ? 0 : lines.length * SIZES.lineHeight + SIZES.margin / 2);
  const captions = lines.map((line, at) =>
    textElement(line, {
      x: SIZES.margin,
      y: height + SIZES.caption + at * SIZES.lineHeight,
      "font-size": SIZES.caption,
      fill: theme.muted,
    }),
  );
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${total}`,
      width,
      height: total,
      role: "img",
      "font-family": "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
      "font-size": SIZES.text,
      fill: theme.foreground,
      ...data,
    },
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description)}</desc>`,
    element("rect", { width, height: total, fill: theme.background, rx: 6 }),
    textElement(title, { x: SIZES.margin, y: 28, "font-size": SIZES.title, "font-weight": 600 }),
    ...body,
    ...captions,
  )}\n`;
}

/** A name in the legend, with the mark that stands for it. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly dash: string | undefined;
  /** Shape of its marks; left out where it has none. */
  readonly shape?: number | undefined;
}

/** Names in rows from `top` on, and how high those are. */
export function legend(
  entries: readonly LegendEntry[],
  width: number,
  top: number,
): { readonly svg: string; readonly height: number } {
  const MARK = 22;
  let x: number = SIZES.margin;
  let y = top;
  const items = entries.map(({ name, color, dash, shape }) => {
    const wide = MARK + 6 + widthOf(name, SIZES.text) + 14;
    if (x > SIZES.margin && x + wide > width - SIZES.margin) [x, y] = [SIZES.margin, y + SIZES.lineHeight + 2];
    const stroke = { stroke: color, "stroke-width": 2.5, "stroke-dasharray": dash };
    const item =
      element("line", { x1: x, x2: x + MARK, y1: y - 4, y2: y - 4, ...stroke }) +
      (shape === undefined ? "" : element("path", { d: markPath(shape, x + MARK / 2, y - 4, 4), fill: color })) +
      textElement(name, { x: x + MARK + 6, y });
    x += wide;
    return item;
  });
  return { svg: items.join(""), height: y - top + SIZES.lineHeight + 2 };
}
