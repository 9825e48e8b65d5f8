import type { Range } from "./points.ts";

/** Numbers of an axis as pixels. */
export interface Scale {
  /** Values that the axis covers. */
  readonly range: Range;
  readonly at: (value: number) => number;
}

/** Ends of an axis, in pixels. */
export interface Pixels {
  readonly from: number;
  readonly to: number;
}

/** An axis with room at both ends, a share of its span. */
export function linearScale({ min, max }: Range, pixels: Pixels, room = 0.04): Scale {
  const span = max - min;
  // A level curve runs through the middle.
  const pad = span > 0 ? span * room : Math.max(Math.abs(min) * 0.1, 0.5);
  return mapped({ min: min - pad, max: max + pad }, pixels, (value) => value);
}

/** Smaller numbers are 0 to a logarithmic scale, whose ends must differ by a factor. */
export const SMALLEST = 1e-300;

/** An axis of equal factors. */
export function logScale(range: Range, pixels: Pixels): Scale {
  const { min, max } = range;
  if (!(min > 0)) return linearScale(range, pixels);
  // By logarithms, since the quotient of the ends may be more than a double holds.
  const factor = max > min ? Math.exp(0.04 * (Math.log(max) - Math.log(min))) : 2;
  return mapped({ min: min / factor, max: max * factor }, pixels, Math.log);
}

function mapped(range: Range, { from, to }: Pixels, of: (value: number) => number): Scale {
  const [start, end] = [of(range.min), of(range.max)];
  return { range, at: (value) => from + ((of(value) - start) / (end - start)) * (to - from) };
}
