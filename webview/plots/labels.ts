import type { Look } from "./looks.ts";

/** Pixels of the page beside the plot that names take. */
export const LABEL_ROOM = 150;
/** A narrower plot has no room for names, and more lines have no place below each other. */
export const LEAST_WIDTH = 480;
export const MOST_LABELS = 40;

/** Pixels of the page from one name to the next. */
const LINE = 13;
/** Length of the piece of line before a name. */
const SAMPLE = 14;

/** Where names go. */
export interface LabelFrame {
  /** Right end of the plot, and its top and bottom, in pixels of the canvas. */
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Pixels of the canvas a pixel of the page. */
  readonly ratio: number;
  readonly font: string;
  readonly color: string;
}

/** A line with the height at which it ends, in pixels of the canvas. */
export interface LineEnd {
  readonly title: string;
  readonly look: Look;
  readonly y: number;
}

/**
 * Heights of names, each as near to its line's end as the others leave room: in the order of the ends, `gap` apart at
 * least, and between top and bottom if they all fit there.
 */
export function spread(
  heights: readonly number[],
  { top, bottom, gap }: { readonly top: number; readonly bottom: number; readonly gap: number },
): readonly number[] {
  const order = heights.map((_, at) => at).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  const placed = [...heights];
  let least = top;
  for (const at of order) least = (placed[at] = Math.max(least, heights[at] ?? 0)) + gap;
  let most = bottom;
  for (const at of order.toReversed()) {
    placed[at] = Math.min(most, placed[at] ?? 0);
    most = placed[at] - gap;
  }
  return placed;
}

/** Writes the name of each line beside its end: with many lines, a legend far away is no help. */
export function drawLabels(context: CanvasRenderingContext2D, ends: readonly LineEnd[], frame: LabelFrame): void {
  const { right, top, bottom, ratio, font, color } = frame;
  const heights = spread(
    ends.map(({ y }) => y),
    { top: top + 6 * ratio, bottom: bottom - 4 * ratio, gap: LINE * ratio },
  );
  context.save();
  context.font = font;
  context.textBaseline = "middle";
  context.textAlign = "left"; // the axes leave it at the right
  const room = (LABEL_ROOM - SAMPLE - 12) * ratio;
  for (const [at, { title, look }] of ends.entries()) {
    const [left, y] = [right + 4 * ratio, heights[at] ?? 0];
    context.beginPath();
    context.strokeStyle = look.color;
    context.lineWidth = 2 * ratio;
    context.setLineDash(look.dash.map((length) => length * ratio));
    context.moveTo(left, y);
    context.lineTo(left + SAMPLE * ratio, y);
    context.stroke();
    context.fillStyle = color;
    context.fillText(cut(context, title, room), left + (SAMPLE + 4) * ratio, y);
  }
  context.restore();
}

/** A text that is no wider than that, with an ellipsis where it was. */
function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}
