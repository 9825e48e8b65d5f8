import type { Point } from "./glyphs.ts";

/** How a shape is painted. */
export interface Paint {
  /** "#005de5" */
  readonly color: string;
  /** 0 to 1. */
  readonly opacity: number;
}

/** Sub-rows of a row, to smooth the edges of areas. */
const SUB_ROWS = 4;

/** Pixels that shapes are painted on, with smooth edges. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: Uint8Array;

  /** All pixels have the colour of the ground at first. */
  constructor(width: number, height: number, ground: string) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
    const rgb = channels(ground);
    for (let at = 0; at < this.pixels.length; at++) this.pixels[at] = rgb[at % 3] ?? 0;
  }

  /** Paints lines with round ends; where they overlap they count once. @param thick - In pixels. */
  stroke(lines: readonly (readonly Point[])[], thick: number, paint: Paint): void {
    const reach = thick / 2 + 0.5;
    const all = lines.flat();
    const mask = this.mask(all, reach);
    for (const line of lines) {
      for (const [from, to] of segments(line)) {
        const away = distanceTo(from, to);
        mask.cover([from, to], reach, (x, y) => reach - away(x, y));
      }
    }
    this.paint(mask, paint);
  }

  /** Paints a disc. */
  disc(center: Point, radius: number, paint: Paint): void {
    const reach = radius + 0.5;
    const mask = this.mask([center], reach);
    mask.cover([center], reach, (x, y) => reach - Math.hypot(x - center[0], y - center[1]));
    this.paint(mask, paint);
  }

  /** Paints a ring. @param thick - In pixels. */
  ring(center: Point, radius: number, thick: number, paint: Paint): void {
    const reach = radius + thick / 2 + 0.5;
    const mask = this.mask([center], reach);
    const away = (x: number, y: number): number => Math.abs(Math.hypot(x - center[0], y - center[1]) - radius);
    mask.cover([center], reach, (x, y) => thick / 2 + 0.5 - away(x, y));
    this.paint(mask, paint);
  }

  /** Paints the area within a polygon, by the even-odd rule. */
  area(corners: readonly Point[], paint: Paint): void {
    const mask = this.mask(corners, 1);
    const edges = segments([...corners, ...corners.slice(0, 1)]);
    for (let row = 0; row < mask.rows; row++) {
      for (let part = 0; part < SUB_ROWS; part++) {
        const y = mask.top + row + (part + 0.5) / SUB_ROWS;
        const cuts = crossings(edges, y);
        for (let at = 0; at + 1 < cuts.length; at += 2) mask.span(row, cuts[at] ?? 0, cuts[at + 1] ?? 0);
      }
    }
    this.paint(mask, paint);
  }

  /** A mask around some points, cut to the canvas. */
  private mask(points: readonly Point[], reach: number): Mask {
    let [left, right, top, bottom] = [this.width, 0, this.height, 0];
    for (const [x, y] of points) {
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    left = Math.max(0, Math.floor(left - reach));
    top = Math.max(0, Math.floor(top - reach));
    const columns = Math.max(0, Math.min(this.width, Math.ceil(right + reach)) - left);
    const rows = Math.max(0, Math.min(this.height, Math.ceil(bottom + reach)) - top);
    return new Mask({ left, top, columns, rows });
  }

  private paint({ left, top, columns, rows, share }: Mask, { color, opacity }: Paint): void {
    const rgb = channels(color);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const weight = Math.min(1, share[row * columns + column] ?? 0) * opacity;
        if (weight === 0) continue;
        const at = ((top + row) * this.width + left + column) * 3;
        for (let channel = 0; channel < 3; channel++) {
          const under = this.pixels[at + channel] ?? 0;
          this.pixels[at + channel] = Math.round(under + ((rgb[channel] ?? 0) - under) * weight);
        }
      }
    }
  }
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** The share of each pixel of a box that a shape covers. */
class Mask implements Box {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly share: Float32Array;

  constructor({ left, top, columns, rows }: Box) {
    [this.left, this.top, this.columns, this.rows] = [left, top, columns, rows];
    this.share = new Float32Array(columns * rows);
  }

  /** Raises shares near some points to those that a function has for the middles of pixels. */
  cover(points: readonly Point[], reach: number, shareAt: (x: number, y: number) => number): void {
    const xs = points.map(([x]) => x - this.left);
    const ys = points.map(([, y]) => y - this.top);
    const [from, to] = [Math.max(0, Math.floor(Math.min(...xs) - reach)), Math.ceil(Math.max(...xs) + reach)];
    const [first, last] = [Math.max(0, Math.floor(Math.min(...ys) - reach)), Math.ceil(Math.max(...ys) + reach)];
    for (let row = first; row < Math.min(last, this.rows); row++) {
      for (let column = from; column < Math.min(to, this.columns); column++) {
        const share = shareAt(this.left + column + 0.5, this.top + row + 0.5);
        const at = row * this.columns + column;
        if (share > (this.share[at] ?? 0)) this.share[at] = Math.min(1, share);
      }
    }
  }

  /** Adds a stretch of a sub-row. */
  span(row: number, start: number, end: number): void {
    const from = Math.max(start - this.left, 0);
    const to = Math.min(end - this.left, this.columns);
    const base = row * this.columns;
    for (let column = Math.floor(from); column < to; column++) {
      const part = Math.min(to, column + 1) - Math.max(from, column);
      this.share[base + column] = (this.share[base + column] ?? 0) + part / SUB_ROWS;
    }
  }
}

function crossings(edges: ReturnType<typeof segments>, y: number): number[] {
  const cuts: number[] = [];
  for (const [[x1, y1], [x2, y2]] of edges) {
    if (y1 <= y !== y2 <= y) cuts.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  }
  return cuts.sort((a, b) => a - b);
}

/** The two ends of each stretch of a line. */
export function segments(line: readonly Point[]): (readonly [from: Point, to: Point])[] {
  return line.slice(1).map((to, at) => [line[at] ?? to, to] as const);
}

function channels(color: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

/** The distance of points from a segment. */
function distanceTo([x1, y1]: Point, [x2, y2]: Point): (x: number, y: number) => number {
  const dx = x2 - x1;
  const dy = y2 - y1;
  const length = dx * dx + dy * dy;
  return (x, y) => {
    const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length));
    const ax = x - x1 - along * dx;
    const ay = y - y1 - along * dy;
    return Math.sqrt(ax * ax + ay * ay);
  };
}
